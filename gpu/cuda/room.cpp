// The CUDA room as a library that is loaded when somebody asks: which NVIDIA devices there are, and lanes on them.
// Room: gpu/cuda. Knows the CUDA runtime; no job, no model.
// Caller: gpu/device_factory, through the symbol at the end.
#include <cuda_runtime_api.h>

#include "gpu/cuda/cuda_device.hpp"
#include "gpu/cuda_room.hpp"

namespace murm {
namespace {

constexpr int kOldestMajor = 8;  // compute capability

class NvidiaRoom final : public CudaRoom {
 public:
  std::string absence() override {
    int count = 0;
    switch (const cudaError_t status = cudaGetDeviceCount(&count)) {
      case cudaSuccess:
        return count > 0 ? "" : "there is no NVIDIA device";
      case cudaErrorNoDevice:
        return "there is no NVIDIA device";
      case cudaErrorInsufficientDriver:
        return "there is no NVIDIA driver, or it is older than the CUDA runtime of this program";
      default:
        return std::string("the NVIDIA driver does not answer: ") + cudaGetErrorString(status);
    }
  }

  std::vector<CudaDeviceFacts> devices() override {
    int count = 0;
    if (cudaGetDeviceCount(&count) != cudaSuccess) return {};
    std::vector<CudaDeviceFacts> all(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) all[static_cast<std::size_t>(i)] = facts(i);
    return all;
  }

  std::unique_ptr<Device> make_lane(unsigned ordinal, const CudaLaneOptions& options,
                                    std::unique_ptr<Device> processor) override {
    return std::make_unique<cuda::CudaDevice>(static_cast<int>(ordinal), options,
                                              std::move(processor));
  }

 private:
  static CudaDeviceFacts facts(int ordinal) {
    cudaDeviceProp properties{};
    const cudaError_t status = cudaGetDeviceProperties(&properties, ordinal);
    if (status != cudaSuccess) return {.unusable = cudaGetErrorString(status)};
    CudaDeviceFacts found{
        properties.name, properties.major, properties.minor, properties.totalGlobalMem, {}};
    if (found.major < kOldestMajor) found.unusable = "its compute capability is below 8.0";
    return found;
  }
};

}  // namespace
}  // namespace murm

extern "C" murm::CudaRoom* murm_cuda_room() {
  static murm::NvidiaRoom room;
  return &room;
}
