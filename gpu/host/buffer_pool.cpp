#include "gpu/host/buffer_pool.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

namespace murm {
namespace {

constexpr std::size_t cache_line_bytes = 64;
constexpr std::size_t huge_page_bytes = std::size_t{2} << 20U;

std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

float* aligned_memory(std::size_t elements) {
  const std::size_t wanted = elements * sizeof(float);
  const bool large = wanted >= huge_page_bytes;
  const std::size_t alignment = large ? huge_page_bytes : cache_line_bytes;
  const std::size_t bytes = round_up(wanted, alignment);
  void* memory = std::aligned_alloc(alignment, bytes);
  if (memory == nullptr) throw std::bad_alloc();
  // Advice only: without huge pages everything works, slower by the page faults of first use.
  if (large) (void)madvise(memory, bytes, MADV_HUGEPAGE);
  return static_cast<float*>(memory);
}

/// A much larger buffer stays free for the much larger tensor that will ask next.
bool fits(std::size_t capacity, std::size_t length) {
  return capacity >= length && capacity / 2 <= length;
}

}  // namespace

void HostBuffer::Free::operator()(float* memory) const { std::free(memory); }

HostBuffer::HostBuffer(std::size_t capacity) {
  const std::size_t rounded = round_up(std::max<std::size_t>(capacity, 1),
                                       cache_line_bytes / sizeof(float));
  memory_.reset(aligned_memory(rounded));
  run_ = {memory_.get(), rounded};
}

Tensor BufferPool::take(std::size_t length) {
  std::shared_ptr<HostBuffer>* best = nullptr;
  const std::size_t rounded = round_up(std::max<std::size_t>(length, 1),
                                       cache_line_bytes / sizeof(float));
  for (std::shared_ptr<HostBuffer>& buffer : buffers_) {
    if (!fits(buffer->capacity(), rounded) || buffer.use_count() != 1) continue;
    if (best == nullptr || buffer->capacity() < (*best)->capacity()) best = &buffer;
  }
  if (best == nullptr) best = &buffers_.emplace_back(std::make_shared<HostBuffer>(rounded));
    // Whoever dropped the last handle may be another thread: its accesses come before ours. The thread
    // sanitizer does not know fences; it sees the counter that the copy below increments.
#ifndef __SANITIZE_THREAD__
  std::atomic_thread_fence(std::memory_order_acquire);
#endif
  return Tensor(*best, 0, length);
}

}  // namespace murm
