// A pool of buffers of one kind: memory that is asked for once and used again and again.
// Room: gpu. Knows sizes; not where the memory is, nor what the numbers mean.
// Caller: gpu/host, gpu/cuda: devices, each with its own kind of buffer.
#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "algorithms/tensor.hpp"

namespace murm {

/// `Buffer` is a TensorStorage made from a number of elements, of which capacity() tells at least as many.
/// A buffer is free when the pool holds its only handle; handles may die on any thread and outlive the pool.
/// Thread: `take` belongs to one thread at a time.   Cost: no lock; allocates only while no free buffer fits.
template <class Buffer>
class Pool {
 public:
  /// A tensor of `length` elements, contents unspecified.
  Tensor take(std::size_t length) {
    const std::size_t rounded = (std::max<std::size_t>(length, 1) + kUnit - 1) / kUnit * kUnit;
    std::shared_ptr<Buffer>* best = nullptr;
    for (std::shared_ptr<Buffer>& buffer : buffers_) {
      if (!fits(buffer->capacity(), rounded) || buffer.use_count() != 1) continue;
      if (best == nullptr || buffer->capacity() < (*best)->capacity()) best = &buffer;
    }
    if (best == nullptr) best = &buffers_.emplace_back(std::make_shared<Buffer>(rounded));
      // Whoever dropped the last handle may be another thread: its accesses come before ours. The thread
      // sanitizer does not know fences; it sees the counter that the copy below increments.
#ifndef __SANITIZE_THREAD__
    std::atomic_thread_fence(std::memory_order_acquire);
#endif
    return Tensor(*best, 0, length);
  }
  std::size_t size() const { return buffers_.size(); }  // buffers, free and in use

 private:
  static constexpr std::size_t kUnit = 16;  // elements: a cache line

  /// A much larger buffer stays free for the much larger tensor that will ask next.
  static bool fits(std::size_t capacity, std::size_t length) {
    return capacity >= length && capacity / 2 <= length;
  }

  std::vector<std::shared_ptr<Buffer>> buffers_;
};

}  // namespace murm
