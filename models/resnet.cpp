#include "models/resnet.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace murm {
namespace {

/// Batch normalisation sees its batch as a whole.
std::size_t tile_of(const Device& device, const ResNetOptions& options, std::size_t batch_max) {
  MURM_ASSERT(batch_max > 0, "batch_max");
  MURM_ASSERT(options.tile > 0, "tile");
  const bool whole = options.batch_norm || !device.works_in_tiles();
  return whole ? batch_max : std::min(options.tile, batch_max);
}

ConvShape of(const ResNetConv& conv, std::size_t n) {
  ConvShape shape = conv.shape;
  shape.n = n;
  return shape;
}

}  // namespace

ResNet::ResNet(Device& device, const ResNetOptions& options, std::size_t batch_max)
    : device_(device),
      options_(options),
      batch_max_(batch_max),
      plan_(options, tile_of(device, options, batch_max)),
      arena_(device.allocate(plan_.arena_size)) {}

void ResNet::initialize(std::uint64_t seed, std::span<float> parameters) const {
  MURM_ASSERT(parameters.size() == plan_.parameter_count, std::to_string(parameters.size()));
  for (std::size_t t = 0; t < plan_.layout.size(); ++t) {
    const ParameterTensor& tensor = plan_.layout[t];
    const std::span<float> values = parameters.subspan(tensor.offset, tensor.size());
    if (t >= plan_.output_weight) {
      fill_uniform(seed, t, plan_.last_width(), values);
    } else if (tensor.shape.size() > 1) {
      fill_uniform(seed, t, tensor.size() / tensor.shape.front(), values);
    } else {
      // Behind every weight stand a scale and a shift.
      std::fill(values.begin(), values.end(), plan_.layout[t - 1].shape.size() > 1 ? 1.0F : 0.0F);
    }
  }
}

void ResNet::require_fitting(std::span<const float> parameters, const Batch& batch) const {
  MURM_ASSERT(parameters.size() == plan_.parameter_count, std::to_string(parameters.size()));
  MURM_ASSERT(batch.size() > 0, "empty batch");
  MURM_ASSERT(batch.size() <= batch_max_, std::to_string(batch.size()));
  MURM_ASSERT(batch.features.size() == batch.size() * options_.picture.features(),
              std::to_string(batch.features.size()));
}

NormShape ResNet::norm_shape(std::size_t n, const ResNetConv& conv) const {
  return {.n = n, .positions = conv.places(), .channels = conv.shape.out, .groups = conv.groups};
}

void ResNet::forward(const ResNetConv& conv, std::size_t n, const float* x, const float* residual,
                     bool relu, float* y) {
  const auto parameter = [&](std::size_t tensor) {
    return parameters_ + plan_.layout[tensor].offset;
  };
  ImageAlgebra& images = device_.images();
  images.conv(of(conv, n), x, parameter(conv.weight), nullptr, at(conv.output));
  images.norm(norm_shape(n, conv), at(conv.output), parameter(conv.weight + 1),
              parameter(conv.weight + 2), residual, relu, y, at(conv.statistics));
}

void ResNet::backward(const ResNetConv& conv, std::size_t n, const float* x, const float* y,
                      float* dy, float* dx) {
  const auto offset = [&](std::size_t tensor) { return plan_.layout[tensor].offset; };
  float* doutput = at(plan_.buffers[2]);
  ImageAlgebra& images = device_.images();
  images.norm_gradient(norm_shape(n, conv), at(conv.output), parameters_ + offset(conv.weight + 1),
                       at(conv.statistics), y, dy, doutput, gradient_ + offset(conv.weight + 1),
                       gradient_ + offset(conv.weight + 2));
  images.conv_gradient(
      of(conv, n), x, parameters_ + offset(conv.weight),
      {.dy = doutput, .dw = gradient_ + offset(conv.weight), .add = true, .dx = dx});
}

void ResNet::forward_block(const ResNetBlock& block, std::size_t n, const float* x) {
  const float* shortcut = x;
  if (block.projects) {
    forward(block.shortcut, n, x, nullptr, false, at(plan_.projected));
    shortcut = at(plan_.projected);
  }
  forward(block.first, n, x, nullptr, true, at(block.middle));
  forward(block.second, n, at(block.middle), shortcut, true, at(block.output));
}

void ResNet::backward_block(const ResNetBlock& block, std::size_t n, const float* x) {
  const std::size_t inputs = n * block.first.input_numbers();
  backward(block.second, n, at(block.middle), at(block.output), dy_, spare_);
  float* dx = at(plan_.buffers[3]);
  backward(block.first, n, x, at(block.middle), spare_, dx);
  if (block.projects) {
    backward(block.shortcut, n, x, nullptr, dy_, spare_);
    std::swap(dy_, spare_);
  }
  device_.images().add(inputs, dx, dy_);
}

