// Loops of pooling and normalisation over one picture, channels last.
// Room: gpu/host. Knows arrays of numbers; no tensor. Sums are in fp32 over one picture, in one order.
// Caller: gpu/host/host_images, gpu/host/image_norm.
#pragma once
#include <cstddef>
#include <cstdint>

#include "gpu/image_algebra.hpp"

namespace murm::host {

/// ImageAlgebra::max_pool and its way back for one picture.
void max_pool(const PoolShape& shape, const float* x, float* y, std::uint8_t* winners);
void max_pool_gradient(const PoolShape& shape, const float* dy, const std::uint8_t* winners,
                       float* dx);

/// y <- a x
void scaled(std::size_t n, float a, const float* x, float* y);

/// sums[channels] <- over positions, of (x - mean)^2
void square_sums(std::size_t positions, std::size_t channels, const float* x, const float* mean,
                 float* sums);
/// y <- (x - mean) factor + shift + residual (or null), then max(0, .) with `relu`; by channel.
struct Normalisation {
  const float* mean = nullptr;
  const float* factor = nullptr;
  const float* shift = nullptr;
  bool relu = false;
};
void normalise(std::size_t positions, std::size_t channels, const Normalisation& norm,
               const float* x, const float* residual, float* y);

/// dy <- 0 where y (or null) is not positive; sums[channels] <- of dy, projections[channels] <- of dy (x - mean).
void gradient_sums(std::size_t positions, std::size_t channels, const float* x, const float* mean,
                   const float* y, float* dy, float* sums, float* projections);
/// dx <- dy factor - (x - mean) slope - level; by channel.
struct NormGradient {
  const float* mean = nullptr;
  const float* factor = nullptr;
  const float* slope = nullptr;
  const float* level = nullptr;
};
void norm_gradient(std::size_t positions, std::size_t channels, const NormGradient& gradient,
                   const float* x, const float* dy, float* dx);

}  // namespace murm::host
