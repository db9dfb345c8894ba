// LeNet: two convolutions of 5x5 with ReLU and the maximum of 2x2 windows, a hidden layer, softmax cross-entropy.
// Room: models. Works on a Device; knows no worker, message or algorithm.
// Caller: models/objective_factory. Source: after LeCun et al. 1998, in the sizes of TensorFlow's MNIST tutorial.
#pragma once
#include <vector>

#include "gpu/device.hpp"
#include "models/objective.hpp"
#include "models/picture.hpp"

namespace murm {

struct LeNetOptions {
  PictureShape picture;
  std::size_t classes = 10;
  std::size_t first = 32;    // channels of the first convolution
  std::size_t second = 64;   // of the second
  std::size_t hidden = 512;  // width
  std::size_t tile = 128;    // samples that are worked on together; the workspace is for so many
};

/// conv1.weight [first,channels,5,5], conv1.bias, conv2.weight, conv2.bias, hidden.weight [hidden, h/4 * w/4 * second]
/// (channels last), hidden.bias, output.weight, output.bias. Requires: at least 4x4 pixels (asserted).
std::vector<ParameterTensor> lenet_layout(const LeNetOptions& options);

/// Convolutions keep the size of the picture; pooling halves it and drops an odd row or column.
/// Thread: one at a time.   Cost: no allocation after the first batch of each size.
class LeNet final : public Objective {
 public:
  /// The device must outlive the model.
  LeNet(Device& device, const LeNetOptions& options, std::size_t batch_max);

  std::span<const ParameterTensor> layout() const override { return layout_; }
  std::size_t parameter_count() const override { return parameter_count_; }
  std::size_t batch_max() const override { return batch_max_; }
  /// Weights and biases uniform in +-1 / sqrt(fan in), as PyTorch does; one stream for each tensor.
  void initialize(std::uint64_t seed, std::span<float> parameters) const override;
  /// A longer batch than a tile goes through in tiles.
  BatchResult gradient(std::span<const float> parameters, const Batch& batch,
                       std::span<float> gradient) override;
  BatchResult evaluate(std::span<const float> parameters, const Batch& batch) override;
  std::vector<LayerSummary> layers() const override;
  std::uint64_t workspace_bytes() const override;

 private:
  /// Offsets in the arena.
  struct Workspace {
    std::size_t first = 0, second = 0, hidden = 0, output = 0;  // what layers leave
    std::size_t first_winners = 0, second_winners = 0;
    std::size_t dfirst = 0, dsecond = 0, dhidden = 0;  // derivatives by it
    std::size_t size = 0;
  };
  static Workspace plan(const LeNetOptions& options, std::size_t tile);
  ConvShape first_shape(std::size_t n) const;
  ConvShape second_shape(std::size_t n) const;
  std::size_t flat() const;  // numbers of a sample before the hidden layer
  float* at(std::size_t offset) const { return device_.address(arena_) + offset; }
  std::uint8_t* bytes_at(std::size_t offset) const;
  void require_fitting(std::span<const float> parameters, const Batch& batch) const;
  void forward(const float* parameters, const float* x, const std::int32_t* labels, std::size_t n,
               bool differentiate);
  void backward(const float* parameters, const float* x, std::size_t n, bool add, float* gradient);

  Device& device_;
  LeNetOptions options_;
  std::size_t batch_max_;
  std::vector<ParameterTensor> layout_;
  std::size_t parameter_count_ = 0;
  Workspace workspace_;
  Tensor arena_;
};

}  // namespace murm
