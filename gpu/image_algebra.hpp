// What networks on pictures need beside products: convolutions, pooling, normalisation.
// Room: gpu. Addresses are the device's own; pictures are fp32 [n,height,width,channels]; no layer or round.
// Caller: models (lenet, resnet). Implementations: gpu/host; a device has one (gpu/device.hpp).
#pragma once
#include <cstddef>
#include <cstdint>

namespace murm {

struct ConvShape {
  std::size_t n = 0;
  std::size_t height = 0;  // of the input
  std::size_t width = 0;
  std::size_t in = 0;   // channels
  std::size_t out = 0;  // channels
  std::size_t kernel = 1;
  std::size_t stride = 1;
  std::size_t padding = 0;  // zeros on each side
  std::size_t output_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  std::size_t output_width() const { return (width + 2 * padding - kernel) / stride + 1; }
};

/// Thread: one at a time. Arrays do not overlap.
class ImageAlgebra {
 public:
  virtual ~ImageAlgebra() = default;

  /// y[n,oh,ow,out] <- the correlation of x[n,height,width,in] with w[out,in,kernel,kernel], plus bias[out] (or null)
  virtual void conv(const ConvShape& shape, const float* x, const float* w, const float* bias,
                    float* y) = 0;
  /// dw and dbias (or null) <- their derivatives; with `add` they are added to what is there.
  virtual void conv_weight_gradient(const ConvShape& shape, const float* x, const float* dy,
                                    float* dw, float* dbias, bool add) = 0;
  /// dx[n,height,width,in] <- its derivative
  virtual void conv_data_gradient(const ConvShape& shape, const float* dy, const float* w,
                                  float* dx) = 0;
};

}  // namespace murm
