#include <cstdio>

#include "tests/fake_cuda/cuda_runtime.h"
#include "tests/fake_cuda/stream.hpp"

namespace murm::fake_cuda {
namespace {

constexpr std::size_t kThreadsMost = 1024;
constexpr unsigned kThreadsMostZ = 64;
constexpr unsigned kBlocksMostX = 0x7FFFFFFF;
constexpr unsigned kBlocksMostYZ = 65535;

bool fits(const cudaLaunchConfig_t& c) {
  const dim3 g = c.gridDim;
  const dim3 b = c.blockDim;
  const std::size_t threads = std::size_t{b.x} * b.y * b.z;
  const bool some = g.x > 0 && g.y > 0 && g.z > 0 && threads > 0;
  return some && g.x <= kBlocksMostX && g.y <= kBlocksMostYZ && g.z <= kBlocksMostYZ &&
         threads <= kThreadsMost && b.z <= kThreadsMostZ && c.dynamicSmemBytes == 0;
}

void execute(const cudaLaunchConfig_t& configuration, const std::function<void()>& thread) {
  static thread_local unsigned turn = 0;
  run_grid(configuration.gridDim, configuration.blockDim, turn++, thread);
  count(&Counters::kernels);
}

}  // namespace

cudaError_t launch(const cudaLaunchConfig_t& configuration, std::function<void()> thread,
                   std::span<const void* const> addresses) {
  return call("cudaLaunchKernelEx", [&] {
    CUstream_st* const found = find_stream(configuration.stream);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    if (found->device != current_device()) return cudaErrorInvalidResourceHandle;
    if (!fits(configuration)) return cudaErrorInvalidConfiguration;
    for (const void* address : addresses) {
      Allocation allocation;
      if (address == nullptr || find_allocation(address, allocation)) continue;
      std::fprintf(stderr, "fake CUDA: a kernel is given memory that the device cannot reach\n");
      return cudaErrorIllegalAddress;
    }
    found->push([configuration, thread] { execute(configuration, thread); });
    return cudaSuccess;
  });
}

}  // namespace murm::fake_cuda
