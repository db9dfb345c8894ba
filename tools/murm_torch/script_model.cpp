#include "tools/murm_torch/script_model.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "algorithms/random.hpp"

namespace murm {
namespace {

/// A tensor of the layout within a flat vector. libtorch has no word for what is only read.
at::Tensor view(const ParameterTensor& tensor, const float* flat) {
  const std::vector<std::int64_t> sizes(tensor.shape.begin(), tensor.shape.end());
  return at::from_blob(const_cast<float*>(flat) + tensor.offset, sizes, at::kFloat);
}

}  // namespace

ScriptModel::ScriptModel(const ObjectiveOptions& options, const SampleShape& shape,
                         std::size_t batch_max)
    : options_(options),
      shape_(shape),
      batch_max_(batch_max),
      script_(load_script(options, shape)) {
  MURM_ASSERT(batch_max_ > 0, "batch_max");
  parameter_count_ = script_.layout.back().offset + script_.layout.back().size();
}

void ScriptModel::initialize(std::uint64_t /*seed*/, std::span<float> parameters) const {
  MURM_ASSERT(parameters.size() == parameter_count_, std::to_string(parameters.size()));
  const ScriptModule fresh = load_script(options_, shape_);  // ours look at others' numbers by now
  const auto same = [](const ParameterTensor& a, const ParameterTensor& b) {
    return a.name == b.name && a.shape == b.shape;
  };
  if (!std::ranges::equal(fresh.layout, script_.layout, same)) {
    throw InputError("[murm_torch] model.path = \"" + options_.path +
                     "\" has changed since the run began. HINT: start again");
  }
  const at::NoGradGuard no_gradients;
  for (std::size_t t = 0; t < fresh.layout.size(); ++t)
    view(fresh.layout[t], parameters.data()).copy_(fresh.places[t].front());
}

void ScriptModel::point_parameters(std::span<const float> parameters) {
  MURM_ASSERT(parameters.size() == parameter_count_, std::to_string(parameters.size()));
  if (parameters.data() == pointed_) return;
  pointed_ = parameters.data();
  for (std::size_t t = 0; t < script_.layout.size(); ++t) {
    for (at::Tensor& place : script_.places[t]) place.set_data(view(script_.layout[t], pointed_));
  }
}

void ScriptModel::point_gradients(std::span<float> gradient) {
  MURM_ASSERT(gradient.size() == parameter_count_, std::to_string(gradient.size()));
  std::ranges::fill(gradient, 0.0F);  // autograd adds
  for (std::size_t t = 0; t < script_.layout.size(); ++t) {
    for (at::Tensor& place : script_.places[t])
      place.mutable_grad() = view(script_.layout[t], gradient.data());
  }
}

void ScriptModel::train(bool on) {
  if (on != training_) script_.module.train(on);
  training_ = on;
}

at::Tensor ScriptModel::scores(const Batch& batch) {
  MURM_ASSERT(batch.size() > 0, "empty batch");
  MURM_ASSERT(batch.size() <= batch_max_, std::to_string(batch.size()));
  at::get_num_threads();  // makes this thread compute alone
  const auto labels = static_cast<std::int64_t>(batch.labels.size());
  labels_ = at::from_blob(const_cast<std::int32_t*>(batch.labels.data()), {labels}, at::kInt)
                .to(at::kLong);
  std::vector<std::int64_t> input = script_.input;
  input.front() = static_cast<std::int64_t>(batch.size());
  const at::Tensor features = at::from_blob(const_cast<float*>(batch.features.data()), input,
                                            at::kFloat);
  const at::Tensor answer = script_.module.forward({features}).toTensor();
  return answer.reshape({labels, static_cast<std::int64_t>(shape_.classes)});
}

std::uint64_t ScriptModel::count_correct(const at::Tensor& scores) const {
  return static_cast<std::uint64_t>(scores.argmax(1).eq(labels_).sum().item<std::int64_t>());
}

BatchResult ScriptModel::gradient(std::span<const float> parameters, const Batch& batch,
                                  std::span<float> gradient) {
  train(true);
  point_parameters(parameters);
  point_gradients(gradient);
  at::manual_seed(spread_bits(options_.seed + spread_bits(batch.position + 1)));
  try {
    const at::Tensor answers = scores(batch);
    const at::Tensor loss = at::cross_entropy_loss(answers, labels_, {}, at::Reduction::Sum) /
                            static_cast<double>(batch.targets);
    loss.backward();
    return {.loss_sum = loss.item<double>(), .correct = count_correct(answers)};
  } catch (const std::exception& error) {
    throw RunError("[murm_torch] model.path = \"" + options_.path +
                   "\" fails in training: " + complaint(error));
  }
}

BatchResult ScriptModel::evaluate(std::span<const float> parameters, const Batch& batch) {
  train(false);
  point_parameters(parameters);
  const at::NoGradGuard no_gradients;
  try {
    const at::Tensor answers = scores(batch);
    const at::Tensor loss = at::cross_entropy_loss(answers, labels_, {}, at::Reduction::Sum) /
                            static_cast<double>(batch.targets);
    return {.loss_sum = loss.item<double>(), .correct = count_correct(answers)};
  } catch (const std::exception& error) {
    throw RunError("[murm_torch] model.path = \"" + options_.path +
                   "\" fails in an evaluation: " + complaint(error));
  }
}

}  // namespace murm
