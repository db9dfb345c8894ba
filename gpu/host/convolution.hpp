// Convolutions of any shape by oneDNN's direct algorithm, one prepared primitive per shape and direction.
// Room: gpu/host. Uses oneDNN; channels last, weights as ImageAlgebra has them.
// Caller: gpu/host/host_images, for what gpu/host/winograd and gpu/host/thin_convolution do not do.
#pragma once
#include <cstddef>
#include <memory>

#include "gpu/image_algebra.hpp"

namespace murm::host {

/// Thread: one at a time.   Cost: the first call of a shape prepares it; later ones allocate no memory here. Weights
/// are brought into blocks by every call.
class Convolutions {
 public:
  explicit Convolutions(std::size_t threads);
  ~Convolutions();
  /// As in ImageAlgebra. Gradients of bias: not here.
  void forward(const ConvShape& shape, const float* x, const float* w, const float* bias, float* y);
  void weight_gradient(const ConvShape& shape, const float* x, const float* dy, float* dw,
                       bool add);
  void data_gradient(const ConvShape& shape, const float* dy, const float* w, float* dx);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace murm::host
