// Memory that only grows: after the largest use nothing is allocated any more.
// Room: gpu/host. Knows bytes; not what they mean.
// Caller: gpu/host: convolutions, products.
#pragma once
#include <cstddef>
#include <memory>

#include "gpu/host/buffer_pool.hpp"

namespace murm::host {

/// Thread: one at a time. Contents are lost where it grows.
class Scratch {
 public:
  /// Room for `count` numbers, 64-byte aligned.
  float* numbers(std::size_t count) {
    if (buffer_ == nullptr || buffer_->capacity() < count)
      buffer_ = std::make_unique<HostBuffer>(count);
    return buffer_->runs()[0].data;
  }
  void* bytes(std::size_t count) { return numbers(count / sizeof(float) + 1); }

 private:
  std::unique_ptr<HostBuffer> buffer_;
};

}  // namespace murm::host
