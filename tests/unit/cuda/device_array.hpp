// Arrays in the memory of a device, filled from and read back into vectors.
// Room: tests. Knows the CUDA runtime, real or fake.
// Caller: tests/unit/cuda.
#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>
#include <limits>
#include <vector>

#include "gpu/cuda/check.hpp"

namespace murm {

/// Exactly as many numbers as asked for, `shift` of them behind an aligned address.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(const std::vector<T>& values, std::size_t shift = 0)
      : count_(values.size()), shift_(shift) {
    cuda::check(cudaMalloc(&memory_, (count_ + shift_) * sizeof(T) + (count_ == 0 ? 1 : 0)),
                "cudaMalloc");
    cuda::check(cudaMemcpy(get(), values.data(), count_ * sizeof(T), cudaMemcpyHostToDevice),
                "cudaMemcpy");
  }
  ~DeviceArray() { cudaFree(memory_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  T* get() const { return static_cast<T*>(memory_) + shift_; }
  /// Waits for all that was queued on the default stream.
  std::vector<T> read() const {
    std::vector<T> values(count_);
    cuda::check(cudaMemcpy(values.data(), get(), count_ * sizeof(T), cudaMemcpyDeviceToHost),
                "cudaMemcpy");
    return values;
  }

 private:
  void* memory_ = nullptr;
  std::size_t count_ = 0;
  std::size_t shift_ = 0;
};

/// What a kernel must not read before it has written it.
inline std::vector<float> garbage(std::size_t count) {
  return std::vector<float>(count, std::numeric_limits<float>::quiet_NaN());
}

}  // namespace murm
