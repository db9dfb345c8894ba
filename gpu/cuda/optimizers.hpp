// The arithmetic of algorithms between a gradient and new parameters: steps of optimizers, compensation, norms.
// Room: gpu/cuda. Arrays on the device, each at least 4-byte aligned; no shard, sender or round.
// Caller: gpu/cuda/cuda_device. Kernels in optimizers.cu, block_optimizers.cu; bodies in algorithms/.
#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>

#include "algorithms/optimizer.hpp"
#include "algorithms/parameter_server/compensation.hpp"

namespace murm::cuda {

void scale(cudaStream_t stream, std::size_t n, float a, float* x);  // x *= a

/// Device::optimizer_step: x[n], first[n] and second[n] (null where the kind has none) are changed, the gradient[n] is read.
/// Kinds that take no norms give the host's bits. `workspace` [optimizer_step_workspace] is 8-byte aligned.
/// Requires: the step's blocks, if any, cover n in order.
void optimizer_step(cudaStream_t stream, const OptimizerStep& step, std::size_t n,
                    const float* gradient, float* x, float* first, float* second, float* workspace);
std::size_t optimizer_step_workspace(const OptimizerStep& step, std::size_t n);

/// The kinds of which takes_norms is true: sums of squares in double, in an order that depends on lengths alone.
void block_optimizer_step(cudaStream_t stream, const OptimizerStep& step, std::size_t n,
                          const float* gradient, float* x, float* first, float* second,
                          float* workspace);

/// *result <- the Euclidean norm of x[n], summed likewise. `workspace` [norm_workspace] is 8-byte aligned.
void norm(cudaStream_t stream, std::size_t n, const float* x, float* workspace, double* result);
std::size_t norm_workspace(std::size_t n);

/// out[n] <- the gradient[n] compensated; `mean_square`[n] advances, null unless the rule is adaptive. The host's bits.
void compensate(cudaStream_t stream, const Compensation& rule, std::size_t n, const float* gradient,
                const float* now, const float* read, float* mean_square, float* out);

}  // namespace murm::cuda
