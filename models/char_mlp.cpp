#include "models/char_mlp.hpp"

#include <algorithm>
#include <string>

#include "algorithms/random.hpp"

namespace murm {
namespace {

std::vector<std::size_t> widths_of(const CharMlpOptions& options) {
  std::vector<std::size_t> widths{options.context * options.embedding};
  widths.insert(widths.end(), options.hidden.begin(), options.hidden.end());
  widths.push_back(options.classes);
  return widths;
}

}  // namespace

std::vector<ParameterTensor> char_mlp_layout(const CharMlpOptions& options) {
  std::vector<ParameterTensor> layout{
      {"embedding.weight", {options.classes, options.embedding}, 0}};
  const std::size_t table = layout.front().size();
  for (ParameterTensor& tensor : mlp_layout(widths_of(options))) {
    tensor.offset += table;
    layout.push_back(std::move(tensor));
  }
  return layout;
}

CharMlp::CharMlp(Device& device, const CharMlpOptions& options, std::size_t batch_max)
    : device_(device),
      context_(options.context),
      classes_(options.classes),
      embedding_(options.embedding),
      table_(options.classes * options.embedding),
      layout_(char_mlp_layout(options)),
      mlp_(device, widths_of(options), batch_max),
      inputs_(device.allocate(batch_max * context_ * embedding_)),
      input_gradients_(device.allocate(batch_max * context_ * embedding_)) {}

void CharMlp::initialize(std::uint64_t seed, std::span<float> parameters) const {
  MURM_ASSERT(parameters.size() == parameter_count(), std::to_string(parameters.size()));
  mlp_.initialize(seed, parameters.subspan(table_));
  Random random(seed, mlp_.layout().size());  // the streams before it are the perceptron's
  for (float& value : parameters.first(table_)) value = random.normal();
}

Batch CharMlp::embed(std::span<const float> parameters, const Batch& batch) {
  MURM_ASSERT(parameters.size() == parameter_count(), std::to_string(parameters.size()));
  MURM_ASSERT(batch.size() <= batch_max(), std::to_string(batch.size()));
  MURM_ASSERT(batch.features.size() == batch.size() * context_,
              std::to_string(batch.features.size()));
  const std::span<float> inputs(device_.address(inputs_), batch.features.size() * embedding_);
  device_.gather_rows(batch.features.size(), classes_, embedding_, batch.features.data(),
                      parameters.data(), inputs.data());
  return {inputs, batch.labels, batch.position};
}

BatchResult CharMlp::gradient(std::span<const float> parameters, const Batch& batch,
                              std::span<float> gradient) {
  MURM_ASSERT(gradient.size() == parameter_count(), std::to_string(gradient.size()));
  const Batch embedded = embed(parameters, batch);
  float* input_gradients = device_.address(input_gradients_);
  const BatchResult result = mlp_.gradient(parameters.subspan(table_), embedded,
                                           gradient.subspan(table_), input_gradients);
  device_.clear(table_, gradient.data());
  device_.scatter_rows(batch.features.size(), classes_, embedding_, batch.features.data(),
                       input_gradients, gradient.data());
  return result;
}

BatchResult CharMlp::evaluate(std::span<const float> parameters, const Batch& batch) {
  return mlp_.evaluate(parameters.subspan(table_), embed(parameters, batch));
}

void CharMlp::logits(std::span<const float> parameters, std::span<const float> tokens,
                     std::span<float> out) {
  MURM_ASSERT(!tokens.empty(), "tokens");
  MURM_ASSERT(out.size() == classes_, std::to_string(out.size()));
  std::vector<float> seen(context_, tokens.front());
  const auto last = tokens.last(std::min(context_, tokens.size()));
  std::ranges::copy_backward(last, seen.end());
  const std::int32_t unused = 0;  // the size of a batch is that of its labels
  const Batch embedded = embed(parameters, {seen, {&unused, 1}});
  std::ranges::copy(mlp_.output_of(parameters.subspan(table_), embedded.features), out.begin());
}

std::vector<LayerSummary> CharMlp::layers() const {
  std::vector<LayerSummary> layers{
      {.name = "embedding", .output = {context_, embedding_}, .parameters = table_}};
  for (LayerSummary& layer : mlp_.layers()) layers.push_back(std::move(layer));
  return layers;
}

std::uint64_t CharMlp::workspace_bytes() const {
  return mlp_.workspace_bytes() + (inputs_.length() + input_gradients_.length()) * sizeof(float);
}

}  // namespace murm
