#include "gpu/host/buffer_pool.hpp"

#include <sys/mman.h>

#include <algorithm>
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

}  // namespace

void HostBuffer::Free::operator()(float* memory) const { std::free(memory); }

HostBuffer::HostBuffer(std::size_t capacity) {
  const std::size_t rounded = round_up(std::max<std::size_t>(capacity, 1),
                                       cache_line_bytes / sizeof(float));
  memory_.reset(aligned_memory(rounded));
  run_ = {memory_.get(), rounded};
}

}  // namespace murm
