#include "models/lenet.hpp"

#include <algorithm>

namespace murm {
namespace {

constexpr std::size_t kKernel = 5;
constexpr std::size_t kPadding = 2;
/// Tensors of the layout.
enum Part { conv1, conv1_bias, conv2, conv2_bias, hidden, hidden_bias, output, output_bias };

std::size_t flat_numbers(const LeNetOptions& options) {
  return options.picture.height / 2 / 2 * (options.picture.width / 2 / 2) * options.second;
}

}  // namespace

std::vector<ParameterTensor> lenet_layout(const LeNetOptions& options) {
  MURM_ASSERT(options.picture.height >= 4, std::to_string(options.picture.height));
  MURM_ASSERT(options.picture.width >= 4, std::to_string(options.picture.width));
  LayoutBuilder builder;
  builder.add("conv1.weight", {options.first, options.picture.channels, kKernel, kKernel});
  builder.add("conv1.bias", {options.first});
  builder.add("conv2.weight", {options.second, options.first, kKernel, kKernel});
  builder.add("conv2.bias", {options.second});
  builder.add("hidden.weight", {options.hidden, flat_numbers(options)});
  builder.add("hidden.bias", {options.hidden});
  builder.add("output.weight", {options.classes, options.hidden});
  builder.add("output.bias", {options.classes});
  return builder.layout;
}

LeNet::Workspace LeNet::plan(const LeNetOptions& options, std::size_t tile) {
  const PictureShape& picture = options.picture;
  const std::size_t first = tile * (picture.height / 2) * (picture.width / 2) * options.first;
  const std::size_t second = tile * flat_numbers(options);
  ArenaPlan arena;
  Workspace w;
  w.first = arena.take(first);
  w.second = arena.take(second);
  w.hidden = arena.take(tile * options.hidden);
  w.output = arena.take(tile * options.classes);
  w.first_winners = arena.take_bytes(first);
  w.second_winners = arena.take_bytes(second);
  w.dfirst = arena.take(first);
  w.dsecond = arena.take(second);
  w.dhidden = arena.take(tile * options.hidden);
  w.size = arena.size();
  return w;
}

LeNet::LeNet(Device& device, const LeNetOptions& options, std::size_t batch_max)
    : device_(device), options_(options), batch_max_(batch_max), layout_(lenet_layout(options)) {
  MURM_ASSERT(batch_max > 0, "batch_max");
  MURM_ASSERT(options.tile > 0, "tile");
  options_.tile = device.works_in_tiles() ? std::min(options.tile, batch_max) : batch_max;
  parameter_count_ = layout_.back().offset + layout_.back().size();
  workspace_ = plan(options_, options_.tile);
  arena_ = device.allocate(workspace_.size);
}

std::size_t LeNet::flat() const { return flat_numbers(options_); }

ConvShape LeNet::first_shape(std::size_t n) const {
  return {.n = n,
          .height = options_.picture.height,
          .width = options_.picture.width,
          .in = options_.picture.channels,
          .out = options_.first,
          .kernel = kKernel,
          .padding = kPadding};
}

ConvShape LeNet::second_shape(std::size_t n) const {
  return {.n = n,
          .height = options_.picture.height / 2,
          .width = options_.picture.width / 2,
          .in = options_.first,
          .out = options_.second,
          .kernel = kKernel,
          .padding = kPadding};
}

std::uint8_t* LeNet::bytes_at(std::size_t offset) const {
  return reinterpret_cast<std::uint8_t*>(at(offset));
}

void LeNet::initialize(std::uint64_t seed, std::span<float> parameters) const {
  MURM_ASSERT(parameters.size() == parameter_count_, std::to_string(parameters.size()));
  for (std::size_t t = 0; t < layout_.size(); ++t) {
    const ParameterTensor& weight = layout_[t / 2 * 2];  // a bias follows its weight
    fill_uniform(seed, t, weight.size() / weight.shape.front(),
                 parameters.subspan(layout_[t].offset, layout_[t].size()));
  }
}

void LeNet::require_fitting(std::span<const float> parameters, const Batch& batch) const {
  MURM_ASSERT(parameters.size() == parameter_count_, std::to_string(parameters.size()));
  MURM_ASSERT(batch.size() > 0, "empty batch");
  MURM_ASSERT(batch.size() <= batch_max_, std::to_string(batch.size()));
  MURM_ASSERT(batch.features.size() == batch.size() * options_.picture.features(),
              std::to_string(batch.features.size()));
}

void LeNet::forward(const float* parameters, const float* x, const std::int32_t* labels,
                    std::size_t n, bool differentiate) {
  const auto parameter = [&](Part part) { return parameters + layout_[part].offset; };
  const Workspace& w = workspace_;
  ImageAlgebra& images = device_.images();
  images.conv_pool(first_shape(n), x, parameter(conv1), parameter(conv1_bias), at(w.first),
                   bytes_at(w.first_winners));
  images.conv_pool(second_shape(n), at(w.first), parameter(conv2), parameter(conv2_bias),
                   at(w.second), bytes_at(w.second_winners));
  device_.linear(n, flat(), options_.hidden, at(w.second), parameter(hidden),
                 {.bias = parameter(hidden_bias), .activation = Activation::relu}, at(w.hidden));
  device_.linear(n, options_.hidden, options_.classes, at(w.hidden), parameter(output),
                 {.bias = parameter(output_bias)}, at(w.output));
  device_.cross_entropy(n, options_.classes, at(w.output), labels, 1.0F,
                        differentiate ? at(w.output) : nullptr);
}

void LeNet::backward(const float* parameters, const float* x, std::size_t n, bool add,
                     float* gradient) {
  const auto parameter = [&](Part part) { return parameters + layout_[part].offset; };
  const auto slope = [&](Part part) { return gradient + layout_[part].offset; };
  const Workspace& w = workspace_;
  device_.linear_gradient(n, options_.hidden, options_.classes, at(w.hidden), parameter(output),
                          {.dy = at(w.output),
                           .dw = slope(output),
                           .dbias = slope(output_bias),
                           .add = add,
                           .dx = at(w.dhidden),
                           .activation = Activation::relu});
  device_.linear_gradient(n, flat(), options_.hidden, at(w.second), parameter(hidden),
                          {.dy = at(w.dhidden),
                           .dw = slope(hidden),
                           .dbias = slope(hidden_bias),
                           .add = add,
                           .dx = at(w.dsecond)});
  ImageAlgebra& images = device_.images();
  images.conv_gradient(second_shape(n), at(w.first), parameter(conv2),
                       {.dy = at(w.dsecond),
                        .winners = bytes_at(w.second_winners),
                        .dw = slope(conv2),
                        .dbias = slope(conv2_bias),
                        .add = add,
                        .dx = at(w.dfirst)});
  images.conv_gradient(first_shape(n), x, parameter(conv1),
                       {.dy = at(w.dfirst),
                        .winners = bytes_at(w.first_winners),
                        .dw = slope(conv1),
                        .dbias = slope(conv1_bias),
                        .add = add});
}

BatchResult LeNet::gradient(std::span<const float> parameters, const Batch& batch,
                            std::span<float> gradient) {
  require_fitting(parameters, batch);
  MURM_ASSERT(gradient.size() == parameter_count_, std::to_string(gradient.size()));
  device_.new_weights((batch.size() + options_.tile - 1) / options_.tile);
  for (std::size_t from = 0; from < batch.size(); from += options_.tile) {
    const std::size_t n = std::min(options_.tile, batch.size() - from);
    const float* x = batch.features.data() + from * options_.picture.features();
    forward(parameters.data(), x, batch.labels.data() + from, n, true);
    backward(parameters.data(), x, n, from > 0, gradient.data());
  }
  return batch_result(device_.take_cross_entropy());
}

BatchResult LeNet::evaluate(std::span<const float> parameters, const Batch& batch) {
  require_fitting(parameters, batch);
  device_.new_weights((batch.size() + options_.tile - 1) / options_.tile);
  for (std::size_t from = 0; from < batch.size(); from += options_.tile) {
    const std::size_t n = std::min(options_.tile, batch.size() - from);
    forward(parameters.data(), batch.features.data() + from * options_.picture.features(),
            batch.labels.data() + from, n, false);
  }
  return batch_result(device_.take_cross_entropy());
}

std::vector<LayerSummary> LeNet::layers() const {
  const auto conv = [&](const std::string& name, const ConvShape& shape, Part weight) {
    const std::size_t places = shape.output_height() * shape.output_width();
    const std::size_t taps = layout_[weight].size();
    return LayerSummary{name,
                        {shape.output_height() / 2, shape.output_width() / 2, shape.out},
                        taps + shape.out,
                        2 * places * taps};
  };
  const auto linear = [&](const std::string& name, Part weight) {
    const std::size_t count = layout_[weight].size();
    const std::size_t out = layout_[weight].shape.front();
    return LayerSummary{name, {out}, count + out, 2 * count};
  };
  return {conv("conv1 5x5, relu, pool", first_shape(1), conv1),
          conv("conv2 5x5, relu, pool", second_shape(1), conv2), linear("hidden, relu", hidden),
          linear("output", output)};
}

std::uint64_t LeNet::workspace_bytes() const { return workspace_.size * sizeof(float); }

}  // namespace murm
