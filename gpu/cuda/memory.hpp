// Memory on a device, memory that a device copies from and to without the processor, and a stream of work.
// Room: gpu/cuda. Knows bytes and one device; not what the numbers mean.
// Caller: gpu/cuda/cuda_device, gpu/cuda/products.
#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <span>

#include "algorithms/tensor.hpp"

namespace murm::cuda {

/// Fp32 numbers on the device that is current where it is made, 256-byte aligned. It may die on any thread.
class DeviceBuffer final : public TensorStorage {
 public:
  /// Throws DeviceError when the device's memory is full.
  explicit DeviceBuffer(std::size_t capacity);
  ~DeviceBuffer() override;
  float* data() const { return data_; }
  std::size_t capacity() const { return capacity_; }  // elements

 private:
  float* data_ = nullptr;
  std::size_t capacity_ = 0;
};

/// The processor's memory, held in place: links send it as it lies there. It may die on any thread.
class PinnedBuffer final : public HostStorage {
 public:
  /// Throws DeviceError when so much cannot be held in place.
  explicit PinnedBuffer(std::size_t capacity);
  ~PinnedBuffer() override;
  std::span<const Run> runs() const override { return {&run_, 1}; }
  std::size_t capacity() const { return run_.length; }  // elements

 private:
  Run run_;
};

/// Device memory that only grows: after the largest use nothing is allocated any more. Contents are lost where it grows.
class Scratch {
 public:
  float* numbers(std::size_t count) {
    if (buffer_ == nullptr || buffer_->capacity() < count) {
      buffer_.reset();
      buffer_ = std::make_unique<DeviceBuffer>(count);
    }
    return buffer_->data();
  }

 private:
  std::unique_ptr<DeviceBuffer> buffer_;
};

/// Work on one device, in order. Thread: one at a time, whichever.
class Stream {
 public:
  explicit Stream(int ordinal);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  int ordinal() const { return ordinal_; }
  /// For the next call of CUDA on this thread, whose device it makes this one.
  cudaStream_t use();
  /// Until all work is done. Throws DeviceError for the first that failed.
  void wait();

 private:
  int ordinal_;
  cudaStream_t stream_ = nullptr;
};

}  // namespace murm::cuda
