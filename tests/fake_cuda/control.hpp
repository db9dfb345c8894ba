// What a test may do to the devices of the fake CUDA: how many, how large, when they fail; and what was asked of them.
// Room: tests/fake_cuda. The process has one set of devices, as with the real thing.
// Caller: tests/unit/cuda and other tests that compute on the fake device.
#pragma once
#include <chrono>
#include <cstddef>
#include <string_view>

#include "tests/fake_cuda/driver_types.h"

namespace murm::fake_cuda {

/// A program that loads the fake as its CUDA room is told by its environment instead, if at all.
constexpr const char* kMemoryVariable = "FAKE_CUDA_MEMORY_BYTES";
/// Calls that concern a device; the last of them loses the calling thread's.
constexpr const char* kLossVariable = "FAKE_CUDA_CALLS_UNTIL_LOST";

/// One healthy device of kMemoryBytes, no failures ahead, counters zero. Waits for all streams, then destroys the streams and
/// frees the memory that are left: nothing may use them afterwards. The calling thread's device is 0.
void reset();
constexpr std::size_t kMemoryBytes = std::size_t{1} << 30U;  // of each device

/// 0: every call that needs a device gives cudaErrorNoDevice.
void set_device_count(int count);
/// Of each device, over all that is allocated there.
void set_memory_bytes(std::size_t bytes);
/// From now on every call that concerns the device gives `error`, and what is queued there is not executed.
void lose_device(int device = 0, cudaError_t error = cudaErrorLaunchFailure);
/// The nth call from now (1: the next) of the function gives `error` and does nothing, once. A function of cuBLASLt then
/// gives CUBLAS_STATUS_EXECUTION_FAILED.
void fail_call(std::string_view function, std::size_t nth, cudaError_t error = cudaErrorUnknown);
/// Streams wait so long before each piece of work: what fails to wait for them then sees old numbers.
void delay_streams(std::chrono::microseconds delay);

/// Since `reset`. What streams execute (kernels, copies, bytes, products) counts when it has been executed, and again
/// at each launch of a graph.
struct Counters {
  std::size_t device_allocations = 0;  // calls that succeeded
  std::size_t host_allocations = 0;
  std::size_t live_device_allocations = 0;
  std::size_t live_device_bytes = 0;
  std::size_t live_host_allocations = 0;
  std::size_t kernels = 0;
  std::size_t products = 0;  // cublasLtMatmul
  std::size_t copies = 0;
  std::size_t bytes_to_device = 0;
  std::size_t bytes_to_host = 0;
  std::size_t bytes_on_device = 0;
  std::size_t graph_launches = 0;
};
Counters counters();
/// Calls of a function since `reset`, such as "cudaStreamSynchronize".
std::size_t calls(std::string_view function);

}  // namespace murm::fake_cuda
