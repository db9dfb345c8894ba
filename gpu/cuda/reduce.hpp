// Sums and maxima over the threads of a warp and a block, in one fixed order: the same numbers give the same bits.
// Room: gpu/cuda. For .cu files alone; every thread of the block must take part.
// Caller: the kernels of this room.
#pragma once
#include <cuda_runtime.h>

namespace murm::cuda {

constexpr unsigned kWarp = 32;
constexpr unsigned kWholeWarp = 0xFFFFFFFFU;

struct Sum {
  template <class T>
  __device__ static T of(T a, T b) {
    return a + b;
  }
};
struct Largest {
  template <class T>
  __device__ static T of(T a, T b) {
    return a < b ? b : a;
  }
};

/// Every lane gets the result over the warp.
template <class Operation, class T>
__device__ T over_warp(T value) {
  for (unsigned distance = kWarp / 2; distance > 0; distance /= 2) {
    value = Operation::of(value, __shfl_xor_sync(kWholeWarp, value, static_cast<int>(distance)));
  }
  return value;
}

/// Every thread gets the result over a one-dimensional block of kWarps whole warps. Waits for the block, before
/// and after: it may be called again at once.
template <class Operation, unsigned kWarps, class T>
__device__ T over_block(T value) {
  static_assert(kWarps <= kWarp);
  __shared__ T of_warps[kWarps];
  value = over_warp<Operation>(value);
  __syncthreads();
  if (threadIdx.x % kWarp == 0) of_warps[threadIdx.x / kWarp] = value;
  __syncthreads();
  T result = of_warps[0];
  for (unsigned w = 1; w < kWarps; ++w) result = Operation::of(result, of_warps[w]);
  return result;
}

}  // namespace murm::cuda
