// How kernels are started: one call, checked, on a stream; and the loop over numbers that most of them are.
// Room: gpu/cuda. Knows grids; no tensor, no meaning of a number. For .cu files alone.
// Caller: the kernels of this room.
#pragma once
#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>

#include "gpu/cuda/check.hpp"

namespace murm::cuda {

/// Threads of a block in kernels that have no reason for another number.
constexpr unsigned kThreads = 256;
/// Blocks of a kernel that strides over its work: enough for any device, few enough to start fast.
constexpr std::size_t kMostBlocks = 4096;

constexpr std::size_t divide_up(std::size_t n, std::size_t by) { return (n + by - 1) / by; }

/// Starts kernel(arguments...) on `stream`. Requires: at least one block. No dynamic shared memory.
template <class... Parameters, class... Arguments>
void launch(cudaStream_t stream, dim3 blocks, dim3 threads, void (*kernel)(Parameters...),
            const Arguments&... arguments) {
  cudaLaunchConfig_t configuration{};
  configuration.gridDim = blocks;
  configuration.blockDim = threads;
  configuration.stream = stream;
  check(cudaLaunchKernelEx(&configuration, kernel, static_cast<Parameters>(arguments)...),
        "cudaLaunchKernelEx");
}

template <class Body>
__global__ void elements_kernel(std::size_t n, Body body) {
  const std::size_t stride = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n; i += stride) {
    body(i);
  }
}

/// body(i) for every i below n, in no order: for bodies that touch place i alone.
template <class Body>
void for_each_element(cudaStream_t stream, std::size_t n, Body body) {
  if (n == 0) return;
  const auto blocks = static_cast<unsigned>(std::min(divide_up(n, kThreads), kMostBlocks));
  launch(stream, dim3(blocks), dim3(kThreads), elements_kernel<Body>, n, body);
}

}  // namespace murm::cuda
