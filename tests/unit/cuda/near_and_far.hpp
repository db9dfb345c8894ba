// A CUDA device to compare the processor with, and numbers placed on either.
// Room: tests. Knows devices; which CUDA, real or fake, is settled where the test is linked.
// Caller: tests/unit/cuda.
#pragma once
#include <memory>

#include "gpu/cuda/cuda_device.hpp"
#include "gpu/host/host_device.hpp"
#include "tests/unit/cuda/made_up_numbers.hpp"

namespace murm {

inline std::unique_ptr<cuda::CudaDevice> make_cuda_device(const CudaLaneOptions& options = {}) {
  return std::make_unique<cuda::CudaDevice>(0, options, std::make_unique<HostDevice>());
}

/// Numbers on a device, `shift` of them behind an aligned address.
class Placed {
 public:
  Placed(Device& device, const Floats& values, std::size_t shift = 0)
      : device_(device), count_(values.size()), shift_(shift) {
    memory_ = device.allocate(count_ + shift);
    device.upload(count_ * sizeof(float), values.data(), get());
  }
  float* get() const { return device_.address(memory_) + shift_; }
  operator float*() const { return get(); }
  Floats read() const {
    Floats values(count_);
    device_.download(count_ * sizeof(float), get(), values.data());
    return values;
  }

 private:
  Device& device_;
  std::size_t count_;
  std::size_t shift_;
  Tensor memory_;
};

}  // namespace murm
