#include "gpu/host/attention.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "algorithms/vector_clones.hpp"
#include "gpu/host/small_product.hpp"
#include "gpu/host/vector_math.hpp"

namespace murm::host {
namespace {

/// Rows that are worked on together: their scores stay in the first cache, and later keys are never looked at.
constexpr std::size_t kBlock = 32;

[[gnu::always_inline]] inline const Vector& vector_at(const float* p) {
  return *reinterpret_cast<const Vector*>(p);
}
[[gnu::always_inline]] inline void store(float* p, const Vector& v) {
  *reinterpret_cast<Vector*>(p) = v;
}
[[gnu::always_inline]] inline float total(const Vector& v) {
  float sum = 0;
  for (std::size_t l = 0; l < vector_width; ++l) sum += v[l];
  return sum;
}

using Lanes [[gnu::vector_size(64)]] = int;
constexpr Lanes kLane{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/// One stage of a transposition: blocks of s x s beside the diagonal of blocks of 2s x 2s change places.
template <int s>
[[gnu::always_inline]] inline void exchange_blocks(Vector (&rows)[vector_width]) {
  const Lanes upper = (kLane & s) == 0 ? kLane : kLane + (16 - s);
  const Lanes lower = (kLane & s) == 0 ? kLane + s : kLane + 16;
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) {
    if ((i & s) != 0) continue;
    const Vector a = rows[i];
    const Vector b = rows[i + s];
    rows[i] = __builtin_shuffle(a, b, upper);
    rows[i + s] = __builtin_shuffle(a, b, lower);
  }
}

/// to[width,length] <- the transposed of from[length,width], both padded to whole vectors with zeros.
MURM_CLONES void transpose(std::size_t length, std::size_t width, std::size_t stride,
                           const float* from, std::size_t padded, float* to) {
  for (std::size_t t = 0; t < padded; t += vector_width) {
    for (std::size_t c = 0; c < whole_vectors(width); c += vector_width) {
      const bool inside = t + vector_width <= length && c + vector_width <= width;
      Vector rows[vector_width] = {};
      for (std::size_t i = 0; i < vector_width; ++i) {
        if (inside) {
          rows[i] = vector_at(from + (t + i) * stride + c);
          continue;
        }
        for (std::size_t l = 0; l < vector_width && t + i < length && c + l < width; ++l)
          rows[i][l] = from[(t + i) * stride + c + l];
      }
      exchange_blocks<8>(rows);
      exchange_blocks<4>(rows);
      exchange_blocks<2>(rows);
      exchange_blocks<1>(rows);
      for (std::size_t i = 0; i < vector_width; ++i) store(to + (c + i) * padded + t, rows[i]);
    }
  }
}

/// to[length,padded] <- scale from[length,width], zeros behind each row.
MURM_CLONES void gather(std::size_t length, std::size_t width, std::size_t stride, float scale,
                        const float* from, std::size_t padded, float* to) {
  for (std::size_t t = 0; t < length; ++t) {
    const float* row = from + t * stride;
    std::size_t c = 0;
    for (; c + vector_width <= width; c += vector_width)
      store(to + t * padded + c, vector_at(row + c) * scale);
    for (; c < width; ++c) to[t * padded + c] = scale * row[c];
    for (; c < padded; ++c) to[t * padded + c] = 0;
  }
}

MURM_CLONES void spread(std::size_t length, std::size_t width, std::size_t padded, float scale,
                        const float* from, std::size_t stride, float* to) {
  for (std::size_t t = 0; t < length; ++t) {
    float* row = to + t * stride;
    std::size_t c = 0;
    for (; c + vector_width <= width; c += vector_width)
      store(row + c, vector_at(from + t * padded + c) * scale);
    for (; c < width; ++c) row[c] = scale * from[t * padded + c];
  }
}

/// Scores of `seen` keys to exp(score - largest), zeros behind up to `end`; returns the largest and writes the sum.
MURM_CLONES float exponentials(std::size_t seen, std::size_t end, float* row, float* sum) {
  // What lies behind the last key seen must neither win nor count.
  for (std::size_t j = seen; j < end; ++j) row[j] = row[0];
  Vector tops = vector_at(row);
  for (std::size_t j = vector_width; j < end; j += vector_width) {
    const Vector scores = vector_at(row + j);
    tops = scores > tops ? scores : tops;
  }
  float top = tops[0];
  for (std::size_t l = 1; l < vector_width; ++l) top = tops[l] > top ? tops[l] : top;
  for (std::size_t j = 0; j < end; ++j) row[j] = exp_not_positive(row[j] - top);
  for (std::size_t j = seen; j < end; ++j) row[j] = 0;
  Vector sums = {};
  for (std::size_t j = 0; j < end; j += vector_width) sums += vector_at(row + j);
  *sum = total(sums);
  return top;
}

/// Probabilities again: exp(score - log_sum) for the keys seen, zeros behind up to `end`.
MURM_CLONES void probabilities(std::size_t seen, std::size_t end, float log_sum, float* row) {
  for (std::size_t j = 0; j < end; ++j) row[j] = exp_not_positive(row[j] - log_sum);
  for (std::size_t j = seen; j < end; ++j) row[j] = 0;
}

/// ds <- p (dp - dot), in place of dp
MURM_CLONES void score_gradient(std::size_t end, float dot, const float* __restrict p,
                                float* __restrict dp) {
  for (std::size_t j = 0; j < end; ++j) dp[j] = p[j] * (dp[j] - dot);
}

/// sums of the products of rows: dots[i] = a[i] b[i], rows of `width` whole vectors
MURM_CLONES void row_products(std::size_t rows, std::size_t width, Rows a, Rows b, float* dots) {
  for (std::size_t i = 0; i < rows; ++i) {
    Vector sums = {};
    for (std::size_t c = 0; c < width; c += vector_width)
      sums += vector_at(a.data + i * a.stride + c) * vector_at(b.data + i * b.stride + c);
    dots[i] = total(sums);
  }
}

MURM_CLONES void multiply_block(std::size_t m, std::size_t n, std::size_t depth, Scalars a, Rows b,
                                Rows c, bool add) {
  small_product(m, n, depth, a, b, c, add);
}

}  // namespace

struct HeadAttention::Plan {
  std::size_t length;  // padded to whole vectors
  std::size_t width;   // likewise
  float *q, *kt, *k, *vt, *v, *dy, *p, *dp, *out, *dk, *dv;
};

HeadAttention::Plan HeadAttention::plan(const HeadShape& shape, bool back) {
  Plan plan{};
  plan.length = whole_vectors(shape.length);
  plan.width = whole_vectors(shape.width);
  const std::size_t rows = plan.length * plan.width;
  const std::size_t scores = kBlock * plan.length;
  memory_.resize(std::max(memory_.size(), 9 * rows + 2 * scores + kBlock * plan.width));
  float* next = memory_.data();
  const auto take = [&](std::size_t count) { return std::exchange(next, next + count); };
  plan.q = take(rows);
  plan.kt = take(rows);
  plan.v = take(rows);
  plan.p = take(scores);
  plan.out = take(kBlock * plan.width);
  if (!back) return plan;
  plan.k = take(rows);
  plan.vt = take(rows);
  plan.dy = take(rows);
  plan.dk = take(rows);
  plan.dv = take(rows);
  plan.dp = take(scores);
  return plan;
}

void HeadAttention::forward(const HeadShape& shape, const float* q, const float* k, const float* v,
                            float* y, float* log_sums) {
  const Plan at = plan(shape, false);
  const float scale = 1.0F / std::sqrt(static_cast<float>(shape.width));
  gather(shape.length, shape.width, shape.qkv_stride, scale, q, at.width, at.q);
  transpose(shape.length, shape.width, shape.qkv_stride, k, at.length, at.kt);
  gather(shape.length, shape.width, shape.qkv_stride, 1.0F, v, at.width, at.v);
  for (std::size_t first = 0; first < shape.length; first += kBlock) {
    const std::size_t rows = std::min(kBlock, shape.length - first);
    const std::size_t end = whole_vectors(first + rows);
    multiply_block(rows, end, shape.width, {at.q + first * at.width, at.width, 1},
                   {at.kt, at.length}, {at.p, at.length}, false);
    float inverse[kBlock];
    for (std::size_t i = 0; i < rows; ++i) {
      float sum = 0;
      const float top = exponentials(first + i + 1, end, at.p + i * at.length, &sum);
      inverse[i] = 1.0F / sum;
      log_sums[first + i] = top + std::log(sum);
    }
    multiply_block(rows, at.width, std::min(end, shape.length), {at.p, at.length, 1},
                   {at.v, at.width}, {at.out, at.width}, false);
    for (std::size_t i = 0; i < rows; ++i) {
      spread(1, shape.width, at.width, inverse[i], at.out + i * at.width, shape.y_stride,
             y + (first + i) * shape.y_stride);
    }
  }
}

void HeadAttention::backward(const HeadShape& shape, const float* q, const float* k, const float* v,
                             const float* y, const float* log_sums, const float* dy, float* dq,
                             float* dk, float* dv) {
  const Plan at = plan(shape, true);
  const float scale = 1.0F / std::sqrt(static_cast<float>(shape.width));
  gather(shape.length, shape.width, shape.qkv_stride, scale, q, at.width, at.q);
  transpose(shape.length, shape.width, shape.qkv_stride, k, at.length, at.kt);
  gather(shape.length, shape.width, shape.qkv_stride, scale, k, at.width, at.k);
  transpose(shape.length, shape.width, shape.qkv_stride, v, at.length, at.vt);
  gather(shape.length, shape.width, shape.y_stride, 1.0F, dy, at.width, at.dy);
  std::fill_n(at.dk, at.length * at.width, 0.0F);
  std::fill_n(at.dv, at.length * at.width, 0.0F);
  for (std::size_t first = 0; first < shape.length; first += kBlock) {
    const std::size_t rows = std::min(kBlock, shape.length - first);
    const std::size_t end = whole_vectors(first + rows);
    const std::size_t seen = std::min(end, shape.length);
    const float* q_rows = at.q + first * at.width;
    const float* dy_rows = at.dy + first * at.width;
    multiply_block(rows, end, shape.width, {q_rows, at.width, 1}, {at.kt, at.length},
                   {at.p, at.length}, false);
    multiply_block(rows, end, shape.width, {dy_rows, at.width, 1}, {at.vt, at.length},
                   {at.dp, at.length}, false);
    gather(rows, shape.width, shape.y_stride, 1.0F, y + first * shape.y_stride, at.width, at.out);
    float dots[kBlock];
    row_products(rows, at.width, {at.dy + first * at.width, at.width}, {at.out, at.width}, dots);
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t place = first + i;
      probabilities(place + 1, end, log_sums[place], at.p + i * at.length);
      score_gradient(end, dots[i], at.p + i * at.length, at.dp + i * at.length);
    }
    multiply_block(seen, at.width, rows, {at.p, 1, at.length}, {at.dy + first * at.width, at.width},
                   {at.dv, at.width}, true);
    multiply_block(seen, at.width, rows, {at.dp, 1, at.length}, {at.q + first * at.width, at.width},
                   {at.dk, at.width}, true);
    multiply_block(rows, at.width, seen, {at.dp, at.length, 1}, {at.k, at.width},
                   {at.out, at.width}, false);
    spread(rows, shape.width, at.width, 1.0F, at.out, shape.qkv_stride,
           dq + first * shape.qkv_stride);
  }
  spread(shape.length, shape.width, at.width, 1.0F, at.dk, shape.qkv_stride, dk);
  spread(shape.length, shape.width, at.width, 1.0F, at.dv, shape.qkv_stride, dv);
}

}  // namespace murm::host
