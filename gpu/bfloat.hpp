// Rounding of fp32 numbers to bfloat16, the format of mixed-precision products.
// Room: gpu. Knows bits; unlike the wire's code it lets infinities and NaN through, so that divergence shows.
// Caller: gpu/host/kernels, gpu/cuda/algebra.
#pragma once
#include <bit>
#include <cstdint>

#include "algorithms/host_device.hpp"

namespace murm {

/// Nearest, ties to even. NaN stays NaN.
MURM_HOST_DEVICE inline std::uint16_t bfloat_or_nan(float x) {
  const auto word = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t rounded = (word + 0x7FFFU + (word >> 16U & 1U)) >> 16U;
  const bool is_nan = (word & 0x7FFFFFFFU) > 0x7F800000U;
  return static_cast<std::uint16_t>(is_nan ? (word >> 16U | 0x40U) : rounded);
}

}  // namespace murm
