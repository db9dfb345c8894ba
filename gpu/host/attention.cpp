#include "gpu/host/attention.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "algorithms/vector_clones.hpp"
#include "gpu/host/small_product.hpp"
#include "gpu/vector_math.hpp"

namespace murm::host {
namespace {

/// Rows that are worked on together: their scores stay in the first cache, and later keys are never looked at.
constexpr std::size_t kBlock = 32;

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

/// to[width,length] <- scale times the transposed of from[length,width], both padded to whole vectors with zeros.
MURM_CLONES void transpose(std::size_t length, std::size_t width, std::size_t stride, float scale,
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
      for (std::size_t i = 0; i < vector_width; ++i)
        store(to + (c + i) * padded + t, rows[i] * scale);
    }
  }
}

/// to[length,padded] <- from[length,width], zeros behind each row.
void pad(std::size_t length, std::size_t width, std::size_t stride, const float* from,
         std::size_t padded, float* to) {
  for (std::size_t t = 0; t < length; ++t) {
    std::copy_n(from + t * stride, width, to + t * padded);
    std::fill_n(to + t * padded + width, padded - width, 0.0F);
  }
}

MURM_CLONES void scale_row(std::size_t width, float scale, float* row) {
  for (std::size_t c = 0; c < width; ++c) row[c] *= scale;
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

/// ds <- scale p (dp - dot), in place of dp
MURM_CLONES void score_gradient(std::size_t end, float dot, float scale, const float* __restrict p,
                                float* __restrict dp) {
  for (std::size_t j = 0; j < end; ++j) dp[j] = scale * p[j] * (dp[j] - dot);
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

Rows from_row(Rows rows, std::size_t first) {
  return {rows.data + first * rows.stride, rows.stride};
}

Scalars scalars(Rows rows, std::size_t first) {
  return {rows.data + first * rows.stride, rows.stride, 1};
}

/// Rows that were worked on elsewhere go to where they belong.
void give_back(const HeadShape& shape, Rows from, float* to, std::size_t stride) {
  if (from.data == to) return;
  for (std::size_t t = 0; t < shape.length; ++t)
    std::copy_n(from.data + t * from.stride, shape.width, to + t * stride);
}

}  // namespace

/// The rows of a head as products want them: whole vectors wide. Heads of another width are copied, and back.
struct HeadAttention::Plan {
  std::size_t length;  // padded to whole vectors
  Rows q, k, v, y, dy, dq, dk, dv;
  float *kt, *vt;  // [width,length]
  float *p, *dp;   // scores of a block
};

HeadAttention::Plan HeadAttention::plan(const HeadShape& shape, const HeadPointers& at) {
  const bool back = at.dy != nullptr;
  const bool whole = shape.width % vector_width == 0;
  const std::size_t padded = whole_vectors(shape.width);
  Plan plan{};
  plan.length = whole_vectors(shape.length);
  const std::size_t rows = plan.length * padded;
  const std::size_t scores = kBlock * plan.length;
  memory_.resize(std::max(memory_.size(), (whole ? 2 : 10) * rows + 2 * scores));
  float* next = memory_.data();
  const auto take = [&](std::size_t count) { return std::exchange(next, next + count); };
  // Inputs are not written to; Rows has one kind of pointer.
  const auto input = [&](const float* data, std::size_t stride) {
    if (whole || data == nullptr) return Rows{const_cast<float*>(data), stride};
    const Rows copy{take(rows), padded};
    pad(shape.length, shape.width, stride, data, padded, copy.data);
    return copy;
  };
  const auto output = [&](float* data, std::size_t stride) {
    return whole || data == nullptr ? Rows{data, stride} : Rows{take(rows), padded};
  };
  plan.q = input(at.q, shape.qkv_stride);
  plan.k = input(at.k, shape.qkv_stride);
  plan.v = input(at.v, shape.qkv_stride);
  plan.y = back ? input(at.y, shape.y_stride) : output(at.y, shape.y_stride);
  plan.dy = input(at.dy, shape.y_stride);
  plan.dq = output(at.dq, shape.qkv_stride);
  plan.dk = output(at.dk, shape.qkv_stride);
  plan.dv = output(at.dv, shape.qkv_stride);
  plan.kt = take(rows);
  plan.vt = take(rows);
  plan.p = take(scores);
  plan.dp = take(scores);
  return plan;
}

void HeadAttention::forward(const HeadShape& shape, const HeadPointers& at) {
  const Plan plan = this->plan(shape, at);
  const std::size_t padded = whole_vectors(shape.width);
  const float scale = 1.0F / std::sqrt(static_cast<float>(shape.width));
  transpose(shape.length, shape.width, shape.qkv_stride, scale, at.k, plan.length, plan.kt);
  for (std::size_t first = 0; first < shape.length; first += kBlock) {
    const std::size_t rows = std::min(kBlock, shape.length - first);
    const std::size_t end = whole_vectors(first + rows);
    const Rows y{plan.y.data + first * plan.y.stride, plan.y.stride};
    multiply_block(rows, end, shape.width, scalars(plan.q, first), {plan.kt, plan.length},
                   {plan.p, plan.length}, false);
    float inverse[kBlock];
    for (std::size_t i = 0; i < rows; ++i) {
      float sum = 0;
      const float top = exponentials(first + i + 1, end, plan.p + i * plan.length, &sum);
      inverse[i] = 1.0F / sum;
      at.log_sums[first + i] = top + std::log(sum);
    }
    multiply_block(rows, padded, first + rows, {plan.p, plan.length, 1}, plan.v, y, false);
    for (std::size_t i = 0; i < rows; ++i) scale_row(padded, inverse[i], y.data + i * y.stride);
  }
  give_back(shape, plan.y, at.y, shape.y_stride);
}

void HeadAttention::backward(const HeadShape& shape, const HeadPointers& at) {
  const Plan plan = this->plan(shape, at);
  const std::size_t padded = whole_vectors(shape.width);
  const float scale = 1.0F / std::sqrt(static_cast<float>(shape.width));
  transpose(shape.length, shape.width, shape.qkv_stride, scale, at.k, plan.length, plan.kt);
  transpose(shape.length, shape.width, shape.qkv_stride, 1.0F, at.v, plan.length, plan.vt);
  for (std::size_t first = 0; first < shape.length; first += kBlock) {
    const std::size_t rows = std::min(kBlock, shape.length - first);
    const std::size_t seen = first + rows;
    const std::size_t end = whole_vectors(seen);
    const Rows q = from_row(plan.q, first);
    const Rows dy = from_row(plan.dy, first);
    multiply_block(rows, end, shape.width, scalars(q, 0), {plan.kt, plan.length},
                   {plan.p, plan.length}, false);
    multiply_block(rows, end, shape.width, scalars(dy, 0), {plan.vt, plan.length},
                   {plan.dp, plan.length}, false);
    float dots[kBlock];
    row_products(rows, padded, dy, from_row(plan.y, first), dots);
    for (std::size_t i = 0; i < rows; ++i) {
      float* p = plan.p + i * plan.length;
      probabilities(first + i + 1, end, at.log_sums[first + i], p);
      score_gradient(end, dots[i], scale, p, plan.dp + i * plan.length);
    }
    // Keys before this block have sums already; those of the block begin here.
    multiply_block(first, padded, rows, {plan.p, 1, plan.length}, dy, plan.dv, true);
    multiply_block(rows, padded, rows, {plan.p + first, 1, plan.length}, dy,
                   from_row(plan.dv, first), false);
    multiply_block(first, padded, rows, {plan.dp, 1, plan.length}, q, plan.dk, true);
    multiply_block(rows, padded, rows, {plan.dp + first, 1, plan.length}, q,
                   from_row(plan.dk, first), false);
    multiply_block(rows, padded, seen, {plan.dp, plan.length, 1}, plan.k, from_row(plan.dq, first),
                   false);
  }
  give_back(shape, plan.dq, at.dq, shape.qkv_stride);
  give_back(shape, plan.dk, at.dk, shape.qkv_stride);
  give_back(shape, plan.dv, at.dv, shape.qkv_stride);
}

}  // namespace murm::host
