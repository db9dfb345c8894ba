#include "gpu/cuda/cuda_sequences.hpp"

#include "gpu/cuda/attention.hpp"
#include "gpu/cuda/sequences.hpp"

namespace murm::cuda {

void CudaSequences::embed(std::size_t n, std::size_t length, std::size_t rows, std::size_t width,
                          const float* tokens, const float* table, const float* places, float* y) {
  cuda::embed(stream_.use(), n, length, rows, width, tokens, table, places, y);
}

void CudaSequences::embed_gradient(std::size_t n, std::size_t length, std::size_t rows,
                                   std::size_t width, const float* tokens, const float* dy,
                                   float* dtable, float* dplaces) {
  cuda::embed_gradient(stream_.use(), n, length, rows, width, tokens, dy, dtable, dplaces);
}

void CudaSequences::layer_norm(std::size_t n, std::size_t width, const float* x, const float* scale,
                               const float* shift, float* y, float* statistics) {
  cuda::layer_norm(stream_.use(), n, width, x, scale, shift, y, statistics);
}

void CudaSequences::layer_norm_gradient(std::size_t n, std::size_t width, const float* x,
                                        const float* scale, const float* statistics,
                                        const float* dy, float* dx, float* dscale, float* dshift) {
  const cudaStream_t stream = stream_.use();
  cuda::layer_norm_gradient(stream, n, width, x, scale, statistics, dy, dx, dscale, dshift,
                            scratch_.numbers(layer_norm_gradient_workspace(n, width)));
}

void CudaSequences::attention(const AttentionShape& shape, const float* qkv, float* y,
                              float* log_sums) {
  cuda::attention(stream_.use(), shape, qkv, y, log_sums);
}

void CudaSequences::attention_gradient(const AttentionShape& shape, const float* qkv,
                                       const float* y, const float* log_sums, const float* dy,
                                       float* dqkv) {
  const cudaStream_t stream = stream_.use();
  cuda::attention_gradient(stream, shape, qkv, y, log_sums, dy, dqkv,
                           scratch_.numbers(attention_gradient_workspace(shape)));
}

void CudaSequences::dropout(std::size_t n, std::uint64_t seed, double probability, float* x) {
  cuda::dropout(stream_.use(), n, seed, probability, x);
}

}  // namespace murm::cuda
