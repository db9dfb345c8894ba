// ImageAlgebra on the processor: which of the ways to convolve a shape takes.
// Room: gpu/host. Loops over host memory on the calling thread, oneDNN for the shapes that have no faster way.
// Caller: gpu/host/host_device.
#pragma once
#include "gpu/host/convolution.hpp"
#include "gpu/host/image_norm.hpp"
#include "gpu/host/thin_convolution.hpp"
#include "gpu/host/winograd.hpp"
#include "gpu/image_algebra.hpp"

namespace murm::host {

class HostImages final : public ImageAlgebra {
 public:
  explicit HostImages(std::size_t threads) : direct_(threads) {}

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
  Winograd winograd_;
  ThinConvolution thin_;
  Convolutions direct_;
  ImageNorm norm_;
  Scratch whole_;  // outputs of a convolution that are pooled afterwards
};

}  // namespace murm::host