const float* ResNet::input_of(std::size_t block) const {
  return at(block == 0 ? plan_.stem_output : plan_.blocks[block - 1].output);
}

void ResNet::forward_tile(const float* x, const std::int32_t* labels, std::size_t n,
                          bool differentiate) {
  forward(plan_.stem, n, x, nullptr, true, at(plan_.stem_output));
  for (std::size_t b = 0; b < plan_.blocks.size(); ++b)
    forward_block(plan_.blocks[b], n, input_of(b));
  const ResNetConv& last = plan_.blocks.back().second;
  device_.images().mean_pool(n, last.places(), last.shape.out, input_of(plan_.blocks.size()),
                             at(plan_.mean));
  device_.linear(n, last.shape.out, options_.classes, at(plan_.mean),
                 parameters_ + plan_.layout[plan_.output_weight].offset,
                 {.bias = parameters_ + plan_.layout[plan_.output_weight + 1].offset},
                 at(plan_.logits));
  device_.cross_entropy(n, options_.classes, at(plan_.logits), labels, 1.0F,
                        differentiate ? at(plan_.logits) : nullptr);
}

void ResNet::backward_tile(const float* x, std::size_t n, bool add) {
  const ResNetConv& last = plan_.blocks.back().second;
  const std::size_t weight = plan_.layout[plan_.output_weight].offset;
  device_.linear_gradient(n, last.shape.out, options_.classes, at(plan_.mean), parameters_ + weight,
                          {.dy = at(plan_.logits),
                           .dw = gradient_ + weight,
                           .dbias = gradient_ + plan_.layout[plan_.output_weight + 1].offset,
                           .add = add,
                           .dx = at(plan_.dmean)});
  dy_ = at(plan_.buffers[0]);
  spare_ = at(plan_.buffers[1]);
  device_.images().mean_pool_gradient(n, last.places(), last.shape.out, at(plan_.dmean), dy_);
  for (std::size_t b = plan_.blocks.size(); b-- > 0;) {
    // The last block's are still there.
    if (options_.checkpointing && b + 1 < plan_.blocks.size())
      forward_block(plan_.blocks[b], n, input_of(b));
    backward_block(plan_.blocks[b], n, input_of(b));
  }
  backward(plan_.stem, n, x, at(plan_.stem_output), dy_, nullptr);
}

/// Calls `visit(features, labels, samples, is it the first)` for the tiles of a batch.
template <class Visitor>
BatchResult ResNet::for_each_tile(const Batch& batch, Visitor&& visit) {
  device_.new_weights((batch.size() + plan_.tile - 1) / plan_.tile);
  for (std::size_t from = 0; from < batch.size(); from += plan_.tile) {
    const std::size_t n = std::min(plan_.tile, batch.size() - from);
    const float* x = batch.features.data() + from * options_.picture.features();
    visit(x, batch.labels.data() + from, n, from == 0);
  }
  return batch_result(device_.take_cross_entropy());
}

BatchResult ResNet::gradient(std::span<const float> parameters, const Batch& batch,
                             std::span<float> gradient) {
  require_fitting(parameters, batch);
  MURM_ASSERT(gradient.size() == plan_.parameter_count, std::to_string(gradient.size()));
  parameters_ = parameters.data();
  gradient_ = gradient.data();
  device_.clear(gradient.size(), gradient_);
  return for_each_tile(batch,
                       [&](const float* x, const std::int32_t* labels, std::size_t n, bool first) {
                         forward_tile(x, labels, n, true);
                         backward_tile(x, n, !first);
                       });
}

BatchResult ResNet::evaluate(std::span<const float> parameters, const Batch& batch) {
  require_fitting(parameters, batch);
  parameters_ = parameters.data();
  return for_each_tile(batch, [&](const float* x, const std::int32_t* labels, std::size_t n, bool) {
    forward_tile(x, labels, n, false);
  });
}

std::vector<LayerSummary> ResNet::layers() const {
  std::vector<LayerSummary> layers;
  const auto add = [&](const ResNetConv& conv) {
    const std::size_t taps = plan_.layout[conv.weight].size();
    const ConvShape& shape = conv.shape;
    layers.push_back({conv.name + " " + std::to_string(shape.kernel) + "x" +
                          std::to_string(shape.kernel) + ", norm",
                      {shape.output_height(), shape.output_width(), shape.out},
                      taps + 2 * shape.out,
                      2 * conv.places() * taps});
  };
  add(plan_.stem);
  for (const ResNetBlock& block : plan_.blocks) {
    add(block.first);
    add(block.second);
    if (block.projects) add(block.shortcut);
  }
  const std::size_t count = plan_.layout[plan_.output_weight].size();
  layers.push_back({"mean, output", {options_.classes}, count + options_.classes, 2 * count});
  return layers;
}

std::uint64_t ResNet::workspace_bytes() const { return plan_.arena_size * sizeof(float); }

}  // namespace murm
