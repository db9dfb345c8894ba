#include "gpu/host/thin_convolution.hpp"

#include <algorithm>

#include "algorithms/vector_clones.hpp"
#include "gpu/host/pool_window.hpp"

namespace murm::host {
namespace {

/// One picture with zeros around, and its windows.
struct Picture {
  std::size_t line = 0;  // numbers from one padded row to the next
  std::size_t rows = 0;  // of windows
  std::size_t columns = 0;
  std::size_t in = 0;
  std::size_t out = 0;
};

Picture picture_of(const ConvShape& shape) {
  return {(shape.width + 2 * shape.padding) * shape.in, shape.output_height() / 2,
          shape.output_width() / 2, shape.in, shape.out};
}

void pad(const ConvShape& shape, const float* x, float* padded) {
  const std::size_t line = (shape.width + 2 * shape.padding) * shape.in;
  std::fill_n(padded, (shape.height + 2 * shape.padding) * line, 0.0F);
  for (std::size_t r = 0; r < shape.height; ++r) {
    std::copy_n(x + r * shape.width * shape.in, shape.width * shape.in,
                padded + (r + shape.padding) * line + shape.padding * shape.in);
  }
}

/// A tap is a row of the kernel, a column of it and an input channel, as they lie in a padded picture.
template <class Visitor>
void for_each_weight(const ConvShape& shape, Visitor&& visit) {
  const std::size_t k = shape.kernel;
  for (std::size_t o = 0; o < shape.out; ++o) {
    for (std::size_t c = 0; c < shape.in; ++c) {
      for (std::size_t t = 0; t < k * k; ++t)
        visit((o * shape.in + c) * k * k + t, (t * shape.in + c) * shape.out + o);
    }
  }
}

template <std::size_t rows, std::size_t columns>
[[gnu::always_inline]] inline void forward_picture(const Picture& p, const float* padded,
                                                   const float* weights, const float* bias,
                                                   float* y, std::uint8_t* winners) {
  for (std::size_t c = 0; c < p.out; c += vector_width) {
    Vector w[rows * columns];
#pragma GCC unroll 32
    for (std::size_t t = 0; t < rows * columns; ++t) w[t] = vector_at(weights + t * p.out + c);
    const Vector shift = bias == nullptr ? Vector{} : vector_at(bias + c);
    for (std::size_t r = 0; r < p.rows; ++r) {
      for (std::size_t q = 0; q < p.columns; ++q) {
        const float* at = padded + 2 * r * p.line + 2 * q * p.in;
        Vector sums[4] = {shift, shift, shift, shift};
#pragma GCC unroll 32
        for (std::size_t t = 0; t < rows * columns; ++t) {
          const float* x = at + t / columns * p.line + t % columns;
          sums[0] += w[t] * x[0];
          sums[1] += w[t] * x[p.in];
          sums[2] += w[t] * x[p.line];
          sums[3] += w[t] * x[p.line + p.in];
        }
        const std::size_t place = (r * p.columns + q) * p.out + c;
        pool_window(sums, y + place, winners + place);
      }
    }
  }
}

template <std::size_t rows, std::size_t columns>
[[gnu::always_inline]] inline void gradient_picture(const Picture& p, const float* padded,
                                                    const float* dy, const std::uint8_t* winners,
                                                    float* dweights) {
  float* dbias = dweights + rows * columns * p.out;
  for (std::size_t c = 0; c < p.out; c += vector_width) {
    Vector sums[rows * columns];
#pragma GCC unroll 32
    for (std::size_t t = 0; t < rows * columns; ++t) sums[t] = vector_at(dweights + t * p.out + c);
    Vector shift = vector_at(dbias + c);
    for (std::size_t r = 0; r < p.rows; ++r) {
      for (std::size_t q = 0; q < p.columns; ++q) {
        const float* at = padded + 2 * r * p.line + 2 * q * p.in;
        const std::size_t place = (r * p.columns + q) * p.out + c;
        Vector d[4];
        unpool_window(dy + place, winners + place, d);
        shift += (d[0] + d[1]) + (d[2] + d[3]);
#pragma GCC unroll 32
        for (std::size_t t = 0; t < rows * columns; ++t) {
          const float* x = at + t / columns * p.line + t % columns;
          sums[t] += d[0] * x[0];
          sums[t] += d[1] * x[p.in];
          sums[t] += d[2] * x[p.line];
          sums[t] += d[3] * x[p.line + p.in];
        }
      }
    }
#pragma GCC unroll 32
    for (std::size_t t = 0; t < rows * columns; ++t) store(dweights + t * p.out + c, sums[t]);
    store(dbias + c, shift);
  }
}

MURM_CLONES void forward_picture(std::size_t taps, const Picture& p, const float* padded,
                                 const float* weights, const float* bias, float* y,
                                 std::uint8_t* winners) {
  if (taps == 25) forward_picture<5, 5>(p, padded, weights, bias, y, winners);
  if (taps == 27) forward_picture<3, 9>(p, padded, weights, bias, y, winners);
  if (taps == 9) forward_picture<3, 3>(p, padded, weights, bias, y, winners);
}

MURM_CLONES void gradient_picture(std::size_t taps, const Picture& p, const float* padded,
                                  const float* dy, const std::uint8_t* winners, float* dweights) {
  if (taps == 25) gradient_picture<5, 5>(p, padded, dy, winners, dweights);
  if (taps == 27) gradient_picture<3, 9>(p, padded, dy, winners, dweights);
  if (taps == 9) gradient_picture<3, 3>(p, padded, dy, winners, dweights);
}

std::size_t taps_of(const ConvShape& shape) { return shape.kernel * shape.kernel * shape.in; }

std::size_t padded_numbers(const ConvShape& shape) {
  return (shape.height + 2 * shape.padding) * (shape.width + 2 * shape.padding) * shape.in;
}

}  // namespace

bool ThinConvolution::fits(const ConvShape& shape) {
  const bool known = shape.kernel == 5 ? shape.in == 1
                                       : shape.kernel == 3 && (shape.in == 1 || shape.in == 3);
  return known && shape.stride == 1 && shape.out % vector_width == 0;
}

void ThinConvolution::forward(const ConvShape& shape, const float* x, const float* w,
                              const float* bias, float* y, std::uint8_t* winners) {
  const Picture picture = picture_of(shape);
  float* padded = padded_.numbers(padded_numbers(shape));
  float* weights = weights_.numbers((taps_of(shape) + 1) * shape.out);
  for_each_weight(shape, [&](std::size_t from, std::size_t to) { weights[to] = w[from]; });
  const std::size_t outputs = picture.rows * picture.columns * shape.out;
  for (std::size_t i = 0; i < shape.n; ++i) {
    pad(shape, x + i * shape.height * shape.width * shape.in, padded);
    forward_picture(taps_of(shape), picture, padded, weights, bias, y + i * outputs,
                    winners + i * outputs);
  }
}

void ThinConvolution::gradient(const ConvShape& shape, const float* x,
                               const ConvGradient& gradient) {
  const Picture picture = picture_of(shape);
  float* padded = padded_.numbers(padded_numbers(shape));
  const std::size_t weights = taps_of(shape) * shape.out;
  float* sums = weights_.numbers(weights + shape.out);
  std::fill_n(sums, weights + shape.out, 0.0F);
  const std::size_t outputs = picture.rows * picture.columns * shape.out;
  for (std::size_t i = 0; i < shape.n; ++i) {
    pad(shape, x + i * shape.height * shape.width * shape.in, padded);
    gradient_picture(taps_of(shape), picture, padded, gradient.dy + i * outputs,
                     gradient.winners + i * outputs, sums);
  }
  const bool add = gradient.add;
  for_each_weight(shape, [&](std::size_t to, std::size_t from) {
    gradient.dw[to] = (add ? gradient.dw[to] : 0.0F) + sums[from];
  });
  if (gradient.dbias == nullptr) return;
  for (std::size_t o = 0; o < shape.out; ++o)
    gradient.dbias[o] = (add ? gradient.dbias[o] : 0.0F) + sums[weights + o];
}

}  // namespace murm::host
