// A pool of host buffers: memory that is asked for once and used again and again.
// Room: gpu/host. Knows sizes and alignment; not what the numbers mean.
// Caller: gpu/host/host_device, actors that need staging memory.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "algorithms/tensor.hpp"

namespace murm {

/// One contiguous run of fp32 numbers, 64-byte aligned; large ones are 2 MiB aligned and ask for huge pages.
class HostBuffer final : public HostStorage {
 public:
  explicit HostBuffer(std::size_t capacity);
  std::span<const Run> runs() const override { return {&run_, 1}; }
  std::size_t capacity() const { return run_.length; }  // elements

 private:
  struct Free {
    void operator()(float* memory) const;
  };
  std::unique_ptr<float[], Free> memory_;
  Run run_;
};

/// A buffer is free when the pool holds its only handle; handles may die on any thread and outlive the pool.
/// Thread: `take` belongs to one thread at a time.   Cost: no lock; allocates only while no free buffer fits.
class BufferPool {
 public:
  /// A tensor of `length` elements, contents unspecified.
  Tensor take(std::size_t length);
  std::size_t size() const { return buffers_.size(); }  // buffers, free and in use

 private:
  std::vector<std::shared_ptr<HostBuffer>> buffers_;
};

}  // namespace murm
