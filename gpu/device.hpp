// A device: memory, the tensor verbs of algorithms, and the linear algebra of models.
// Room: gpu. Knows buffers and numbers; no rank, message, round or loss meaning.
// Caller: models (algebra), actors (verbs). Implementations: gpu/host, later gpu/cuda.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "algorithms/optimizer.hpp"
#include "algorithms/tensor.hpp"

namespace murm {

class Codec;
struct Compensation;
struct RobustOptions;

/// Verbs are carried out in the order of the calls. Sources may lie in several runs (received frames);
/// destinations are contiguous. One instance per lane (thread or stream). Thread: one at a time.
class Device {
 public:
  virtual ~Device() = default;

  // -- memory
  /// A contiguous tensor from this device's pool, contents unspecified; it goes back to the pool where
  /// its last handle dies (any thread). Nothing is allocated once the pool holds enough.
  virtual Tensor allocate(std::size_t length) = 0;

  // -- verbs of algorithms (equal lengths asserted; all fp32, accumulation order fixed)
  virtual void zero(const Tensor& x) = 0;
  virtual void copy(const Tensor& destination, const Tensor& source) = 0;
  virtual void axpy(const Tensor& y, float a, const Tensor& x) = 0;  // y <- y + a x
  virtual void scale(const Tensor& x, float a) = 0;                  // x <- a x
  virtual double norm(const Tensor& x) = 0;  // Euclidean, accumulated in double
  /// One pass; `state` holds optimizer_state_count(step.kind) tensors as long as x.
  virtual void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                              std::span<const Tensor> state) = 0;
  /// See Context: the same verbs.
  virtual void compensate(const Compensation& rule, const Tensor& gradient, const Tensor& now,
                          const Tensor& read, const Tensor& mean_square, const Tensor& out) = 0;
  virtual void combine(const RobustOptions& rule, std::span<const Tensor> contributions,
                       std::span<const double> samples, const Tensor& state, const Tensor& out) = 0;
  virtual Tensor encode(Codec& codec, const Tensor& values) = 0;
  virtual bool decode(const Codec& codec, const Tensor& payload, const Tensor& values) = 0;
  virtual void restore(Codec& codec, const Tensor& payload) = 0;

  // -- algebra of models, on this device's addresses, row-major
  /// y[n,out] <- x[n,in] w[out,in]^T + bias[out], then max(0, .) when `relu`.
  virtual void linear(std::size_t n, std::size_t in, std::size_t out, const float* x,
                      const float* w, const float* bias, bool relu, float* y) = 0;
  /// dw[out,in] <- dy[n,out]^T x[n,in];  dbias[out] <- column sums of dy, rows in order.
  virtual void linear_weight_gradient(std::size_t n, std::size_t in, std::size_t out,
                                      const float* x, const float* dy, float* dw, float* dbias) = 0;
  /// dx[n,in] <- dy[n,out] w[out,in], zeroed where `activation`[n,in] is not positive (null: no mask).
  virtual void linear_data_gradient(std::size_t n, std::size_t in, std::size_t out, const float* dy,
                                    const float* w, const float* activation, float* dx) = 0;
  /// y[n,width] <- table[indices[n]], whole rows of table[rows,width]; indices are whole numbers below `rows`.
  virtual void gather_rows(std::size_t n, std::size_t rows, std::size_t width, const float* indices,
                           const float* table, float* y) = 0;
  /// dtable[rows,width] <- for each row the sum of the dy[n,width] with its index, in order; 0 without any.
  virtual void scatter_rows(std::size_t n, std::size_t rows, std::size_t width,
                            const float* indices, const float* dy, float* dtable) = 0;
  struct CrossEntropy {
    double loss_sum = 0;
    std::uint64_t correct = 0;
  };
  /// Softmax cross-entropy of logits[n,classes]; when `dlogits` is not null: dlogits <- softmax - onehot
  /// (gradient of the SUMMED loss; may alias logits).
  virtual CrossEntropy cross_entropy(std::size_t n, std::size_t classes, const float* logits,
                                     const std::int32_t* labels, float* dlogits) = 0;
};

}  // namespace murm
