// A multi-layer perceptron: linear layers, ReLU between them, softmax cross-entropy at the end.
// Room: models. Works on a Device; knows no worker, message or algorithm.
// Caller: models/objective_factory, models/char_mlp, examples. No hidden layer makes it multinomial logistic regression.
#pragma once
#include <vector>

#include "gpu/device.hpp"
#include "models/objective.hpp"

namespace murm {

/// layer0.weight [out,in], layer0.bias [out], layer1.weight, ... one behind the other.
/// Requires: at least two widths, all positive (asserted).
std::vector<ParameterTensor> mlp_layout(std::span<const std::size_t> widths);

/// Layer l maps widths[l] to widths[l+1]; parameters as in mlp_layout.
/// Thread: one at a time.   Cost: about 6 * parameter_count operations per sample of `gradient`, no allocation.
class Mlp final : public Objective {
 public:
  /// `widths`: features, hidden layers, classes. Requires: at least two, all positive; batch_max > 0 (asserted).
  /// The device must outlive the model.
  Mlp(Device& device, std::vector<std::size_t> widths, std::size_t batch_max);

  std::span<const ParameterTensor> layout() const override { return layout_; }
  std::size_t parameter_count() const override { return parameter_count_; }
  std::size_t batch_max() const override { return batch_max_; }
  /// Weights and biases uniform in +-1 / sqrt(in), as PyTorch's nn.Linear does; one stream for each tensor.
  void initialize(std::uint64_t seed, std::span<float> parameters) const override;
  BatchResult gradient(std::span<const float> parameters, const Batch& batch,
                       std::span<float> gradient) override;
  /// The same; also overwrites `feature_gradient` [batch][features], the derivative by the features.
  BatchResult gradient(std::span<const float> parameters, const Batch& batch,
                       std::span<float> gradient, float* feature_gradient);
  BatchResult evaluate(std::span<const float> parameters, const Batch& batch) override;
  /// The last layer's output [classes] for one sample's `features`, valid until the next call.
  std::span<const float> output_of(std::span<const float> parameters,
                                   std::span<const float> features);
  std::vector<LayerSummary> layers() const override;
  std::uint64_t workspace_bytes() const override;

 private:
  std::size_t layer_count() const { return widths_.size() - 1; }
  std::size_t weight_offset(std::size_t layer) const { return layout_[2 * layer].offset; }
  std::size_t bias_offset(std::size_t layer) const { return layout_[2 * layer + 1].offset; }
  float* output(std::size_t layer) const;
  const float* input(std::size_t layer, const Batch& batch) const;
  void require_fitting(std::span<const float> parameters, const Batch& batch) const;
  void forward(std::span<const float> parameters, const Batch& batch);

  Device& device_;
  std::vector<std::size_t> widths_;
  std::size_t batch_max_;
  std::size_t parameter_count_ = 0;
  std::vector<ParameterTensor> layout_;
  std::vector<Tensor> outputs_;  // of each layer, [batch_max, widths_[l+1]]
  Tensor deltas_[2];  // derivative by a hidden layer's output; one is read, one is written
};

}  // namespace murm
