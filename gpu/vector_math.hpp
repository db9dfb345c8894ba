// exp, and the normal distribution, in plain arithmetic: loops over them vectorise and every machine rounds alike.
// Room: gpu. Scalar functions for processors and devices; knows no array.
// Caller: gpu/host/kernels, gpu/host/attention, gpu/cuda.
#pragma once
#include <bit>
#include <cstdint>

#include "algorithms/host_device.hpp"

namespace murm {

/// exp(x) for x <= 0 within 2 units in the last place (Cephes expf): x = k ln 2 + r, e^r by a polynomial. NaN
/// stays NaN on processors.
MURM_HOST_DEVICE inline float exp_not_positive(float x) {
  const float clamped = x < -87.0F ? -87.0F : x;
  constexpr float round_to_integer =
      12582912.0F;  // 1.5 * 2^23: adding it leaves the integer in the low bits
  const float shifted = clamped * 1.44269504F + round_to_integer;
  const float k = shifted - round_to_integer;
  const float r = (clamped - k * 0.693359375F) - k * -2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const float e = (p * (r * r) + r) + 1.0F;
  const std::uint32_t exponent = std::bit_cast<std::uint32_t>(shifted) << 23U;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(e) + exponent);
}

/// The same on a device, whose NaN has all bits set and would not outlive the integers above.
MURM_HOST_DEVICE inline float exp_or_nan(float x) { return x == x ? exp_not_positive(x) : x; }

struct Gelu {
  float value = 0;  // x Phi(x)
  float slope = 0;  // Phi(x) + x phi(x)
};

/// With the error function, within 2e-7 (Abramowitz & Stegun 1964, 7.1.26).
MURM_HOST_DEVICE inline Gelu gelu(float x) {
  const float magnitude = x < 0.0F ? -x : x;
  const float density = exp_not_positive(-0.5F * x * x);
  const float t = 1.0F / (1.0F + 0.3275911F * 0.70710678F * magnitude);
  float p = 1.061405429F;
  p = p * t - 1.453152027F;
  p = p * t + 1.421413741F;
  p = p * t - 0.284496736F;
  p = p * t + 0.254829592F;
  const float tail = 0.5F * p * t * density;
  const float below = x < 0.0F ? tail : 1.0F - tail;
  return {x * below, below + x * (0.39894228F * density)};
}

}  // namespace murm
