// A device: memory, the tensor verbs of algorithms, and the linear algebra of models.
// Room: gpu. Knows buffers and numbers; no rank, message, round or loss meaning.
// Caller: models (algebra), actors (verbs). Implementations: gpu/host, later gpu/cuda.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "algorithms/optimizer.hpp"
#include "algorithms/tensor.hpp"
#include "gpu/algebra.hpp"
#include "gpu/image_algebra.hpp"
#include "gpu/sequence_algebra.hpp"

namespace murm {

class Codec;
struct Compensation;
struct RobustOptions;

/// Verbs are carried out in the order of the calls. Sources may lie in several runs (received frames);
/// destinations are contiguous. One instance per lane (thread or stream). Thread: one at a time.
class Device : public Algebra {
 public:
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

  // -- algebra of models beside products, by field
  virtual SequenceAlgebra& sequences() = 0;
  virtual ImageAlgebra& images() = 0;
};

}  // namespace murm
