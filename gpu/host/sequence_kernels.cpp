#include "gpu/host/sequence_kernels.hpp"

#include <cmath>

#include "algorithms/random.hpp"
#include "algorithms/vector_clones.hpp"

namespace murm::host {
namespace {

constexpr std::size_t lanes = 16;
constexpr float variance_floor = 1e-5F;

inline float total(const float (&sums)[lanes]) {
  float sum = 0;
  for (std::size_t l = 0; l < lanes; ++l) sum += sums[l];
  return sum;
}

}  // namespace

MURM_CLONES void layer_norm_row(std::size_t width, const float* x, const float* __restrict scale,
                                const float* __restrict shift, float* __restrict y,
                                float* statistics) {
  const std::size_t whole = width / lanes * lanes;
  float sums[lanes] = {};
  for (std::size_t j = 0; j < whole; j += lanes) {
    for (std::size_t l = 0; l < lanes; ++l) sums[l] += x[j + l];
  }
  for (std::size_t j = whole; j < width; ++j) sums[j - whole] += x[j];
  const float mean = total(sums) / static_cast<float>(width);
  float squares[lanes] = {};
  for (std::size_t j = 0; j < whole; j += lanes) {
    for (std::size_t l = 0; l < lanes; ++l) squares[l] += (x[j + l] - mean) * (x[j + l] - mean);
  }
  for (std::size_t j = whole; j < width; ++j) squares[j - whole] += (x[j] - mean) * (x[j] - mean);
  const float variance = total(squares) / static_cast<float>(width);
  const float inverse = 1.0F / std::sqrt(variance + variance_floor);
  for (std::size_t j = 0; j < width; ++j) y[j] = (x[j] - mean) * inverse * scale[j] + shift[j];
  statistics[0] = mean;
  statistics[1] = inverse;
}

MURM_CLONES void layer_norm_gradient_row(std::size_t width, const float* __restrict x,
                                         const float* __restrict scale, const float* statistics,
                                         const float* __restrict dy, float* __restrict dx,
                                         float* __restrict dscale, float* __restrict dshift) {
  const float mean = statistics[0];
  const float inverse = statistics[1];
  const std::size_t whole = width / lanes * lanes;
  float sums[lanes] = {};
  float projections[lanes] = {};
  for (std::size_t j = 0; j < whole; j += lanes) {
    for (std::size_t l = 0; l < lanes; ++l) {
      const float slope = dy[j + l] * scale[j + l];
      sums[l] += slope;
      projections[l] += slope * ((x[j + l] - mean) * inverse);
    }
  }
  for (std::size_t j = whole; j < width; ++j) {
    sums[j - whole] += dy[j] * scale[j];
    projections[j - whole] += dy[j] * scale[j] * ((x[j] - mean) * inverse);
  }
  const float mean_slope = total(sums) / static_cast<float>(width);
  const float mean_projection = total(projections) / static_cast<float>(width);
  for (std::size_t j = 0; j < width; ++j) {
    const float normal = (x[j] - mean) * inverse;
    dscale[j] += dy[j] * normal;
    dshift[j] += dy[j];
    dx[j] += inverse * (dy[j] * scale[j] - mean_slope - normal * mean_projection);
  }
}

MURM_CLONES void add(std::size_t n, const float* __restrict a, const float* __restrict b,
                     float* __restrict y) {
  for (std::size_t i = 0; i < n; ++i) y[i] = a[i] + b[i];
}

MURM_CLONES void dropout(std::size_t n, std::uint64_t seed, double probability,
                         float* __restrict x) {
  const auto bar = static_cast<std::uint64_t>(probability * 0x1p53);
  const auto scale = static_cast<float>(1.0 / (1.0 - probability));
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t drawn = spread_bits(seed + i * 0x9E3779B97F4A7C15U) >> 11U;
    x[i] = drawn < bar ? 0.0F : x[i] * scale;
  }
}

}  // namespace murm::host
