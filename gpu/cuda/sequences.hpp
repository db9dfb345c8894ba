// What transformers need beside products and attention: embeddings, layer normalisation, dropout.
// Room: gpu/cuda. Addresses are the device's; work is queued on the stream and nothing is waited for.
// Caller: gpu/cuda's SequenceAlgebra, whose verbs these are (gpu/sequence_algebra.hpp).
#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace murm::cuda {

/// A row whose token the table does not have becomes NaN; the same bits as the host's otherwise.
void embed(cudaStream_t stream, std::size_t n, std::size_t length, std::size_t rows,
           std::size_t width, const float* tokens, const float* table, const float* places,
           float* y);
/// Adds in the order of the places, as the host does, to the same bits. Tokens that the table does not have are left out.
/// Cost: every row of the table looks at all tokens.
void embed_gradient(cudaStream_t stream, std::size_t n, std::size_t length, std::size_t rows,
                    std::size_t width, const float* tokens, const float* dy, float* dtable,
                    float* dplaces);

void layer_norm(cudaStream_t stream, std::size_t n, std::size_t width, const float* x,
                const float* scale, const float* shift, float* y, float* statistics);
/// Numbers of memory that layer_norm_gradient needs while it runs.
std::size_t layer_norm_gradient_workspace(std::size_t n, std::size_t width);
/// Sums over rows are split by n alone: the same numbers give the same bits.
void layer_norm_gradient(cudaStream_t stream, std::size_t n, std::size_t width, const float* x,
                         const float* scale, const float* statistics, const float* dy, float* dx,
                         float* dscale, float* dshift, float* workspace);

/// The same bits as the host's.
void dropout(cudaStream_t stream, std::size_t n, std::uint64_t seed, double probability, float* x);

}  // namespace murm::cuda
