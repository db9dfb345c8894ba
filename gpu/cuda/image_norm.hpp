// Group and batch normalisation of pictures, forward and back, and the sum where branches join, on the device.
// Room: gpu/cuda. Starts kernels on a stream; addresses are the device's.
// Caller: gpu/cuda's ImageAlgebra, whose verbs these are (gpu/image_algebra.hpp).
#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>

#include "gpu/image_algebra.hpp"

namespace murm::cuda {

/// As in ImageAlgebra. Sums are in fp64, in an order that follows from the shape and from whether x, y and dy are all
/// 16-byte aligned.
/// Requires: a workspace of norm_workspace(shape) numbers, 8-byte aligned.
/// Cost: x is read twice and y written once; back x and dy are read twice, y once, dx (and with y dy) written once.
void norm(cudaStream_t stream, const NormShape& shape, const float* x, const float* scale,
          const float* shift, const float* residual, bool relu, float* y, float* statistics,
          float* workspace);
void norm_gradient(cudaStream_t stream, const NormShape& shape, const float* x, const float* scale,
                   const float* statistics, const float* y, float* dy, float* dx, float* dscale,
                   float* dshift, float* workspace);
std::size_t norm_workspace(const NormShape& shape);

}  // namespace murm::cuda
