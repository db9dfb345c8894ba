#include "gpu/cuda/cuda_images.hpp"

#include "gpu/cuda/algebra.hpp"
#include "gpu/cuda/convolution.hpp"
#include "gpu/cuda/image_norm.hpp"
#include "gpu/cuda/pooling.hpp"

namespace murm::cuda {

void CudaImages::conv(const ConvShape& shape, const float* x, const float* w, const float* bias,
                      float* y) {
  const cudaStream_t stream = stream_.use();
  cuda::conv(stream, shape, x, w, bias, y, scratch_.numbers(conv_workspace(shape)));
}

void CudaImages::conv_pool(const ConvShape& shape, const float* x, const float* w,
                           const float* bias, float* y, std::uint8_t* winners) {
  const cudaStream_t stream = stream_.use();
  cuda::conv_pool(stream, shape, x, w, bias, y, winners, scratch_.numbers(conv_workspace(shape)));
}

void CudaImages::conv_gradient(const ConvShape& shape, const float* x, const float* w,
                               const ConvGradient& gradient) {
  const cudaStream_t stream = stream_.use();
  cuda::conv_gradient(stream, shape, x, w, gradient,
                      scratch_.numbers(conv_gradient_workspace(shape)));
}

void CudaImages::max_pool(const PoolShape& shape, const float* x, float* y, std::uint8_t* winners) {
  cuda::max_pool(stream_.use(), shape, x, y, winners);
}

void CudaImages::max_pool_gradient(const PoolShape& shape, const float* dy,
                                   const std::uint8_t* winners, float* dx) {
  cuda::max_pool_gradient(stream_.use(), shape, dy, winners, dx);
}

void CudaImages::mean_pool(std::size_t n, std::size_t positions, std::size_t channels,
                           const float* x, float* y) {
  cuda::mean_pool(stream_.use(), n, positions, channels, x, y);
}

void CudaImages::mean_pool_gradient(std::size_t n, std::size_t positions, std::size_t channels,
                                    const float* dy, float* dx) {
  cuda::mean_pool_gradient(stream_.use(), n, positions, channels, dy, dx);
}

void CudaImages::norm(const NormShape& shape, const float* x, const float* scale,
                      const float* shift, const float* residual, bool relu, float* y,
                      float* statistics) {
  const cudaStream_t stream = stream_.use();
  cuda::norm(stream, shape, x, scale, shift, residual, relu, y, statistics,
             scratch_.numbers(norm_workspace(shape)));
}

void CudaImages::norm_gradient(const NormShape& shape, const float* x, const float* scale,
                               const float* statistics, const float* y, float* dy, float* dx,
                               float* dscale, float* dshift) {
  const cudaStream_t stream = stream_.use();
  cuda::norm_gradient(stream, shape, x, scale, statistics, y, dy, dx, dscale, dshift,
                      scratch_.numbers(norm_workspace(shape)));
}

void CudaImages::add(std::size_t count, const float* x, float* y) {
  axpy(stream_.use(), count, 1.0F, x, y);
}

}  // namespace murm::cuda
