// Rows of numbers that belong to warps: which row a warp has, and which of its numbers a lane has.
// Room: gpu/cuda. For .cu files alone.
// Caller: the kernels of this room whose rows are the work of a warp or a block.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>

#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/reduce.hpp"

namespace murm::cuda {

/// Of a block of kThreads threads.
constexpr unsigned kWarps = kThreads / kWarp;

/// Blocks that have a warp for each row.
inline dim3 blocks_of_warps(std::size_t rows) {
  return dim3(static_cast<unsigned>(divide_up(rows, kWarps)));
}
/// The row of this warp in such a grid; the last block may have warps without one.
__device__ inline std::size_t row_of_warp() {
  return std::size_t{blockIdx.x} * kWarps + threadIdx.x / kWarp;
}
__device__ inline unsigned lane() { return threadIdx.x % kWarp; }

/// visit(place of the first number) for what this lane has of a row, kWidth neighbours at a time.
template <unsigned kWidth, class Visitor>
__device__ void for_each_of_lane(std::size_t width, Visitor visit) {
  for (std::size_t c = lane() * kWidth; c < width; c += kWarp * kWidth) visit(c);
}

}  // namespace murm::cuda
