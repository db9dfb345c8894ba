// One piece of device memory that a model plans ahead and cuts its workspace from.
// Room: models. Knows lengths; not what lies where.
// Caller: models with many buffers (gpt, lenet, resnet).
#pragma once
#include <cstddef>
#include <cstdint>

#include "algorithms/tensor.hpp"
#include "gpu/device.hpp"

namespace murm {

/// Two passes over the same code: the first only counts, the second hands out addresses.
///   Arena arena;  plan(arena);  arena.allocate(device);  plan(arena);
/// Thread: one at a time.
class Arena {
 public:
  /// `count` numbers at an address that fits any vector unit; null while counting.
  float* take(std::size_t count) {
    const std::size_t begin = used_;
    used_ += (count + kAlignment - 1) / kAlignment * kAlignment;
    return memory_.empty() ? nullptr : base_ + begin;
  }
  void allocate(Device& device) {
    memory_ = device.allocate(used_);
    base_ = device.address(memory_);
    used_ = 0;
  }
  std::uint64_t bytes() const { return std::uint64_t{memory_.length()} * sizeof(float); }

 private:
  static constexpr std::size_t kAlignment = 16;  // numbers
  std::size_t used_ = 0;
  Tensor memory_;
  float* base_ = nullptr;
};

}  // namespace murm
