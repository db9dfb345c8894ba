#include "gpu/cuda/check.hpp"

#include <string>
#include <string_view>

namespace murm::cuda {
namespace {

constexpr std::string_view kOutOfMemory =
    "the device's memory is full: fewer lanes on it, training.micro_batch, or model.checkpointing";

/// What a user can do about it.
std::string_view hint_for(cudaError_t status) {
  switch (status) {
    case cudaErrorMemoryAllocation:
      return kOutOfMemory;
    case cudaErrorNoKernelImageForDevice:
      return "this program has machine code for compute capability 8.0 and later";
    case cudaErrorInsufficientDriver:
      return "the NVIDIA driver is older than the CUDA runtime of this program: update the driver";
    case cudaErrorNoDevice:
    case cudaErrorInvalidDevice:
      return "`murm devices` lists what is there";
    default:
      return "`murm devices` tells whether the device still answers; its driver may have to be "
             "restarted";
  }
}

[[noreturn]] void fail(std::string_view call, std::string_view words, std::string_view hint,
                       const std::source_location& where) {
  std::string_view file = where.file_name();
  if (const std::size_t room = file.rfind("gpu/cuda/"); room != std::string_view::npos) {
    file.remove_prefix(room);
  }
  throw DeviceError("[cuda] " + std::string(call) + " at " + std::string(file) + ":" +
                    std::to_string(where.line()) + ": " + std::string(words) +
                    ". HINT: " + std::string(hint));
}

}  // namespace

void check(cudaError_t status, const char* call, std::source_location where) {
  if (status == cudaSuccess) return;
  fail(call, cudaGetErrorString(status), hint_for(status), where);
}

void check(cublasStatus_t status, const char* call, std::source_location where) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  fail(call, cublasLtGetStatusString(status),
       status == CUBLAS_STATUS_ALLOC_FAILED ? kOutOfMemory : hint_for(cudaErrorUnknown), where);
}

}  // namespace murm::cuda
