// What is trained: a function of one flat parameter vector and a batch.
// Room: models. Works on a Device; knows no worker, message or algorithm.
// Caller: actors/device_actor (gradient), actors/evaluator (evaluate). Implementations: mlp, quadratic, consensus.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gpu/algebra.hpp"

namespace murm {

/// Shapes: features [size][features] row-major fp32; labels [size][targets], also where there is nothing to label.
struct Batch {
  std::span<const float> features;
  std::span<const std::int32_t> labels;
  std::uint64_t position = 0;  // of the first sample in the run's stream; gradients only
  std::size_t targets = 1;     // labels of a sample: as many as places in a sequence model
  std::size_t size() const { return labels.size() / targets; }
};

/// A named range of the flat parameter vector.
struct ParameterTensor {
  std::string name;                // "layer0.weight"
  std::vector<std::size_t> shape;  // row-major
  std::size_t offset = 0;          // first element in the flat vector
  std::size_t size() const;        // elements
};

/// One vector "x": the layout of objectives without structure.
std::vector<ParameterTensor> vector_layout(std::size_t dim);

/// Standard normal numbers, a pure function of the seed.
void fill_normal(std::uint64_t seed, std::span<float> values);

struct BatchResult {
  double loss_sum =
      0;  // summed over the batch; of a classifier: cross-entropy in nats, mean over the targets
  std::uint64_t correct = 0;  // argmax equals label, over all targets
};

/// With one target for each sample.
inline BatchResult batch_result(const CrossEntropy& losses) {
  return {.loss_sum = losses.loss_sum, .correct = losses.correct};
}

/// One layer as `murm model` tells it; numbers are for one sample.
struct LayerSummary {
  std::string name;
  std::vector<std::size_t> output;  // shape
  std::uint64_t parameters = 0;
  std::uint64_t forward_operations =
      0;  // additions and multiplications; a training step needs three times them
};

/// One instance per lane of compute; its workspace is planned for `batch_max` samples at construction
/// and nothing is allocated afterwards. Thread: one at a time.
class Objective {
 public:
  virtual ~Objective() = default;
  virtual std::span<const ParameterTensor> layout() const = 0;
  virtual std::size_t parameter_count() const = 0;
  virtual std::size_t batch_max() const = 0;
  /// Fills `parameters` [parameter_count] from the seed alone.
  virtual void initialize(std::uint64_t seed, std::span<float> parameters) const = 0;
  /// Overwrites `gradient` [parameter_count] with the gradient SUMMED over the batch.
  virtual BatchResult gradient(std::span<const float> parameters, const Batch& batch,
                               std::span<float> gradient) = 0;
  virtual BatchResult evaluate(std::span<const float> parameters, const Batch& batch) = 0;
  /// Logits of what follows `tokens` [at least 1], of which the model sees the last, as many as its context; out: as
  /// many as classes. Errors: InputError where the model is none of a sequence.
  virtual void logits(std::span<const float> parameters, std::span<const float> tokens,
                      std::span<float> out);
  /// For people; empty where there are no layers.
  virtual std::vector<LayerSummary> layers() const { return {}; }
  /// Bytes of the workspace on the device, without parameters and gradient.
  virtual std::uint64_t workspace_bytes() const { return 0; }
};

}  // namespace murm
