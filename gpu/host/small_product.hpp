// Products of matrices that lie in the first cache: tiles of accumulators in vector registers, operands where they are.
// Room: gpu/host. Knows addresses and strides; no layer. Include only where a function has MURM_CLONES: all is inlined there.
// Caller: gpu/host/attention, gpu/host/winograd.
#pragma once
#include <cstddef>

#include "gpu/host/vector.hpp"

namespace murm::host {

/// A strided matrix of scalars: number (i, k) lies at data[i * row + k * column].
struct Scalars {
  const float* data = nullptr;
  std::size_t row = 0;
  std::size_t column = 0;
};

/// Rows one behind the other, `stride` apart.
struct Rows {
  float* data = nullptr;
  std::size_t stride = 0;
};

template <std::size_t rows, std::size_t vectors>
[[gnu::always_inline]] inline void product_tile(std::size_t depth, Scalars a, const float* b,
                                                std::size_t b_stride, Rows c, bool add) {
  Vector sums[rows][vectors];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < rows; ++i) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < vectors; ++v) {
      const float* at = c.data + i * c.stride + v * vector_width;
      sums[i][v] = add ? *reinterpret_cast<const Vector*>(at) : Vector{};
    }
  }
  for (std::size_t k = 0; k < depth; ++k) {
    Vector row[vectors];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < vectors; ++v)
      row[v] = *reinterpret_cast<const Vector*>(b + k * b_stride + v * vector_width);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < rows; ++i) {
      const float scalar = a.data[i * a.row + k * a.column];
#pragma GCC unroll 8
      for (std::size_t v = 0; v < vectors; ++v) sums[i][v] += row[v] * scalar;
    }
  }
#pragma GCC unroll 8
  for (std::size_t i = 0; i < rows; ++i) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < vectors; ++v)
      *reinterpret_cast<Vector*>(c.data + i * c.stride + v * vector_width) = sums[i][v];
  }
}

template <std::size_t vectors>
[[gnu::always_inline]] inline void product_columns(std::size_t m, std::size_t depth, Scalars a,
                                                   const float* b, std::size_t b_stride, Rows c,
                                                   bool add) {
  constexpr std::size_t tall = 16 / vectors;  // 16 sums hide the latency of the additions
  std::size_t i = 0;
  for (; i + tall <= m; i += tall) {
    product_tile<tall, vectors>(depth, {a.data + i * a.row, a.row, a.column}, b, b_stride,
                                {c.data + i * c.stride, c.stride}, add);
  }
  for (; i < m; ++i) {
    product_tile<1, vectors>(depth, {a.data + i * a.row, a.row, a.column}, b, b_stride,
                             {c.data + i * c.stride, c.stride}, add);
  }
}

/// c[m,n] <- a[m,depth] b[depth,n] (+ c with `add`), n a multiple of 16.
[[gnu::always_inline]] inline void small_product(std::size_t m, std::size_t n, std::size_t depth,
                                                 Scalars a, Rows b, Rows c, bool add) {
  std::size_t j = 0;
  for (; j + 4 * vector_width <= n; j += 4 * vector_width)
    product_columns<4>(m, depth, a, b.data + j, b.stride, {c.data + j, c.stride}, add);
  for (; j + 2 * vector_width <= n; j += 2 * vector_width)
    product_columns<2>(m, depth, a, b.data + j, b.stride, {c.data + j, c.stride}, add);
  for (; j < n; j += vector_width)
    product_columns<1>(m, depth, a, b.data + j, b.stride, {c.data + j, c.stride}, add);
}

}  // namespace murm::host
