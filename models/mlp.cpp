#include "models/mlp.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "algorithms/random.hpp"

namespace murm {

std::vector<ParameterTensor> mlp_layout(std::span<const std::size_t> widths) {
  MURM_ASSERT(widths.size() >= 2, std::to_string(widths.size()));
  std::vector<ParameterTensor> layout;
  std::size_t offset = 0;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    const std::size_t in = widths[l];
    const std::size_t out = widths[l + 1];
    MURM_ASSERT(in > 0, std::to_string(l));
    MURM_ASSERT(out > 0, std::to_string(l));
    const std::string name = "layer" + std::to_string(l);
    layout.push_back({name + ".weight", {out, in}, offset});
    offset += out * in;
    layout.push_back({name + ".bias", {out}, offset});
    offset += out;
  }
  return layout;
}

Mlp::Mlp(Device& device, std::vector<std::size_t> widths, std::size_t batch_max)
    : device_(device),
      widths_(std::move(widths)),
      batch_max_(batch_max),
      layout_(mlp_layout(widths_)) {
  MURM_ASSERT(batch_max_ > 0, "batch_max");
  parameter_count_ = layout_.back().offset + layout_.back().size();
  std::size_t hidden_max = 0;
  for (std::size_t l = 0; l < layer_count(); ++l) {
    const std::size_t out = widths_[l + 1];
    outputs_.push_back(device_.allocate(batch_max_ * out));
    if (l + 1 < layer_count()) hidden_max = std::max(hidden_max, out);
  }
  for (Tensor& delta : deltas_) delta = device_.allocate(batch_max_ * hidden_max);
}

void Mlp::initialize(std::uint64_t seed, std::span<float> parameters) const {
  MURM_ASSERT(parameters.size() == parameter_count_, std::to_string(parameters.size()));
  for (std::size_t t = 0; t < layout_.size(); ++t) {
    const float bound = 1.0F / std::sqrt(static_cast<float>(widths_[t / 2]));
    Random random(seed, t);
    for (float& value : parameters.subspan(layout_[t].offset, layout_[t].size())) {
      value = random.uniform(-bound, bound);
    }
  }
}

float* Mlp::output(std::size_t layer) const { return device_.address(outputs_[layer]); }

const float* Mlp::input(std::size_t layer, const Batch& batch) const {
  return layer == 0 ? batch.features.data() : output(layer - 1);
}

void Mlp::require_fitting(std::span<const float> parameters, const Batch& batch) const {
  MURM_ASSERT(parameters.size() == parameter_count_, std::to_string(parameters.size()));
  MURM_ASSERT(batch.size() > 0, "empty batch");
  MURM_ASSERT(batch.size() <= batch_max_, std::to_string(batch.size()));
  MURM_ASSERT(batch.features.size() == batch.size() * widths_[0],
              std::to_string(batch.features.size()));
}

void Mlp::forward(std::span<const float> parameters, const Batch& batch) {
  device_.new_weights(1);
  for (std::size_t l = 0; l < layer_count(); ++l) {
    const bool hidden = l + 1 < layer_count();
    device_.linear(batch.size(), widths_[l], widths_[l + 1], input(l, batch),
                   parameters.data() + weight_offset(l),
                   {.bias = parameters.data() + bias_offset(l),
                    .activation = hidden ? Activation::relu : Activation::none},
                   output(l));
  }
}

BatchResult Mlp::gradient(std::span<const float> parameters, const Batch& batch,
                          std::span<float> gradient) {
  return this->gradient(parameters, batch, gradient, nullptr);
}

BatchResult Mlp::gradient(std::span<const float> parameters, const Batch& batch,
                          std::span<float> gradient, float* feature_gradient) {
  require_fitting(parameters, batch);
  MURM_ASSERT(gradient.size() == parameter_count_, std::to_string(gradient.size()));
  forward(parameters, batch);
  const std::size_t last = layer_count() - 1;
  device_.cross_entropy(batch.size(), widths_.back(), output(last), batch.labels.data(), 1.0F,
                        output(last));
  const float* delta = output(last);
  for (std::size_t l = layer_count(); l-- > 0;) {
    float* below = l == 0 ? feature_gradient : device_.address(deltas_[l % 2]);
    device_.linear_gradient(batch.size(), widths_[l], widths_[l + 1], input(l, batch),
                            parameters.data() + weight_offset(l),
                            {.dy = delta,
                             .dw = gradient.data() + weight_offset(l),
                             .dbias = gradient.data() + bias_offset(l),
                             .dx = below,
                             .activation = l == 0 ? Activation::none : Activation::relu});
    delta = below;
  }
  return batch_result(device_.take_cross_entropy());
}

BatchResult Mlp::evaluate(std::span<const float> parameters, const Batch& batch) {
  require_fitting(parameters, batch);
  forward(parameters, batch);
  device_.cross_entropy(batch.size(), widths_.back(), output(layer_count() - 1),
                        batch.labels.data(), 1.0F, nullptr);
  return batch_result(device_.take_cross_entropy());
}

std::span<const float> Mlp::output_of(std::span<const float> parameters,
                                      std::span<const float> features) {
  const std::int32_t unused = 0;  // the size of a batch is that of its labels
  const Batch batch{features, {&unused, 1}};
  require_fitting(parameters, batch);
  forward(parameters, batch);
  return host_span(outputs_.back()).first(widths_.back());
}

std::vector<LayerSummary> Mlp::layers() const {
  std::vector<LayerSummary> layers;
  for (std::size_t l = 0; l < layer_count(); ++l) {
    const std::uint64_t weights = widths_[l] * widths_[l + 1];
    layers.push_back({.name = "layer" + std::to_string(l),
                      .output = {widths_[l + 1]},
                      .parameters = weights + widths_[l + 1],
                      .forward_operations = 2 * weights});
  }
  return layers;
}

std::uint64_t Mlp::workspace_bytes() const {
  std::uint64_t numbers = 0;
  for (const Tensor& output : outputs_) numbers += output.length();
  for (const Tensor& delta : deltas_) numbers += delta.length();
  return numbers * sizeof(float);
}

}  // namespace murm
