// The processor as a device: verbs over host memory, matrix products by oneDNN, on the calling thread (and its OpenMP team).
// Room: gpu/host. Knows buffers and numbers; no model, message or round.
// Caller: actors (one per lane), models through Device, tests as the oracle of other devices.
#pragma once
#include <utility>
#include <vector>

#include "algorithms/robust/robust.hpp"
#include "gpu/device.hpp"
#include "gpu/host/buffer_pool.hpp"
#include "gpu/host/host_images.hpp"
#include "gpu/host/host_sequences.hpp"
#include "gpu/host/matrix_product.hpp"

namespace murm {

/// Results depend on the numbers alone: not on the run, other threads, alignment or the cut into runs.
/// Thread: one at a time, whichever; tensors it made may die on any.
class HostDevice : public Device {
 public:
  explicit HostDevice(const host::ProductOptions& options = {})
      : products_(options), images_(options.threads) {}

  std::string name() const override { return "cpu"; }

  Tensor allocate(std::size_t length) override { return pool_.take(length); }
  Tensor allocate_staging(std::size_t length) override { return pool_.take(length); }
  float* address(const Tensor& tensor) override { return host_span(tensor).data(); }
  bool has_own_memory() const override { return false; }
  void upload(std::size_t bytes, const void* from, float* to) override;
  void download(std::size_t bytes, const float* from, void* to) override;

  void wait() override {}
  bool works_in_tiles() const override { return true; }

  void zero(const Tensor& x) override;
  void copy(const Tensor& destination, const Tensor& source) override;
  void axpy(const Tensor& y, float a, const Tensor& x) override;
  /// The same numbers as axpy; y may be written by others meanwhile. Only where threads share memory.
  void axpy_shared(const Tensor& y, float a, const Tensor& x);
  void scale(const Tensor& x, float a) override;
  double norm(const Tensor& x) override;
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) override;
  void compensate(const Compensation& rule, const Tensor& gradient, const Tensor& now,
                  const Tensor& read, const Tensor& mean_square, const Tensor& out) override;
  void combine(const RobustOptions& rule, std::span<const Tensor> contributions,
               std::span<const double> samples, const Tensor& state, const Tensor& out) override;
  Tensor encode(Codec& codec, const Tensor& values) override;
  bool decode(const Codec& codec, const Tensor& payload, const Tensor& values) override;
  void restore(Codec& codec, const Tensor& payload) override;

  void new_weights(std::size_t uses) override { products_.new_weights(uses); }
  void linear(std::size_t n, std::size_t in, std::size_t out, const float* x, const float* w,
              const Epilogue& epilogue, float* y) override;
  void linear_gradient(std::size_t n, std::size_t in, std::size_t out, const float* x,
                       const float* w, const LinearGradient& gradient) override;
  void add(std::size_t n, const float* x, float* y) override;
  void copy_numbers(std::size_t n, const float* x, float* y) override;
  void clear(std::size_t n, float* y) override;
  void gather_rows(std::size_t n, std::size_t rows, std::size_t width, const float* indices,
                   const float* table, float* y) override;
  void scatter_rows(std::size_t n, std::size_t rows, std::size_t width, const float* indices,
                    const float* dy, float* dtable) override;
  void cross_entropy(std::size_t n, std::size_t classes, const float* logits,
                     const std::int32_t* labels, float scale, float* dlogits) override;
  CrossEntropy take_cross_entropy() override { return std::exchange(losses_, {}); }
  SequenceAlgebra& sequences() override { return sequences_; }
  ImageAlgebra& images() override { return images_; }

 private:
  /// The numbers of a tensor, gathered where they lie in several runs.
  std::span<const float> contiguous(const Tensor& tensor, Tensor& gathered);

  BufferPool pool_;
  host::MatrixProducts products_;
  host::HostSequences sequences_;
  host::HostImages images_;
  RobustWorkspace robust_;
  CrossEntropy losses_;
  std::vector<float> row_;  // one row of exponentials; grows to the widest row seen
};

}  // namespace murm
