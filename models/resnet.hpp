// A residual network for small pictures: a 3x3 convolution, three stages of blocks, the mean over all places, softmax.
// Room: models. Works on a Device; knows no worker, message or algorithm. models/resnet_plan says where everything lies.
// Caller: models/objective_factory. Source: He et al. 2016, arXiv:1512.03385, section 4.2, with projections (option B).
#pragma once
#include <vector>

#include "gpu/device.hpp"
#include "models/objective.hpp"
#include "models/resnet_plan.hpp"

namespace murm {

/// Block: y = relu(norm(conv(relu(norm(conv(x))))) + shortcut), where the shortcut is x, or the norm of a 1x1
/// convolution of x where sizes change. Convolutions before a norm have no bias.
/// Batch normalisation keeps no running statistics: evaluation normalises with those of the batch that it evaluates,
/// so its results depend on how samples are batched. Group normalisation knows no batch.
/// Thread: one at a time.   Cost: no allocation after the first batch of each size.
class ResNet final : public Objective {
 public:
  /// The device must outlive the model. Requires: batch_max > 0, picture of at least 4x4 (asserted).
  ResNet(Device& device, const ResNetOptions& options, std::size_t batch_max);

  std::span<const ParameterTensor> layout() const override { return plan_.layout; }
  std::size_t parameter_count() const override { return plan_.parameter_count; }
  std::size_t batch_max() const override { return batch_max_; }
  /// Weights (and the last bias) uniform in +-1 / sqrt(fan in), as PyTorch does; scales 1, shifts 0.
  void initialize(std::uint64_t seed, std::span<float> parameters) const override;
  /// With group normalisation a longer batch than a tile goes through in tiles.
  BatchResult gradient(std::span<const float> parameters, const Batch& batch,
                       std::span<float> gradient) override;
  BatchResult evaluate(std::span<const float> parameters, const Batch& batch) override;
  std::vector<LayerSummary> layers() const override;
  std::uint64_t workspace_bytes() const override;

 private:
  float* at(std::size_t offset) const { return device_.address(arena_) + offset; }
  NormShape norm_shape(std::size_t n, const ResNetConv& conv) const;
  void require_fitting(std::span<const float> parameters, const Batch& batch) const;
  template <class Visitor>
  BatchResult for_each_tile(const Batch& batch, Visitor&& visit);

  /// y <- relu(norm(conv(x)) + residual), or without relu; what the convolution leaves is kept in its place.
  void forward(const ResNetConv& conv, std::size_t n, const float* x, const float* residual,
               bool relu, float* y);
  /// The way back: dy is overwritten by the derivative by the residual; dx null: not wanted.
  void backward(const ResNetConv& conv, std::size_t n, const float* x, const float* y, float* dy,
                float* dx);
  void forward_block(const ResNetBlock& block, std::size_t n, const float* x);
  /// dy_ is the derivative by the block's output, and becomes that by its input.
  void backward_block(const ResNetBlock& block, std::size_t n, const float* x);
  void forward_tile(const float* x, const std::int32_t* labels, std::size_t n, bool differentiate);
  void backward_tile(const float* x, std::size_t n, bool add);
  const float* input_of(std::size_t block) const;

  Device& device_;
  ResNetOptions options_;
  std::size_t batch_max_;
  ResNetPlan plan_;
  Tensor arena_;
  // of the call in progress
  const float* parameters_ = nullptr;
  float* gradient_ = nullptr;
  float* dy_ = nullptr;     // derivative by the output of the block at hand
  float* spare_ = nullptr;  // as large
};

}  // namespace murm
