// What transformers need beside products: embeddings with places, layer normalisation, attention, dropout.
// Room: gpu. Addresses are the device's own, arrays row-major fp32; no layer, parameter name or round.
// Caller: models/gpt. Implementations: gpu/host; a device has one (gpu/device.hpp).
#pragma once
#include <cstddef>
#include <cstdint>

namespace murm {

/// `n` sequences of `length` places; width = heads * head_width.
struct AttentionShape {
  std::size_t n = 0;
  std::size_t length = 0;
  std::size_t heads = 0;
  std::size_t head_width = 0;
  std::size_t width() const { return heads * head_width; }
};

/// Thread: one at a time. Arrays do not overlap.
class SequenceAlgebra {
 public:
  virtual ~SequenceAlgebra() = default;

  /// y[n,length,width] <- table[tokens[n,length]] + places[length,width]; tokens: whole numbers below `rows`.
  virtual void embed(std::size_t n, std::size_t length, std::size_t rows, std::size_t width,
                     const float* tokens, const float* table, const float* places, float* y) = 0;
  /// dtable[rows,width] and dplaces[length,width] += their parts of dy, in order.
  virtual void embed_gradient(std::size_t n, std::size_t length, std::size_t rows,
                              std::size_t width, const float* tokens, const float* dy,
                              float* dtable, float* dplaces) = 0;

  /// Each row of x[n,width] to mean 0 and variance 1 (biased, plus 1e-5), then times scale[width] plus shift[width].
  /// statistics[n,2] <- mean and 1 / standard deviation (Ba, Kiros & Hinton 2016, arXiv:1607.06450).
  virtual void layer_norm(std::size_t n, std::size_t width, const float* x, const float* scale,
                          const float* shift, float* y, float* statistics) = 0;
  /// dx[n,width], dscale and dshift [width] += the derivatives by what layer_norm was given.
  virtual void layer_norm_gradient(std::size_t n, std::size_t width, const float* x,
                                   const float* scale, const float* statistics, const float* dy,
                                   float* dx, float* dscale, float* dshift) = 0;

  /// Causal attention: y = softmax(q k^T / sqrt(head_width)) v for each head, each place seeing itself and those
  /// before it. qkv[n,length,3,heads,head_width]; y[n,length,width]; log_sums[n,heads,length] <- the logarithm of
  /// the softmax's denominator (Vaswani et al. 2017; Dao et al. 2022, arXiv:2205.14135, for the way back).
  virtual void attention(const AttentionShape& shape, const float* qkv, float* y,
                         float* log_sums) = 0;
  /// dqkv <- the derivative by qkv, all of it; y and log_sums as attention left them.
  virtual void attention_gradient(const AttentionShape& shape, const float* qkv, const float* y,
                                  const float* log_sums, const float* dy, float* dqkv) = 0;

  /// x[n] <- 0 with this probability, else x / (1 - probability). Which ones is a function of the seed and the
  /// place alone: the same call on the gradient is the way back.
  virtual void dropout(std::size_t n, std::uint64_t seed, double probability, float* x) = 0;
};

}  // namespace murm
