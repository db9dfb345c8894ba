// Executes a kernel: blocks one after another, the threads of a block as fibers that wait for each other.
// Room: tests/fake_cuda. Knows threads, barriers and warps; no stream, no memory.
// Caller: tests/fake_cuda/cuda_runtime.h for launches, tests/fake_cuda/kernel.hpp for what kernels call.
#pragma once
#include <cstdint>
#include <functional>

#include "tests/fake_cuda/driver_types.h"

extern constinit thread_local uint3 threadIdx;
extern constinit thread_local uint3 blockIdx;
extern constinit thread_local dim3 blockDim;
extern constinit thread_local dim3 gridDim;

namespace murm::fake_cuda {

/// Calls `thread` once for each thread of the grid, on this OS thread. The order of blocks, and of the threads of a
/// block between two places where they wait, is forward or backward by turns, so that a missing barrier shows.
/// `turn` says which comes first. Aborts with a sentence on stderr when threads wait for ever.
void run_grid(dim3 grid, dim3 block, unsigned turn, const std::function<void()>& thread);

/// __syncthreads: waits until each thread of the block waits here or has returned.
void wait_for_block();

enum class Meeting : std::uint8_t { sync, shuffle, ballot };
/// Waits until all lanes of `mask` that have not returned have come with the same mask and meeting. Returns for a shuffle the
/// value of lane `source` (aborts where it does not take part), for a ballot the lanes whose value is not 0.
std::uint64_t meet(Meeting meeting, unsigned mask, std::uint64_t value, unsigned source);

unsigned lane_of_warp();

}  // namespace murm::fake_cuda
