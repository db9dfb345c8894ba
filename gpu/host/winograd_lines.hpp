// Winograd's one-dimensional maps at the points 0, 1, -1, 2, -2 and infinity, for F(4,3) (four outputs of three taps) and F(2,5); sixteen channels at a time.
// Room: gpu/host. Arithmetic on registers; include only where a function has MURM_CLONES: all is inlined there.
// Caller: gpu/host/winograd_tiles. Source: Lavin & Gray 2016, arXiv:1509.09308, section 4.3; inputs' map is that of F(4,3).
#pragma once
#include <cstddef>

#include "gpu/host/small_product.hpp"
#include "gpu/host/winograd_tiles.hpp"

namespace murm::host {

/// t <- B^T d: what six neighbouring inputs are at the points.
[[gnu::always_inline]] inline void inputs_at_points(const Vector (&d)[kPoints],
                                                    Vector (&t)[kPoints]) {
  const Vector even = d[4] - d[2] * 4.0F;
  const Vector odd = d[3] - d[1] * 4.0F;
  const Vector near = d[4] - d[2];
  const Vector far = d[3] - d[1];
  t[0] = d[4] + d[0] * 4.0F - d[2] * 5.0F;
  t[1] = even + odd;
  t[2] = even - odd;
  t[3] = near + far * 2.0F;
  t[4] = near - far * 2.0F;
  t[5] = d[5] + d[1] * 4.0F - d[3] * 5.0F;
}

/// d <- B t, the way back through it.
[[gnu::always_inline]] inline void inputs_from_points(const Vector (&t)[kPoints],
                                                      Vector (&d)[kPoints]) {
  const Vector sum = t[1] + t[2];
  const Vector difference = t[1] - t[2];
  const Vector far_sum = t[3] + t[4];
  const Vector far_difference = t[3] - t[4];
  d[0] = t[0] * 4.0F;
  d[1] = (t[5] - difference) * 4.0F - far_difference * 2.0F;
  d[2] = t[0] * -5.0F - sum * 4.0F - far_sum;
  d[3] = difference + far_difference * 2.0F - t[5] * 5.0F;
  d[4] = t[0] + sum + far_sum;
  d[5] = t[5];
}

/// p <- A x: the polynomial with these coefficients at the points.
template <std::size_t count>
[[gnu::always_inline]] inline void at_points(const Vector (&x)[count], Vector (&p)[kPoints]) {
  Vector even = x[0];
  Vector odd = x[1];
  Vector far_even = x[0];
  Vector far_odd = x[1] * 2.0F;
  if constexpr (count > 2) {
    even += x[2];
    far_even += x[2] * 4.0F;
  }
  if constexpr (count > 3) {
    odd += x[3];
    far_odd += x[3] * 8.0F;
  }
  if constexpr (count > 4) {
    even += x[4];
    far_even += x[4] * 16.0F;
  }
  p[0] = x[0];
  p[1] = even + odd;
  p[2] = even - odd;
  p[3] = far_even + far_odd;
  p[4] = far_even - far_odd;
  p[5] = x[count - 1];
}

/// x <- A^T p, the way back through it.
template <std::size_t count>
[[gnu::always_inline]] inline void from_points(const Vector (&p)[kPoints], Vector (&x)[count]) {
  const Vector sum = p[1] + p[2];
  const Vector difference = p[1] - p[2];
  const Vector far_sum = p[3] + p[4];
  const Vector far_difference = p[3] - p[4];
  x[0] = p[0] + sum + far_sum;
  x[1] = difference + far_difference * 2.0F;
  if constexpr (count > 2) x[2] = sum + far_sum * 4.0F;
  if constexpr (count > 3) x[3] = difference + far_difference * 8.0F;
  if constexpr (count > 4) x[4] = sum + far_sum * 16.0F;
  x[count - 1] += p[5];
}

/// What makes the weights' polynomial fit the inputs' maps: G is A of the weights, rows times these.
[[gnu::always_inline]] inline void scale_points(Vector (&p)[kPoints]) {
  p[0] *= 1.0F / 4.0F;
  p[1] *= -1.0F / 6.0F;
  p[2] *= -1.0F / 6.0F;
  p[3] *= 1.0F / 24.0F;
  p[4] *= 1.0F / 24.0F;
}

template <std::size_t count>
[[gnu::always_inline]] inline void weights_at_points(const Vector (&g)[count],
                                                     Vector (&p)[kPoints]) {
  at_points(g, p);
  scale_points(p);
}

template <std::size_t count>
[[gnu::always_inline]] inline void weights_from_points(const Vector (&p)[kPoints],
                                                       Vector (&g)[count]) {
  Vector scaled[kPoints] = {p[0], p[1], p[2], p[3], p[4], p[5]};
  scale_points(scaled);
  from_points(scaled, g);
}

/// A square of numbers, by a map of lines: first down the columns, then along the rows.
template <std::size_t from, std::size_t to, class Map>
[[gnu::always_inline]] inline void map_square(const Vector (&x)[from][from], Vector (&y)[to][to],
                                              Map map) {
  Vector half[to][from];
#pragma GCC unroll 8
  for (std::size_t j = 0; j < from; ++j) {
    Vector column[from];
    Vector mapped[to];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < from; ++i) column[i] = x[i][j];
    map(column, mapped);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < to; ++i) half[i][j] = mapped[i];
  }
#pragma GCC unroll 8
  for (std::size_t i = 0; i < to; ++i) map(half[i], y[i]);
}

}  // namespace murm::host
