// Convolutions and their gradients by plain loops in double precision.
// Room: tests. Knows ImageAlgebra's conventions, nothing of how they are met.
// Caller: tests/unit/gpu/host_images_test, tests/unit/models/lenet_test and resnet_test.
#pragma once
#include <cstddef>
#include <vector>

#include "gpu/image_algebra.hpp"

namespace murm {

using Doubles = std::vector<double>;

/// Calls `visit(number of x, number of w, number of y)` for every product of the sum.
template <class Visitor>
void for_each_product(const ConvShape& s, Visitor&& visit) {
  const std::size_t oh = s.output_height();
  const std::size_t ow = s.output_width();
  for (std::size_t i = 0; i < s.n * oh * ow; ++i) {
    const std::size_t n = i / (oh * ow);
    for (std::size_t t = 0; t < s.kernel * s.kernel; ++t) {
      // Less the padding; a negative number is a huge one here.
      const std::size_t r = i / ow % oh * s.stride + t / s.kernel - s.padding;
      const std::size_t q = i % ow * s.stride + t % s.kernel - s.padding;
      if (r >= s.height || q >= s.width) continue;
      for (std::size_t o = 0; o < s.out; ++o) {
        for (std::size_t c = 0; c < s.in; ++c) {
          visit(((n * s.height + r) * s.width + q) * s.in + c,
                (o * s.in + c) * s.kernel * s.kernel + t, i * s.out + o);
        }
      }
    }
  }
}

inline std::size_t input_numbers(const ConvShape& s) { return s.n * s.height * s.width * s.in; }
inline std::size_t weight_numbers(const ConvShape& s) { return s.out * s.in * s.kernel * s.kernel; }
inline std::size_t output_numbers(const ConvShape& s) {
  return s.n * s.output_height() * s.output_width() * s.out;
}

/// `bias` is empty or [out].
inline Doubles reference_conv(const ConvShape& s, const Doubles& x, const Doubles& w,
                              const Doubles& bias) {
  Doubles y(output_numbers(s));
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = bias.empty() ? 0.0 : bias[i % s.out];
  for_each_product(s, [&](std::size_t i, std::size_t j, std::size_t k) { y[k] += x[i] * w[j]; });
  return y;
}

/// max(0, the largest of each window).
inline Doubles reference_pool(const PoolShape& s, const Doubles& x) {
  Doubles y;
  for (std::size_t i = 0; i < s.n * s.output_height() * s.output_width(); ++i) {
    const std::size_t n = i / (s.output_height() * s.output_width());
    const std::size_t r = i / s.output_width() % s.output_height() * s.stride;
    const std::size_t q = i % s.output_width() * s.stride;
    for (std::size_t c = 0; c < s.channels; ++c) {
      double best = 0;
      for (std::size_t t = 0; t < s.window * s.window; ++t) {
        const std::size_t place = (n * s.height + r + t / s.window) * s.width + q + t % s.window;
        best = x[place * s.channels + c] > best ? x[place * s.channels + c] : best;
      }
      y.push_back(best);
    }
  }
  return y;
}

}  // namespace murm
