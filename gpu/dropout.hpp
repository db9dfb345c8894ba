// Which numbers dropout takes away, and what becomes of the others.
// Room: gpu. A scalar function for processors and devices; knows no array.
// Caller: gpu/host/sequence_kernels, gpu/cuda/sequences.
#pragma once
#include <cstdint>

#include "algorithms/host_device.hpp"
#include "algorithms/random.hpp"

namespace murm {

/// A function of the seed and the place alone: every device drops the same numbers.
class Dropout {
 public:
  /// Requires: 0 <= probability < 1.
  Dropout(std::uint64_t seed, double probability)
      : seed_(seed),
        bar_(static_cast<std::uint64_t>(probability * 0x1p53)),
        scale_(static_cast<float>(1.0 / (1.0 - probability))) {}

  MURM_HOST_DEVICE float of(std::uint64_t place, float x) const {
    const std::uint64_t drawn = spread_bits(seed_ + place * 0x9E3779B97F4A7C15U) >> 11U;
    return drawn < bar_ ? 0.0F : x * scale_;
  }

 private:
  std::uint64_t seed_;
  std::uint64_t bar_;
  float scale_;
};

}  // namespace murm
