#include "models/resnet_plan.hpp"

#include <algorithm>
#include <numeric>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

constexpr std::size_t kGroups = 8;
constexpr std::size_t kStages = 3;

/// A convolution that keeps the size, or halves it with a stride of 2, and its three tensors.
ResNetConv add_conv(LayoutBuilder& builder, const ResNetOptions& options, const std::string& name,
                    ConvShape shape) {
  ResNetConv conv;
  conv.name = name;
  conv.shape = shape;
  conv.groups = options.batch_norm ? 0 : std::gcd(shape.out, kGroups);
  conv.weight = builder.layout.size();
  builder.add(name + ".weight", {shape.out, shape.in, shape.kernel, shape.kernel});
  builder.add(name + ".scale", {shape.out});
  builder.add(name + ".shift", {shape.out});
  return conv;
}

ResNetBlock add_block(LayoutBuilder& builder, const ResNetOptions& options, const std::string& name,
                      const ConvShape& input, std::size_t out, std::size_t stride) {
  ConvShape shape = input;
  shape.out = out;
  shape.kernel = 3;
  shape.stride = stride;
  shape.padding = 1;
  ResNetBlock block;
  block.first = add_conv(builder, options, name + ".conv1", shape);
  const ConvShape second{.n = 1,
                         .height = shape.output_height(),
                         .width = shape.output_width(),
                         .in = out,
                         .out = out,
                         .kernel = 3,
                         .padding = 1};
  block.second = add_conv(builder, options, name + ".conv2", second);
  block.projects = stride != 1 || input.in != out;
  if (block.projects) {
    shape.kernel = 1;
    shape.padding = 0;
    block.shortcut = add_conv(builder, options, name + ".shortcut", shape);
  }
  return block;
}

/// Places for what a convolution leaves.
void place(ArenaPlan& arena, std::size_t tile, ResNetConv& conv) {
  conv.output = arena.take(tile * conv.output_numbers());
  conv.statistics = arena.take(2 * std::max(tile * conv.groups, conv.shape.out));
}

void place(ArenaPlan& arena, std::size_t tile, ResNetBlock& block) {
  block.middle = arena.take(tile * block.first.output_numbers());
  place(arena, tile, block.first);
  place(arena, tile, block.second);
  if (block.projects) place(arena, tile, block.shortcut);
}

}  // namespace

ResNetPlan::ResNetPlan(const ResNetOptions& options, std::size_t tile_wanted) : tile(tile_wanted) {
  MURM_ASSERT(options.blocks > 0, "blocks");
  MURM_ASSERT(options.width > 0, "width");
  MURM_ASSERT(options.picture.height >= 4, std::to_string(options.picture.height));
  MURM_ASSERT(options.picture.width >= 4, std::to_string(options.picture.width));
  LayoutBuilder builder;
  ConvShape shape{.n = 1,
                  .height = options.picture.height,
                  .width = options.picture.width,
                  .in = options.picture.channels,
                  .out = options.width,
                  .kernel = 3,
                  .padding = 1};
  stem = add_conv(builder, options, "conv", shape);
  shape.in = options.width;
  for (std::size_t s = 0; s < kStages; ++s) {
    for (std::size_t b = 0; b < options.blocks; ++b) {
      const std::string name = "stage" + std::to_string(s + 1) + ".block" + std::to_string(b + 1);
      const std::size_t stride = s > 0 && b == 0 ? 2 : 1;
      blocks.push_back(add_block(builder, options, name, shape, options.width << s, stride));
      shape = blocks.back().second.shape;
    }
  }
  output_weight = builder.layout.size();
  builder.add("output.weight", {options.classes, last_width()});
  builder.add("output.bias", {options.classes});
  layout = builder.layout;
  parameter_count = builder.size();

  ArenaPlan arena;
  place(arena, tile, stem);
  stem_output = arena.take(tile * stem.output_numbers());
  std::size_t largest = stem.output_numbers();
  std::size_t shared_end = arena.size();
  const ArenaPlan shared = arena;
  for (ResNetBlock& block : blocks) {
    largest = std::max(largest, block.first.output_numbers());
    // With checkpointing all blocks leave what is between their ends in the same place.
    if (options.checkpointing) arena = shared;
    place(arena, tile, block);
    shared_end = std::max(shared_end, arena.size());
  }
  if (options.checkpointing) {
    arena = shared;
    arena.take(shared_end - arena.size());
  }
  for (ResNetBlock& block : blocks) block.output = arena.take(tile * block.second.output_numbers());
  projected = arena.take(tile * largest);
  for (std::size_t& buffer : buffers) buffer = arena.take(tile * largest);
  mean = arena.take(tile * last_width());
  dmean = arena.take(tile * last_width());
  logits = arena.take(tile * options.classes);
  arena_size = arena.size();
}

}  // namespace murm
