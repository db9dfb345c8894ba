// The first convolution of a network on pictures: few input channels, weights in registers, 2x2 pooling fused, so that its outputs never reach memory.
// Room: gpu/host. Loops over host memory on the calling thread; channels last.
// Caller: gpu/host/host_images.
#pragma once
#include <cstddef>
#include <cstdint>

#include "gpu/host/scratch.hpp"
#include "gpu/image_algebra.hpp"

namespace murm::host {

/// Thread: one at a time.   Cost: memory for one padded picture, taken when a shape first needs it.
class ThinConvolution {
 public:
  /// 5x5 on one channel, 3x3 on one or three; stride 1, outputs in whole vectors of 16.
  static bool fits(const ConvShape& shape);
  /// As ImageAlgebra::conv_pool.
  void forward(const ConvShape& shape, const float* x, const float* w, const float* bias, float* y,
               std::uint8_t* winners);
  /// As ImageAlgebra::conv_gradient, with winners and without dx.
  void gradient(const ConvShape& shape, const float* x, const ConvGradient& gradient);

 private:
  Scratch padded_;
  Scratch weights_;  // [taps][out], and behind them a row for the bias
};

}  // namespace murm::host
