#include "gpu/host/sequence_kernels.hpp"

#include <cmath>

#include "algorithms/vector_clones.hpp"
#include "gpu/dropout.hpp"
#include "gpu/host/vector.hpp"

namespace murm::host {
namespace {

constexpr float variance_floor = 1e-5F;

}  // namespace

MURM_CLONES void layer_norm_row(std::size_t width, const float* x, const float* __restrict scale,
                                const float* __restrict shift, float* __restrict y,
                                float* statistics) {
  const std::size_t whole = width / vector_width * vector_width;
  Vector sums = {};
  for (std::size_t j = 0; j < whole; j += vector_width) sums += vector_at(x + j);
  for (std::size_t j = whole; j < width; ++j) sums[j - whole] += x[j];
  const float mean = total(sums) / static_cast<float>(width);
  Vector squares = {};
  for (std::size_t j = 0; j < whole; j += vector_width) {
    const Vector distance = vector_at(x + j) - mean;
    squares += distance * distance;
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
  const std::size_t whole = width / vector_width * vector_width;
  Vector sums = {};
  Vector projections = {};
  for (std::size_t j = 0; j < whole; j += vector_width) {
    const Vector slope = vector_at(dy + j) * vector_at(scale + j);
    sums += slope;
    projections += slope * ((vector_at(x + j) - mean) * inverse);
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
  const Dropout dropout(seed, probability);
  for (std::size_t i = 0; i < n; ++i) x[i] = dropout.of(i, x[i]);
}

}  // namespace murm::host
