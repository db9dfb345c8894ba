// The same call on the processor and on a CUDA device, and how far the results are apart.
// Room: tests. Knows devices; which CUDA, real or fake, is settled where the test is linked.
// Caller: tests/unit/cuda.
#pragma once
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "gpu/cuda/cuda_device.hpp"
#include "gpu/host/host_device.hpp"

namespace murm {

using Floats = std::vector<float>;

inline Floats numbers(std::size_t count, std::size_t step) {
  Floats v(count);
  for (std::size_t i = 0; i < count; ++i)
    v[i] = static_cast<float>((i * step) % 211) / 105.5F - 1.0F;
  return v;
}

/// The largest difference, as a part of the largest expected number.
inline double distance(const Floats& found, const Floats& expected) {
  double worst = 0;
  double scale = 1e-30;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto e = static_cast<double>(expected[i]);
    const double difference = std::abs(static_cast<double>(found[i]) - e);
    worst = difference > worst || std::isnan(difference) ? difference : worst;
    scale = std::max(scale, std::abs(e));
  }
  return worst / scale;
}

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
