#include "algorithms/local_update/radial_mean.hpp"

#include <cmath>

#include "algorithms/compression/words.hpp"
#include "algorithms/vector_clones.hpp"

namespace murm {

namespace {

MURM_CLONES void add(std::size_t n, double* y, double a, const float* x) {
  for (std::size_t i = 0; i < n; ++i) y[i] += a * static_cast<double>(x[i]);
}

MURM_CLONES void scaled(std::size_t n, float* y, double a, const double* x) {
  for (std::size_t i = 0; i < n; ++i) y[i] = static_cast<float>(a * x[i]);
}

}  // namespace

void RadialMean::encode_finite(std::span<const float> values, std::span<float> payload) {
  std::vector<double> direction(length_, 0.0);
  double radius = 0;
  double total = 0;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    const std::span<const float> vector = values.subspan(i * length_, length_);
    const double norm = std::sqrt(sum_of_squares(vector));
    radius += weights_[i] * norm;
    total += weights_[i];
    if (norm > 0) add(length_, direction.data(), weights_[i] / norm, vector.data());
  }
  double square = 0;
  for (const double x : direction) square += x * x;
  const double length = square > 0 ? radius / total / std::sqrt(square) : 0;
  scaled(length_, payload.data(), length, direction.data());
}

}  // namespace murm
