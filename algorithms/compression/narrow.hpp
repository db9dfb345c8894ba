// none, fp16, bf16, fp4: the same numbers with fewer bits.
// Room: algorithms. Element-wise bodies compile for host and CUDA alike.
// Caller: codec.cpp. Source: IEEE 754 binary16; bfloat16; E3M0 as in Streaming DiLoCo, Douillard et al. 2025.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "algorithms/compression/codec.hpp"
#include "algorithms/compression/words.hpp"

namespace murm {

/// Nearest binary16 (ties to even); beyond 65504 it saturates. Requires: finite.
MURM_HOST_DEVICE inline std::uint32_t half_of(float x) {
  constexpr std::uint32_t kLargest = 0x477FE000U;         // 65504
  constexpr std::uint32_t kSmallestNormal = 0x38800000U;  // 2^-14
  constexpr std::uint32_t kBias = 112U << 23U;            // difference of the exponents' biases
  const std::uint32_t key = magnitude_key(x);
  const std::uint32_t bounded = key < kLargest ? key : kLargest;
  const std::uint32_t normal = (bounded - kBias + 0xFFFU + ((bounded >> 13U) & 1U)) >> 13U;
  const std::uint32_t tiny = word_of(float_of(bounded) + 0.5F) - word_of(0.5F);  // rounds at 2^-24
  return (word_of(x) >> 16U & 0x8000U) | (bounded < kSmallestNormal ? tiny : normal);
}

/// Requires: the half is finite (its exponent is not 31).
MURM_HOST_DEVICE inline float float_of_half(std::uint32_t half) {
  const std::uint32_t shifted = (half & 0x7FFFU) << 13U;
  const float normal = float_of(shifted + (112U << 23U));
  const float tiny = float_of(shifted + (113U << 23U)) - 0x1p-14F;
  const float magnitude = shifted < (1U << 23U) ? tiny : normal;
  return float_of(word_of(magnitude) | (half & 0x8000U) << 16U);
}

/// Nearest bfloat16 (ties to even); beyond the largest it saturates. Requires: finite.
MURM_HOST_DEVICE inline std::uint32_t bfloat_of(float x) {
  constexpr std::uint32_t kLargest = 0x7F7F0000U;
  const std::uint32_t key = magnitude_key(x);
  const std::uint32_t bounded = key < kLargest ? key : kLargest;
  return (word_of(x) >> 16U & 0x8000U) | (bounded + 0x7FFFU + (bounded >> 16U & 1U)) >> 16U;
}

/// Sign and 3 bits of exponent: 0, or scale * 2^(code - 7) for codes 1..7, the nearest. Requires: scale >= |x| > 0.
MURM_HOST_DEVICE inline std::uint32_t e3m0_of(float x, float scale) {
  const float ratio = float_of(magnitude_key(x)) / scale;
  const std::uint32_t exponent = word_of(ratio * (4.0F / 3.0F)) >> 23U;  // 127: ratio in [.75, 1.5)
  const std::uint32_t bounded = exponent > 121U ? exponent - 120U : 1U;
  const std::uint32_t code = ratio < 0x1p-7F ? 0U : bounded;
  return code | (code > 0 ? word_of(x) >> 28U & 8U : 0U);
}

MURM_HOST_DEVICE inline float float_of_e3m0(std::uint32_t code, float scale) {
  const std::uint32_t exponent = code & 7U;
  const float magnitude = exponent == 0 ? 0.0F : float_of((120U + exponent) << 23U) * scale;
  return float_of(word_of(magnitude) | (code & 8U) << 28U);
}

std::unique_ptr<Codec> make_none(std::size_t length);
/// Each 512 numbers share a power of two that brings their largest to 2^14..2^15.
std::unique_ptr<Codec> make_fp16(std::size_t length);
std::unique_ptr<Codec> make_bf16(std::size_t length);
/// Each 128 numbers share their largest magnitude as scale. Deviation: the paper does not publish its scaling.
std::unique_ptr<Codec> make_fp4(std::size_t length);

}  // namespace murm
