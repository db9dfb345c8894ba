// What becomes of an error of CUDA or cuBLAS: an exception that names the place, the call and what to do.
// Room: gpu/cuda. Knows statuses; not what the call was for.
// Caller: everything in gpu/cuda, for every call. actors/device_actor turns the exception into a lost worker.
#pragma once
#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include <source_location>
#include <stdexcept>

namespace murm::cuda {

/// A device that cannot go on: out of memory, lost, or asked for what it does not have.
class DeviceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws DeviceError unless the call succeeded: file, line, call, CUDA's words, and a hint.
void check(cudaError_t status, const char* call,
           std::source_location where = std::source_location::current());
void check(cublasStatus_t status, const char* call,
           std::source_location where = std::source_location::current());

}  // namespace murm::cuda
