// Element-wise work on several arrays at once: 16 bytes at a time where their addresses allow it, numbers singly elsewhere.
// Room: gpu/cuda. Knows addresses; not what a number means. For .cu files alone.
// Caller: gpu/cuda/algebra, gpu/cuda/optimizers, gpu/cuda/block_optimizers.
#pragma once
#include <cstdint>

#include "gpu/cuda/launch.hpp"

namespace murm::cuda {

/// What a body does with its number of an array. Arrays do not overlap.
struct Read {
  const float* data;
};
struct Updated {
  float* data;
};
struct Written {
  float* data;
};

/// Arrays from another place on.
template <class Array>
__device__ Array behind(Array array, std::size_t offset) {
  return {array.data + offset};
}

/// `Number`: float, or float4 for four numbers in a row.
template <class Number, class Array>
__device__ Number load(const Array& array, std::size_t i) {
  return *reinterpret_cast<const Number*>(array.data + i);
}
template <class Number>
__device__ Number load(const Written&, std::size_t) {
  return {};
}
template <class Number, class Array>
__device__ void store(const Array& array, std::size_t i, Number value) {
  *reinterpret_cast<Number*>(array.data + i) = value;
}
template <class Number>
__device__ void store(const Read&, std::size_t, Number) {}

template <class Body, class... Numbers>
__device__ void apply(const Body& body, Numbers&... x) {
  if constexpr ((sizeof(Numbers) + ...) == sizeof...(Numbers) * sizeof(float)) {
    body(x...);
  } else {
    body(x.x...);
    body(x.y...);
    body(x.z...);
    body(x.w...);
  }
}

template <class Number, class Body, class... Arrays>
__device__ void at_place(std::size_t i, const Body& body, const Arrays&... arrays) {
  const auto with = [&](auto... numbers) {
    apply(body, numbers...);
    (store(arrays, i, numbers), ...);
  };
  with(load<Number>(arrays, i)...);
}

/// How many numbers come before the first place where all arrays are 16-byte aligned; `n` where there is no such place.
template <class First, class... Arrays>
__device__ std::size_t before_aligned(std::size_t n, const First& first, const Arrays&... arrays) {
  const auto misplaced = [](const void* data) {
    return reinterpret_cast<std::uintptr_t>(data) / sizeof(float) % 4;
  };
  const std::size_t head = (4 - misplaced(first.data)) % 4;
  const bool together = ((misplaced(arrays.data) == misplaced(first.data)) && ...);
  return together && head < n ? head : n;
}

/// body(number of each array...) for all n places, shared by `threads` threads of which this one is `thread`. The body takes
/// numbers of Updated and Written arrays by reference.
template <class Body, class... Arrays>
__device__ void share_elements(std::size_t thread, std::size_t threads, std::size_t n,
                               const Body& body, const Arrays&... arrays) {
  const std::size_t head = before_aligned(n, arrays...);
  const std::size_t fours = (n - head) / 4;
  for (std::size_t i = thread; i < fours; i += threads) {
    at_place<float4>(head + 4 * i, body, arrays...);
  }
  for (std::size_t i = thread; i < n - 4 * fours; i += threads) {
    at_place<float>(i < head ? i : i + 4 * fours, body, arrays...);
  }
}

/// The same for bodies that add up what they see: each thread takes four numbers in a row, and which ones in which order
/// depends on n alone. Slow where the arrays do not begin 16-byte aligned.
template <class Body, class... Arrays>
__device__ void share_fours(std::size_t thread, std::size_t threads, std::size_t n,
                            const Body& body, const Arrays&... arrays) {
  const std::size_t aligned = before_aligned(n, arrays...) == 0 ? n / 4 * 4 : 0;
  for (std::size_t i = 4 * thread; i < n; i += 4 * threads) {
    if (i < aligned) {
      at_place<float4>(i, body, arrays...);
    } else {
      for (std::size_t k = i; k < i + 4 && k < n; ++k) at_place<float>(k, body, arrays...);
    }
  }
}

template <class Body, class... Arrays>
__global__ void arrays_kernel(std::size_t n, Body body, Arrays... arrays) {
  const std::size_t thread = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  share_elements(thread, std::size_t{gridDim.x} * blockDim.x, n, body, arrays...);
}

/// body(number of each array...) for each of n places. The same as share_elements, by a grid.
template <class Body, class... Arrays>
void for_each_number(cudaStream_t stream, std::size_t n, Body body, Arrays... arrays) {
  if (n == 0) return;
  const std::size_t blocks = std::min(divide_up(n, std::size_t{4} * kThreads), kMostBlocks);
  launch(stream, dim3(static_cast<unsigned>(blocks)), dim3(kThreads),
         arrays_kernel<Body, Arrays...>, n, body, arrays...);
}

}  // namespace murm::cuda
