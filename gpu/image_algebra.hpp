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
  std::size_t padding = 0;  // zeros on each side, fewer than the kernel is wide
  std::size_t output_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  std::size_t output_width() const { return (width + 2 * padding - kernel) / stride + 1; }
};

/// The way back through conv, or with winners through conv_pool.
struct ConvGradient {
  const float* dy = nullptr;
  const std::uint8_t* winners = nullptr;  // null: of conv
  float* dw = nullptr;                    // [out,in,kernel,kernel] <- the derivative
  float* dbias = nullptr;                 // [out]; null: not wanted
  bool add = false;                       // dw and dbias are added to what is there
  float* dx = nullptr;                    // [n,height,width,in] <- the derivative; null: not wanted
};

/// Windows of a maximum: square, those that lie wholly in the picture.
struct PoolShape {
  std::size_t n = 0;
  std::size_t height = 0;
  std::size_t width = 0;
  std::size_t channels = 0;
  std::size_t window = 2;  // at most 15
  std::size_t stride = 2;
  std::size_t output_height() const { return (height - window) / stride + 1; }
  std::size_t output_width() const { return (width - window) / stride + 1; }
};

/// What has mean 0 and variance 1 together: a group of channels of one picture (Wu & He 2018, arXiv:1803.08494), or
/// with groups = 0 a channel of all pictures (Ioffe & Szegedy 2015, arXiv:1502.03167).
struct NormShape {
  std::size_t n = 0;
  std::size_t positions = 0;  // height * width
  std::size_t channels = 0;
  std::size_t groups = 0;                                                   // divides channels
  std::size_t sets() const { return groups == 0 ? channels : n * groups; }  // of statistics
};

/// Thread: one at a time. Arrays do not overlap unless said.
class ImageAlgebra {
 public:
  virtual ~ImageAlgebra() = default;

  /// y[n,oh,ow,out] <- the correlation of x[n,height,width,in] with w[out,in,kernel,kernel], plus bias[out] (or null)
  virtual void conv(const ConvShape& shape, const float* x, const float* w, const float* bias,
                    float* y) = 0;
  /// y[n,oh/2,ow/2,out] <- max(0, the largest of each 2x2 window of conv); winners: which of the four, 4 where y is 0.
  virtual void conv_pool(const ConvShape& shape, const float* x, const float* w, const float* bias,
                         float* y, std::uint8_t* winners) = 0;
  virtual void conv_gradient(const ConvShape& shape, const float* x, const float* w,
                             const ConvGradient& gradient) = 0;

  /// y[n,oh,ow,channels] <- max(0, the largest of each window); winners: its place in the window, row by row, and
  /// window * window where y is 0.
  virtual void max_pool(const PoolShape& shape, const float* x, float* y,
                        std::uint8_t* winners) = 0;
  /// dx[n,height,width,channels] <- dy where the winners were, 0 elsewhere
  virtual void max_pool_gradient(const PoolShape& shape, const float* dy,
                                 const std::uint8_t* winners, float* dx) = 0;
  /// y[n,channels] <- the mean of x[n,positions,channels] over its positions
  virtual void mean_pool(std::size_t n, std::size_t positions, std::size_t channels, const float* x,
                         float* y) = 0;
  virtual void mean_pool_gradient(std::size_t n, std::size_t positions, std::size_t channels,
                                  const float* dy, float* dx) = 0;

  /// y <- f(scale (x - mean) / sqrt(variance + 1e-5) + shift + residual) with the biased variance of each set;
  /// f: max(0, .) with `relu`. x, y and residual (or null) [n,positions,channels]; scale, shift [channels];
  /// statistics[sets,2] <- mean and 1 / standard deviation.
  virtual void norm(const NormShape& shape, const float* x, const float* scale, const float* shift,
                    const float* residual, bool relu, float* y, float* statistics) = 0;
  /// dy <- 0 where y (null: no relu) is not positive: the derivative by the residual. dx <- the derivative by x;
  /// dscale, dshift [channels] += theirs.
  virtual void norm_gradient(const NormShape& shape, const float* x, const float* scale,
                             const float* statistics, const float* y, float* dy, float* dx,
                             float* dscale, float* dshift) = 0;

  /// y[count] <- y + x
  virtual void add(std::size_t count, const float* x, float* y) = 0;
};

}  // namespace murm
