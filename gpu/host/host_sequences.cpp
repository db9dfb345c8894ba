#include "gpu/host/host_sequences.hpp"

#include <string>

#include "algorithms/vocabulary.hpp"
#include "gpu/host/kernels.hpp"
#include "gpu/host/sequence_kernels.hpp"

namespace murm::host {
namespace {

std::size_t row_of(float token, std::size_t rows) {
  MURM_ASSERT(token >= 0 && token < static_cast<float>(rows), std::to_string(token));
  return static_cast<std::size_t>(token);
}

HeadShape head_shape(const AttentionShape& shape) {
  return {shape.length, shape.head_width, 3 * shape.width(), shape.width()};
}

/// Calls `visit(first number of the head in qkv, in y, in log_sums)` for every sequence and head.
template <class Visitor>
void for_each_head(const AttentionShape& shape, Visitor&& visit) {
  for (std::size_t s = 0; s < shape.n; ++s) {
    for (std::size_t h = 0; h < shape.heads; ++h) {
      const std::size_t place = s * shape.length;
      visit(place * 3 * shape.width() + h * shape.head_width,
            place * shape.width() + h * shape.head_width, (s * shape.heads + h) * shape.length);
    }
  }
}

}  // namespace

void HostSequences::embed(std::size_t n, std::size_t length, std::size_t rows, std::size_t width,
                          const float* tokens, const float* table, const float* places, float* y) {
  for (std::size_t i = 0; i < n * length; ++i) {
    add(width, table + row_of(tokens[i], rows) * width, places + i % length * width, y + i * width);
  }
}

void HostSequences::embed_gradient(std::size_t n, std::size_t length, std::size_t rows,
                                   std::size_t width, const float* tokens, const float* dy,
                                   float* dtable, float* dplaces) {
  for (std::size_t i = 0; i < n * length; ++i) {
    axpy(width, 1.0F, dy + i * width, dtable + row_of(tokens[i], rows) * width);
  }
  add_column_sums(n, length * width, dy, dplaces);
}

void HostSequences::layer_norm(std::size_t n, std::size_t width, const float* x, const float* scale,
                               const float* shift, float* y, float* statistics) {
  for (std::size_t i = 0; i < n; ++i) {
    layer_norm_row(width, x + i * width, scale, shift, y + i * width, statistics + 2 * i);
  }
}

void HostSequences::layer_norm_gradient(std::size_t n, std::size_t width, const float* x,
                                        const float* scale, const float* statistics,
                                        const float* dy, float* dx, float* dscale, float* dshift) {
  for (std::size_t i = 0; i < n; ++i) {
    layer_norm_gradient_row(width, x + i * width, scale, statistics + 2 * i, dy + i * width,
                            dx + i * width, dscale, dshift);
  }
}

void HostSequences::attention(const AttentionShape& shape, const float* qkv, float* y,
                              float* log_sums) {
  const std::size_t part = shape.width();
  for_each_head(shape, [&](std::size_t q, std::size_t at, std::size_t sums) {
    attention_.forward(head_shape(shape), {.q = qkv + q,
                                           .k = qkv + q + part,
                                           .v = qkv + q + 2 * part,
                                           .y = y + at,
                                           .log_sums = log_sums + sums});
  });
}

void HostSequences::attention_gradient(const AttentionShape& shape, const float* qkv,
                                       const float* y, const float* log_sums, const float* dy,
                                       float* dqkv) {
  const std::size_t part = shape.width();
  for_each_head(shape, [&](std::size_t q, std::size_t at, std::size_t sums) {
    attention_.backward(head_shape(shape), {.q = qkv + q,
                                            .k = qkv + q + part,
                                            .v = qkv + q + 2 * part,
                                            .y = const_cast<float*>(y) + at,  // read only, back
                                            .log_sums = const_cast<float*>(log_sums) + sums,
                                            .dy = dy + at,
                                            .dq = dqkv + q,
                                            .dk = dqkv + q + part,
                                            .dv = dqkv + q + 2 * part});
  });
}

void HostSequences::dropout(std::size_t n, std::uint64_t seed, double probability, float* x) {
  MURM_ASSERT(probability >= 0 && probability < 1, std::to_string(probability));
  host::dropout(n, seed, probability, x);
}

}  // namespace murm::host
