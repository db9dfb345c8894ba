// Convolutions of 3x3 and 5x5 by Winograd's algorithm: 36 products where the sum has 144 (F(4x4,3x3)) or 100 (F(2x2,5x5)), all three passes, 2x2 pooling fused.
// Room: gpu/host. Loops over host memory on the calling thread; channels last.
// Caller: gpu/host/host_images. Source: Lavin & Gray 2016, arXiv:1509.09308; gradients are its transposed maps.
#pragma once
#include <cstddef>
#include <cstdint>

#include "gpu/host/scratch.hpp"
#include "gpu/image_algebra.hpp"

namespace murm::host {

/// Thread: one at a time.   Cost: memory for one block of tiles, taken when a shape first needs it.
/// Error: fp32 rounding grows by the maps, to about 1e-6 of the largest output.
class Winograd {
 public:
  /// Kernel 3 or 5, stride 1, channels in whole vectors of 16.
  static bool fits(const ConvShape& shape);
  /// As ImageAlgebra::conv, and with winners as conv_pool.
  void forward(const ConvShape& shape, const float* x, const float* w, const float* bias, float* y,
               std::uint8_t* winners);
  /// As ImageAlgebra::conv_gradient.
  void gradient(const ConvShape& shape, const float* x, const float* w,
                const ConvGradient& gradient);

 private:
  Scratch weights_;   // at the points: [36][in][out], or for the way back [36][out][in]
  Scratch dweights_;  // [36][in][out]
  Scratch padded_;    // pictures of one group, with zeros around
  Scratch dpadded_;
  Scratch inputs_;   // of a block of tiles at the points: [36][tiles][in]
  Scratch outputs_;  // [36][tiles][out]
};

}  // namespace murm::host
