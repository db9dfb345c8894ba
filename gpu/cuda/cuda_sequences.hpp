// SequenceAlgebra on an NVIDIA device.
// Room: gpu/cuda. Queues kernels on a stream; waits for nothing.
// Caller: gpu/cuda/cuda_device. Kernels: sequences, attention.
#pragma once
#include "gpu/cuda/memory.hpp"
#include "gpu/sequence_algebra.hpp"

namespace murm::cuda {

class CudaSequences final : public SequenceAlgebra {
 public:
  /// Both outlive it.
  CudaSequences(Stream& stream, Scratch& scratch) : stream_(stream), scratch_(scratch) {}

  void embed(std::size_t n, std::size_t length, std::size_t rows, std::size_t width,
             const float* tokens, const float* table, const float* places, float* y) override;
  void embed_gradient(std::size_t n, std::size_t length, std::size_t rows, std::size_t width,
                      const float* tokens, const float* dy, float* dtable, float* dplaces) override;
  void layer_norm(std::size_t n, std::size_t width, const float* x, const float* scale,
                  const float* shift, float* y, float* statistics) override;
  void layer_norm_gradient(std::size_t n, std::size_t width, const float* x, const float* scale,
                           const float* statistics, const float* dy, float* dx, float* dscale,
                           float* dshift) override;
  void attention(const AttentionShape& shape, const float* qkv, float* y, float* log_sums) override;
  void attention_gradient(const AttentionShape& shape, const float* qkv, const float* y,
                          const float* log_sums, const float* dy, float* dqkv) override;
  void dropout(std::size_t n, std::uint64_t seed, double probability, float* x) override;

 private:
  Stream& stream_;
  Scratch& scratch_;
};

}  // namespace murm::cuda
