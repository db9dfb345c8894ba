// ImageAlgebra on an NVIDIA device.
// Room: gpu/cuda. Queues kernels on a stream; waits for nothing.
// Caller: gpu/cuda/cuda_device. Kernels: convolution, pooling, image_norm.
#pragma once
#include "gpu/cuda/memory.hpp"
#include "gpu/image_algebra.hpp"

namespace murm::cuda {

class CudaImages final : public ImageAlgebra {
 public:
  /// Both outlive it.
  CudaImages(Stream& stream, Scratch& scratch) : stream_(stream), scratch_(scratch) {}

  void conv(const ConvShape& shape, const float* x, const float* w, const float* bias,
            float* y) override;
  void conv_pool(const ConvShape& shape, const float* x, const float* w, const float* bias,
                 float* y, std::uint8_t* winners) override;
  void conv_gradient(const ConvShape& shape, const float* x, const float* w,
                     const ConvGradient& gradient) override;
  void max_pool(const PoolShape& shape, const float* x, float* y, std::uint8_t* winners) override;
  void max_pool_gradient(const PoolShape& shape, const float* dy, const std::uint8_t* winners,
                         float* dx) override;
  void mean_pool(std::size_t n, std::size_t positions, std::size_t channels, const float* x,
                 float* y) override;
  void mean_pool_gradient(std::size_t n, std::size_t positions, std::size_t channels,
                          const float* dy, float* dx) override;
  void norm(const NormShape& shape, const float* x, const float* scale, const float* shift,
            const float* residual, bool relu, float* y, float* statistics) override;
  void norm_gradient(const NormShape& shape, const float* x, const float* scale,
                     const float* statistics, const float* y, float* dy, float* dx, float* dscale,
                     float* dshift) override;
  void add(std::size_t count, const float* x, float* y) override;

 private:
  Stream& stream_;
  Scratch& scratch_;
};

}  // namespace murm::cuda
