// A TorchScript module as an objective: softmax cross-entropy of its scores, differentiated by PyTorch.
// Room: tools. Knows libtorch; no worker, message or algorithm.
// Caller: tools/murm_torch/script_kind. Source: libtorch's autograd, which adds into gradients that are there.
#pragma once
#include "models/objective.hpp"
#include "tools/murm_torch/script_module.hpp"

namespace murm {

/// The module's parameters are views of the flat vector, their gradients views of the gradient: nothing is copied.
/// Buffers (the running mean of a batch norm) stay in each copy of the module: workers do not exchange them, and
/// evaluations see those of the file. Dropout depends on the job's seed and the batch alone, where no other worker of
/// the process draws at the same time.
/// Thread: one at a time.   Cost: PyTorch's, which allocates in each step.
class ScriptModel final : public Objective {
 public:
  /// Errors: those of load_script.
  ScriptModel(const ObjectiveOptions& options, const SampleShape& shape, std::size_t batch_max);

  std::span<const ParameterTensor> layout() const override { return script_.layout; }
  std::size_t parameter_count() const override { return parameter_count_; }
  std::size_t batch_max() const override { return batch_max_; }
  /// The numbers in the file, whatever the seed. Errors: InputError when the file is another by now.
  void initialize(std::uint64_t seed, std::span<float> parameters) const override;
  /// Errors: RunError when the module fails.
  BatchResult gradient(std::span<const float> parameters, const Batch& batch,
                       std::span<float> gradient) override;
  BatchResult evaluate(std::span<const float> parameters, const Batch& batch) override;

 private:
  void point_parameters(std::span<const float> parameters);
  void point_gradients(std::span<float> gradient);
  void train(bool on);
  /// Scores [n targets, classes] of the batch; fills labels_.
  at::Tensor scores(const Batch& batch);
  std::uint64_t count_correct(const at::Tensor& scores) const;

  ObjectiveOptions options_;
  SampleShape shape_;
  std::size_t batch_max_;
  ScriptModule script_;
  std::size_t parameter_count_ = 0;
  const float* pointed_ = nullptr;  // where the module's parameters are now
  bool training_ = false;
  at::Tensor labels_;  // [n targets] of the batch at hand
};

}  // namespace murm
