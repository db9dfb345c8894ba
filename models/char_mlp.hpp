// A small character language model: the last characters embedded, their vectors one behind the other, a perceptron.
// Room: models. Works on a Device; knows no worker, message or algorithm.
// Caller: models/objective_factory. Source: Bengio et al. 2003, section 2, without direct connections; ReLU for tanh.
#pragma once
#include <vector>

#include "gpu/device.hpp"
#include "models/mlp.hpp"
#include "models/objective.hpp"

namespace murm {

struct CharMlpOptions {
  std::size_t context = 16;         // characters that are seen
  std::size_t classes = 2;          // characters there are
  std::size_t embedding = 16;       // numbers for each
  std::vector<std::size_t> hidden;  // widths; may be empty
};

/// embedding.weight [classes, embedding], then mlp_layout of context * embedding, hidden, classes.
/// Requires: all numbers positive (asserted).
std::vector<ParameterTensor> char_mlp_layout(const CharMlpOptions& options);

/// The features of a batch are the codes of the characters, [batch][context], whole numbers below `classes`.
/// The first layer's weights are per place: the same character counts differently at another distance.
/// Thread: one at a time.   Cost: that of the perceptron and a copy of its features; no allocation.
class CharMlp final : public Objective {
 public:
  /// Requires: as char_mlp_layout; batch_max > 0 (asserted). The device must outlive the model.
  CharMlp(Device& device, const CharMlpOptions& options, std::size_t batch_max);

  std::span<const ParameterTensor> layout() const override { return layout_; }
  std::size_t parameter_count() const override { return table_ + mlp_.parameter_count(); }
  std::size_t batch_max() const override { return mlp_.batch_max(); }
  /// Embeddings standard normal, as PyTorch's nn.Embedding; the perceptron as Mlp does.
  void initialize(std::uint64_t seed, std::span<float> parameters) const override;
  BatchResult gradient(std::span<const float> parameters, const Batch& batch,
                       std::span<float> gradient) override;
  BatchResult evaluate(std::span<const float> parameters, const Batch& batch) override;
  /// Before the beginning of the text its first character repeats, as in the data.
  void logits(std::span<const float> parameters, std::span<const float> tokens,
              std::span<float> out) override;
  std::vector<LayerSummary> layers() const override;
  std::uint64_t workspace_bytes() const override;

 private:
  Batch embed(std::span<const float> parameters, const Batch& batch);

  Device& device_;
  std::size_t context_;
  std::size_t classes_;
  std::size_t embedding_;
  std::size_t table_;  // elements of the embedding
  std::vector<ParameterTensor> layout_;
  Mlp mlp_;
  Tensor inputs_;           // [batch_max, context * embedding]
  Tensor input_gradients_;  // likewise
};

}  // namespace murm
