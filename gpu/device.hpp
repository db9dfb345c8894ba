// A device: memory, the tensor verbs of algorithms, and the linear algebra of models.
// Room: gpu. Knows buffers and numbers; no rank, message, round or loss meaning.
// Caller: models (algebra), actors (verbs). Implementations: gpu/host, gpu/cuda.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "algorithms/optimizer.hpp"
#include "algorithms/tensor.hpp"
#include "gpu/algebra.hpp"
#include "gpu/image_algebra.hpp"
#include "gpu/sequence_algebra.hpp"

namespace murm {

class Codec;
struct Compensation;
struct RobustOptions;

/// Verbs are carried out in the order of the calls; a device with a clock of its own may be behind them, until `wait`
/// or a call that returns numbers. Sources may lie in several runs (received frames) and in the processor's memory;
/// destinations are contiguous and the device's own. One instance per lane (thread or stream). Thread: one at a time.
class Device : public Algebra {
 public:
  /// As in job files: "cpu", "cuda:0".
  virtual std::string name() const = 0;

  // -- memory
  /// A contiguous tensor from this device's pool, contents unspecified; it goes back to the pool where
  /// its last handle dies (any thread). Nothing is allocated once the pool holds enough.
  virtual Tensor allocate(std::size_t length) = 0;
  /// The same in the processor's memory, for what leaves the device: links send it as it lies there.
  virtual Tensor allocate_staging(std::size_t length) = 0;
  /// Where the algebra finds a tensor of this device that lies in one run.
  virtual float* address(const Tensor& tensor) = 0;
  /// Whether the processor's addresses mean nothing here: parameters, batches and results are copied.
  virtual bool has_own_memory() const = 0;
  /// to[bytes] <- from[bytes], from the processor's memory, which may be overwritten as soon as this returns.
  virtual void upload(std::size_t bytes, const void* from, float* to) = 0;
  /// to[bytes], in the processor's memory, <- from[bytes], at once.
  virtual void download(std::size_t bytes, const float* from, void* to) = 0;

  // -- time
  /// Until everything so far is done.
  virtual void wait() = 0;
  /// Carries out `work`. On a device with memory of its own it asks for the device's algebra alone, and the same key stands for
  /// the same calls with the same arguments: they may have been kept, and `work` is not asked again. Losses taken within
  /// `work` may be left for later: whoever takes them outside gets them all.
  virtual void repeat(std::uint64_t key, const std::function<void()>& work) = 0;

  /// Whether a part of a batch whose numbers fit its caches is worked on faster than the whole.
  virtual bool works_in_tiles() const = 0;

  // -- verbs of algorithms (equal lengths asserted; all fp32, accumulation order fixed)
  virtual void zero(const Tensor& x) = 0;
  /// Here the destination, too, may be the processor's.
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
