// Maxima and means over places of a picture, and their way back, on the device.
// Room: gpu/cuda. Starts kernels on a stream; addresses are the device's.
// Caller: gpu/cuda's ImageAlgebra, whose verbs these are (gpu/image_algebra.hpp).
#pragma once
#include <cuda_runtime_api.h>

#include "gpu/image_algebra.hpp"

namespace murm::cuda {

/// As in ImageAlgebra, bit for bit what gpu/host gives. Requires: fewer than 2^31 numbers in an array.
void max_pool(cudaStream_t stream, const PoolShape& shape, const float* x, float* y,
              std::uint8_t* winners);
void max_pool_gradient(cudaStream_t stream, const PoolShape& shape, const float* dy,
                       const std::uint8_t* winners, float* dx);
void mean_pool(cudaStream_t stream, std::size_t n, std::size_t positions, std::size_t channels,
               const float* x, float* y);
void mean_pool_gradient(cudaStream_t stream, std::size_t n, std::size_t positions,
                        std::size_t channels, const float* dy, float* dx);

}  // namespace murm::cuda
