#include "gpu/host/host_images.hpp"

#include <algorithm>

#include "algorithms/vocabulary.hpp"
#include "gpu/host/image_kernels.hpp"
#include "gpu/host/kernels.hpp"

namespace murm::host {
namespace {

PoolShape pool_of(const ConvShape& shape) {
  return {.n = shape.n,
          .height = shape.output_height(),
          .width = shape.output_width(),
          .channels = shape.out};
}

std::size_t output_numbers(const ConvShape& shape) {
  return shape.n * shape.output_height() * shape.output_width() * shape.out;
}

void require_fitting(const ConvShape& shape) {
  MURM_ASSERT(shape.padding < shape.kernel, std::to_string(shape.padding));
  MURM_ASSERT(shape.height + 2 * shape.padding >= shape.kernel, std::to_string(shape.height));
  MURM_ASSERT(shape.width + 2 * shape.padding >= shape.kernel, std::to_string(shape.width));
}

}  // namespace

void HostImages::conv(const ConvShape& shape, const float* x, const float* w, const float* bias,
                      float* y) {
  require_fitting(shape);
  if (Winograd::fits(shape)) return winograd_.forward(shape, x, w, bias, y, nullptr);
  direct_.forward(shape, x, w, bias, y);
}

void HostImages::conv_pool(const ConvShape& shape, const float* x, const float* w,
                           const float* bias, float* y, std::uint8_t* winners) {
  require_fitting(shape);
  MURM_ASSERT(winners != nullptr, "winners");
  if (ThinConvolution::fits(shape)) return thin_.forward(shape, x, w, bias, y, winners);
  if (Winograd::fits(shape)) return winograd_.forward(shape, x, w, bias, y, winners);
  float* whole = whole_.numbers(output_numbers(shape));
  direct_.forward(shape, x, w, bias, whole);
  max_pool(pool_of(shape), whole, y, winners);
}

void HostImages::conv_gradient(const ConvShape& shape, const float* x, const float* w,
                               const ConvGradient& gradient) {
  require_fitting(shape);
  const bool pooled = gradient.winners != nullptr;
  if (pooled && gradient.dx == nullptr && ThinConvolution::fits(shape))
    return thin_.gradient(shape, x, gradient);
  if (Winograd::fits(shape)) return winograd_.gradient(shape, x, w, gradient);
  const float* dy = gradient.dy;
  if (pooled) {
    float* whole = whole_.numbers(output_numbers(shape));
    max_pool_gradient(pool_of(shape), gradient.dy, gradient.winners, whole);
    dy = whole;
  }
  direct_.weight_gradient(shape, x, dy, gradient.dw, gradient.add);
  if (gradient.dbias != nullptr) {
    (gradient.add ? add_column_sums : column_sums)(output_numbers(shape) / shape.out, shape.out, dy,
                                                   gradient.dbias);
  }
  if (gradient.dx != nullptr) direct_.data_gradient(shape, dy, w, gradient.dx);
}

void HostImages::max_pool(const PoolShape& shape, const float* x, float* y, std::uint8_t* winners) {
  MURM_ASSERT(shape.window > 0 && shape.window <= 15, std::to_string(shape.window));
  const std::size_t from = shape.height * shape.width * shape.channels;
  const std::size_t to = shape.output_height() * shape.output_width() * shape.channels;
  for (std::size_t i = 0; i < shape.n; ++i)
    host::max_pool(shape, x + i * from, y + i * to, winners + i * to);
}

void HostImages::max_pool_gradient(const PoolShape& shape, const float* dy,
                                   const std::uint8_t* winners, float* dx) {
  const std::size_t from = shape.height * shape.width * shape.channels;
  const std::size_t to = shape.output_height() * shape.output_width() * shape.channels;
  for (std::size_t i = 0; i < shape.n; ++i)
    host::max_pool_gradient(shape, dy + i * to, winners + i * to, dx + i * from);
}

void HostImages::mean_pool(std::size_t n, std::size_t positions, std::size_t channels,
                           const float* x, float* y) {
  for (std::size_t i = 0; i < n; ++i)
    column_sums(positions, channels, x + i * positions * channels, y + i * channels);
  scale(n * channels, 1.0F / static_cast<float>(positions), y);
}

void HostImages::mean_pool_gradient(std::size_t n, std::size_t positions, std::size_t channels,
                                    const float* dy, float* dx) {
  for (std::size_t i = 0; i < n; ++i) {
    float* first = dx + i * positions * channels;
    scaled(channels, 1.0F / static_cast<float>(positions), dy + i * channels, first);
    for (std::size_t p = 1; p < positions; ++p) std::copy_n(first, channels, first + p * channels);
  }
}

void HostImages::norm(const NormShape& shape, const float* x, const float* scale,
                      const float* shift, const float* residual, bool relu, float* y,
                      float* statistics) {
  norm_.forward(shape, x, scale, shift, residual, relu, y, statistics);
}

void HostImages::norm_gradient(const NormShape& shape, const float* x, const float* scale,
                               const float* statistics, const float* y, float* dy, float* dx,
                               float* dscale, float* dshift) {
  norm_.gradient(shape, x, scale, statistics, y, dy, dx, dscale, dshift);
}

void HostImages::add(std::size_t count, const float* x, float* y) { axpy(count, 1.0F, x, y); }

}  // namespace murm::host
