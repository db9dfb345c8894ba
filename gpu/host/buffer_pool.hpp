// Buffers in the processor's memory, and the pool of them.
// Room: gpu/host. Knows sizes and alignment; not what the numbers mean.
// Caller: gpu/host/host_device, actors that need staging memory.
#pragma once
#include <cstddef>
#include <memory>
#include <span>

#include "algorithms/tensor.hpp"
#include "gpu/pool.hpp"

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

using BufferPool = Pool<HostBuffer>;

}  // namespace murm
