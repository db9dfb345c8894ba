// Causal attention and its way back, without a matrix of scores in memory.
// Room: gpu/cuda. Addresses are the device's; work is queued on the stream and nothing is waited for.
// Caller: gpu/cuda's SequenceAlgebra, whose verbs these are (gpu/sequence_algebra.hpp). Source: Dao et al. 2022
// (arXiv:2205.14135), Algorithms 1 and 4; the way back makes two passes, so that each sum has one owner.
#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>

#include "gpu/sequence_algebra.hpp"

namespace murm::cuda {

/// Heads may have any width up to this one (asserted). Each is computed as if it had 32, 64, 128 or 256 numbers.
constexpr std::size_t kHeadWidthMax = 256;

void attention(cudaStream_t stream, const AttentionShape& shape, const float* qkv, float* y,
               float* log_sums);

/// Numbers of memory that attention_gradient needs while it runs.
std::size_t attention_gradient_workspace(const AttentionShape& shape);
void attention_gradient(cudaStream_t stream, const AttentionShape& shape, const float* qkv,
                        const float* y, const float* log_sums, const float* dy, float* dqkv,
                        float* workspace);

}  // namespace murm::cuda
