// Where the parameters and the activations of a residual network lie: names, shapes, offsets.
// Room: models. Numbers only; knows no device.
// Caller: models/resnet, models/objective_factory (layout).
#pragma once
#include <string>
#include <vector>

#include "gpu/image_algebra.hpp"
#include "models/picture.hpp"

namespace murm {

struct ResNetOptions {
  PictureShape picture;
  std::size_t classes = 10;
  std::size_t blocks = 3;   // of each stage: 6 blocks + 2 layers with weights
  std::size_t width = 16;   // channels of the first stage; doubled by the second and the third
  bool batch_norm = false;  // else groups of channels, eight where that divides them
  bool checkpointing =
      false;  // keep the inputs of blocks alone and compute the rest again on the way back
  std::size_t tile = 32;  // samples that are worked on together; batch normalisation needs them all
};

/// A convolution and the normalisation behind it. Offsets: parameters in the flat vector, the others in the arena.
struct ResNetConv {
  std::string name;
  ConvShape shape;         // n = 1
  std::size_t groups = 0;  // 0: batch normalisation
  std::size_t weight = 0;  // first tensor of the layout: weight, scale, shift
  std::size_t output = 0;  // before normalisation
  std::size_t statistics = 0;
  std::size_t places() const { return shape.output_height() * shape.output_width(); }
  std::size_t input_numbers() const { return shape.height * shape.width * shape.in; }
  std::size_t output_numbers() const { return places() * shape.out; }
};

struct ResNetBlock {
  ResNetConv first, second, shortcut;
  bool projects = false;   // else the shortcut is the input
  std::size_t middle = 0;  // arena: between the convolutions
  std::size_t output = 0;  // arena
};

struct ResNetPlan {
  ResNetConv stem;
  std::vector<ResNetBlock> blocks;
  std::size_t output_weight = 0;  // tensor of the layout; the bias follows
  std::vector<ParameterTensor> layout;
  std::size_t parameter_count = 0;

  std::size_t tile = 0;
  std::size_t stem_output = 0;  // after normalisation
  std::size_t projected = 0;    // shortcut after normalisation; needed only until it is added
  std::size_t buffers[4] = {};  // derivatives, each as large as the largest output
  std::size_t mean = 0;         // [tile, last width]
  std::size_t dmean = 0;
  std::size_t logits = 0;
  std::size_t arena_size = 0;

  /// Requires: a picture of at least 4x4, sizes > 0 (asserted).
  ResNetPlan(const ResNetOptions& options, std::size_t tile_wanted);
  /// Channels of the last stage.
  std::size_t last_width() const { return blocks.back().second.shape.out; }
};

}  // namespace murm
