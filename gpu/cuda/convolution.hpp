// Convolutions on the device as matrix products whose left operand is never written down (implicit GEMM), in fp32.
// Room: gpu/cuda. Starts kernels on a stream; addresses are the device's.
// Caller: gpu/cuda's ImageAlgebra, whose verbs these are (gpu/image_algebra.hpp).
#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>

#include "gpu/image_algebra.hpp"

namespace murm::cuda {

/// As in ImageAlgebra. Every sum is taken in one order, which depends on the shape alone.
/// Requires: a workspace of conv_workspace(shape) numbers, 16-byte aligned; fewer than 2^31 places in n pictures.
void conv(cudaStream_t stream, const ConvShape& shape, const float* x, const float* w,
          const float* bias, float* y, float* workspace);
void conv_pool(cudaStream_t stream, const ConvShape& shape, const float* x, const float* w,
               const float* bias, float* y, std::uint8_t* winners, float* workspace);
std::size_t conv_workspace(const ConvShape& shape);

/// As in ImageAlgebra. Requires: likewise, of conv_gradient_workspace(shape) numbers.
void conv_gradient(cudaStream_t stream, const ConvShape& shape, const float* x, const float* w,
                   const ConvGradient& gradient, float* workspace);
std::size_t conv_gradient_workspace(const ConvShape& shape);

/// The part of conv_gradient that makes dw and dbias.
void conv_weight_gradient(cudaStream_t stream, const ConvShape& shape, const float* x,
                          const ConvGradient& gradient, float* workspace);
std::size_t conv_weight_gradient_workspace(const ConvShape& shape);

}  // namespace murm::cuda
