#include "gpu/host/image_norm.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "algorithms/vocabulary.hpp"
#include "gpu/host/image_kernels.hpp"
#include "gpu/host/kernels.hpp"

namespace murm::host {
namespace {

constexpr double kVarianceFloor = 1e-5;

void add(const std::vector<float>& partial, std::vector<double>& sums, std::size_t channels) {
  for (std::size_t c = 0; c < channels; ++c) sums[c] += static_cast<double>(partial[c]);
}

/// The sum over the channels of one set, which begin at `first`.
double total(const std::vector<double>& sums, std::size_t first, std::size_t width) {
  double sum = 0;
  for (std::size_t c = first; c < first + width; ++c) sum += sums[c];
  return sum;
}

}  // namespace

void ImageNorm::Rows::widen(std::size_t channels) {
  if (partial.size() >= channels) return;
  for (auto* row : {&partial, &projected, &mean, &inverse, &factor, &slope, &level})
    row->resize(channels);
  sums.resize(channels);
  projections.resize(channels);
}

ImageNorm::Section ImageNorm::section_of(const NormShape& shape) {
  if (shape.groups == 0) return {shape.n, 1};
  MURM_ASSERT(shape.channels % shape.groups == 0, std::to_string(shape.groups));
  return {1, shape.channels / shape.groups};
}

/// Fills mean and inverse by channel, and the statistics of the section.
void ImageNorm::forward_section(const NormShape& shape, const float* x, float* statistics) {
  const auto [pictures, width] = section_of(shape);
  const std::size_t channels = shape.channels;
  const std::size_t picture = shape.positions * channels;
  const auto count = static_cast<double>(pictures * shape.positions * width);
  std::fill_n(rows_.sums.begin(), channels, 0.0);
  for (std::size_t i = 0; i < pictures; ++i) {
    column_sums(shape.positions, channels, x + i * picture, rows_.partial.data());
    add(rows_.partial, rows_.sums, channels);
  }
  for (std::size_t c = 0; c < channels; c += width) {
    const auto mean = static_cast<float>(total(rows_.sums, c, width) / count);
    std::fill_n(rows_.mean.begin() + static_cast<std::ptrdiff_t>(c), width, mean);
  }
  std::fill_n(rows_.sums.begin(), channels, 0.0);
  for (std::size_t i = 0; i < pictures; ++i) {
    square_sums(shape.positions, channels, x + i * picture, rows_.mean.data(),
                rows_.partial.data());
    add(rows_.partial, rows_.sums, channels);
  }
  for (std::size_t c = 0; c < channels; c += width) {
    const double variance = total(rows_.sums, c, width) / count;
    const auto inverse = static_cast<float>(1.0 / std::sqrt(variance + kVarianceFloor));
    std::fill_n(rows_.inverse.begin() + static_cast<std::ptrdiff_t>(c), width, inverse);
    statistics[c / width * 2] = rows_.mean[c];
    statistics[c / width * 2 + 1] = inverse;
  }
}

void ImageNorm::read_statistics(const NormShape& shape, const float* statistics) {
  const std::size_t width = section_of(shape).width;
  for (std::size_t c = 0; c < shape.channels; ++c) {
    rows_.mean[c] = statistics[c / width * 2];
    rows_.inverse[c] = statistics[c / width * 2 + 1];
  }
}

void ImageNorm::forward(const NormShape& shape, const float* x, const float* scale,
                        const float* shift, const float* residual, bool relu, float* y,
                        float* statistics) {
  rows_.widen(shape.channels);
  const Section section = section_of(shape);
  const std::size_t picture = shape.positions * shape.channels;
  const std::size_t sets = shape.channels / section.width;
  for (std::size_t p = 0; p < shape.n; p += section.pictures) {
    forward_section(shape, x + p * picture, statistics + p / section.pictures * sets * 2);
    for (std::size_t c = 0; c < shape.channels; ++c) rows_.factor[c] = rows_.inverse[c] * scale[c];
    normalise(section.pictures * shape.positions, shape.channels,
              {rows_.mean.data(), rows_.factor.data(), shift, relu}, x + p * picture,
              residual == nullptr ? nullptr : residual + p * picture, y + p * picture);
  }
}

/// Adds to dscale and dshift, and fills what the derivative by x is made of.
void ImageNorm::gradient_section(const NormShape& shape, const float* x, const float* scale,
                                 const float* y, float* dy, float* dscale, float* dshift) {
  const auto [pictures, width] = section_of(shape);
  const std::size_t channels = shape.channels;
  const std::size_t picture = shape.positions * channels;
  const auto count = static_cast<double>(pictures * shape.positions * width);
  std::fill_n(rows_.sums.begin(), channels, 0.0);
  std::fill_n(rows_.projections.begin(), channels, 0.0);
  for (std::size_t i = 0; i < pictures; ++i) {
    gradient_sums(shape.positions, channels, x + i * picture, rows_.mean.data(),
                  y == nullptr ? nullptr : y + i * picture, dy + i * picture, rows_.partial.data(),
                  rows_.projected.data());
    add(rows_.partial, rows_.sums, channels);
    add(rows_.projected, rows_.projections, channels);
  }
  for (std::size_t c = 0; c < channels; ++c) {
    dshift[c] += static_cast<float>(rows_.sums[c]);
    dscale[c] += static_cast<float>(rows_.projections[c] * static_cast<double>(rows_.inverse[c]));
    rows_.sums[c] *= static_cast<double>(scale[c]);
    rows_.projections[c] *= static_cast<double>(scale[c]);
    rows_.factor[c] = rows_.inverse[c] * scale[c];
  }
  for (std::size_t c = 0; c < channels; ++c) {
    const std::size_t first = c / width * width;
    const auto inverse = static_cast<double>(rows_.inverse[c]);
    rows_.level[c] = static_cast<float>(inverse * total(rows_.sums, first, width) / count);
    rows_.slope[c] = static_cast<float>(inverse * inverse * inverse *
                                        total(rows_.projections, first, width) / count);
  }
}

void ImageNorm::gradient(const NormShape& shape, const float* x, const float* scale,
                         const float* statistics, const float* y, float* dy, float* dx,
                         float* dscale, float* dshift) {
  rows_.widen(shape.channels);
  const Section section = section_of(shape);
  const std::size_t picture = shape.positions * shape.channels;
  const std::size_t sets = shape.channels / section.width;
  for (std::size_t p = 0; p < shape.n; p += section.pictures) {
    read_statistics(shape, statistics + p / section.pictures * sets * 2);
    gradient_section(shape, x + p * picture, scale, y == nullptr ? nullptr : y + p * picture,
                     dy + p * picture, dscale, dshift);
    norm_gradient(section.pictures * shape.positions, shape.channels,
                  {rows_.mean.data(), rows_.factor.data(), rows_.slope.data(), rows_.level.data()},
                  x + p * picture, dy + p * picture, dx + p * picture);
  }
}

}  // namespace murm::host
