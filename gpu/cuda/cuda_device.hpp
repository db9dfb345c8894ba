// An NVIDIA device: memory, products by cuBLASLt, and kernels for everything between them, on one stream.
// Room: gpu/cuda. Knows buffers and numbers; no model, message or round.
// Caller: gpu/cuda/room, which makes one for each lane; models through Device.
#pragma once
#include <memory>
#include <vector>

#include "gpu/cuda/cuda_images.hpp"
#include "gpu/cuda/cuda_sequences.hpp"
#include "gpu/cuda/graphs.hpp"
#include "gpu/cuda/memory.hpp"
#include "gpu/cuda/products.hpp"
#include "gpu/cuda_room.hpp"
#include "gpu/device.hpp"
#include "gpu/pool.hpp"

namespace murm::cuda {

/// Every call may throw DeviceError, after which nothing more can be expected of this object. The same calls with the same
/// numbers give the same bits on one model of device. Several of these may work on one device at a time.
/// Thread: one at a time, whichever; tensors it made may die on any.
class CudaDevice final : public Device {
 public:
  /// `processor` carries out verbs that have no kernel, on copies.
  CudaDevice(int ordinal, const CudaLaneOptions& options, std::unique_ptr<Device> processor);

  std::string name() const override { return "cuda:" + std::to_string(stream_.ordinal()); }

  Tensor allocate(std::size_t length) override;
  Tensor allocate_staging(std::size_t length) override;
  float* address(const Tensor& tensor) override;
  bool has_own_memory() const override { return true; }
  void upload(std::size_t bytes, const void* from, float* to) override;
  void download(std::size_t bytes, const float* from, void* to) override;

  void wait() override;
  void repeat(std::uint64_t key, const std::function<void()>& work) override;
  bool works_in_tiles() const override { return false; }

  void zero(const Tensor& x) override;
  void copy(const Tensor& destination, const Tensor& source) override;
  void axpy(const Tensor& y, float a, const Tensor& x) override;
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

  void new_weights(std::size_t uses) override;
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
  CrossEntropy take_cross_entropy() override;
  SequenceAlgebra& sequences() override { return sequences_; }
  ImageAlgebra& images() override { return images_; }

 private:
  /// From the processor's memory; the source is kept until somebody waits.
  void copy_runs(const Tensor& source, float* to);
  /// A tensor's numbers in one run on this device, copied to `scratch` if they lie elsewhere.
  const float* here(const Tensor& tensor, Scratch& scratch);
  /// A copy in the processor's memory, in one run.
  Tensor on_processor(const Tensor& tensor);

  Stream stream_;
  std::unique_ptr<Device> processor_;
  Pool<DeviceBuffer> pool_;
  Pool<PinnedBuffer> staging_;
  std::vector<Tensor> in_flight_;  // what copies read from, until somebody waits
  Scratch scratch_;
  Scratch gathered_[3];  // sources that lie elsewhere
  Graphs graphs_;
  Products products_;
  CudaSequences sequences_;
  CudaImages images_;
  Tensor losses_;        // one CrossEntropy
  Tensor losses_taken_;  // the same in the processor's memory
};

}  // namespace murm::cuda
