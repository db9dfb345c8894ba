#include "models/gpt.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "algorithms/random.hpp"

namespace murm {
namespace {

/// Rows of a tile: long enough for products at full speed, short enough that a block's activations stay cached.
constexpr std::size_t kTileRows = 512;
/// A tile comes again for each part of the batch: weights are worth a form that multiplies faster.
constexpr std::size_t kUsesOfWeights = 16;
constexpr float kDeviation = 0.02F;

bool ends_with(const std::string& name, const std::string& end) {
  return name.size() >= end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::vector<ParameterTensor> gpt_layout(const GptOptions& options) {
  MURM_ASSERT(options.layers > 0, "layers");
  MURM_ASSERT(options.context > 0, "context");
  MURM_ASSERT(options.classes > 0, "classes");
  MURM_ASSERT(options.heads > 0, "heads");
  MURM_ASSERT(options.dim > 0, "dim");
  MURM_ASSERT(options.dim % options.heads == 0, std::to_string(options.dim));
  std::vector<ParameterTensor> layout;
  std::size_t offset = 0;
  const auto tensor = [&](const std::string& name, std::vector<std::size_t> shape) {
    layout.push_back({name, std::move(shape), offset});
    offset += layout.back().size();
  };
  tensor("tokens.weight", {options.classes, options.dim});
  tensor("places.weight", {options.context, options.dim});
  for (std::size_t l = 0; l < options.layers; ++l) {
    for (ParameterTensor& part : block_layout(options.dim, "block" + std::to_string(l), offset)) {
      offset += part.size();
      layout.push_back(std::move(part));
    }
  }
  tensor("norm.weight", {options.dim});
  tensor("norm.bias", {options.dim});
  if (!options.tied) tensor("head.weight", {options.classes, options.dim});
  return layout;
}

Gpt::Gpt(Device& device, const GptOptions& options, std::size_t batch_max)
    : device_(device),
      options_(options),
      batch_max_(batch_max),
      tile_(device.works_in_tiles() ? std::clamp<std::size_t>(kTileRows / options.context, 1,
                                                              std::max<std::size_t>(batch_max, 1))
                                    : batch_max),
      layout_(gpt_layout(options)),
      block_(device, options.dim) {
  MURM_ASSERT(batch_max_ > 0, "batch_max");
  blocks_ = (options.classes + options.context) * options.dim;
  const std::vector<ParameterTensor> first = block_layout(options.dim, "", 0);
  block_size_ = first.back().offset + first.back().size();
  norm_ = blocks_ + options.layers * block_size_;
  dropout_.probability = options.dropout;
  dropout_.seeds.resize(tile_);
  plan(arena_);
  arena_.allocate(device);
  plan(arena_);
}

void Gpt::plan(Arena& arena) {
  const AttentionShape shape = shape_of(tile_, options_.context);
  const std::size_t rows = tile_ * options_.context;
  const std::size_t numbers = rows * options_.dim;
  streams_.assign(options_.layers + 1, nullptr);
  for (float*& stream : streams_) stream = arena.take(numbers);
  kept_.resize(options_.checkpointing ? 1 : options_.layers);
  for (BlockActivations& kept : kept_) kept.take(arena, shape);
  scratch_.take(arena, shape, options_.dropout > 0);
  normed_ = arena.take(numbers);
  statistics_ = arena.take(2 * rows);
  logits_ = arena.take(rows * options_.classes);
  stream_gradient_ = arena.take(numbers);
}

std::size_t Gpt::parameter_count() const { return layout_.back().offset + layout_.back().size(); }

AttentionShape Gpt::shape_of(std::size_t sequences, std::size_t length) const {
  return {sequences, length, options_.heads, options_.dim / options_.heads};
}

void Gpt::initialize(std::uint64_t seed, std::span<float> parameters) const {
  MURM_ASSERT(parameters.size() == parameter_count(), std::to_string(parameters.size()));
  const float into_stream = kDeviation / std::sqrt(2.0F * static_cast<float>(options_.layers));
  for (std::size_t t = 0; t < layout_.size(); ++t) {
    const ParameterTensor& tensor = layout_[t];
    const std::span<float> values = parameters.subspan(tensor.offset, tensor.size());
    if (tensor.shape.size() == 1) {
      const bool scale = ends_with(tensor.name, ".weight");
      std::fill(values.begin(), values.end(), scale ? 1.0F : 0.0F);
      continue;
    }
    const bool projection = ends_with(tensor.name, "proj.weight") ||
                            ends_with(tensor.name, "out.weight");
    Random random(seed, t);
    for (float& value : values) value = random.normal() * (projection ? into_stream : kDeviation);
  }
}

Gpt::Tile Gpt::tile(const Batch& batch, std::size_t first) const {
  const std::size_t count = std::min(tile_, batch.size() - first);
  return {shape_of(count, options_.context), batch.features.data() + first * options_.context,
          batch.labels.data() + first * options_.context, batch.position + first};
}

void Gpt::require_fitting(std::span<const float> parameters, const Batch& batch) const {
  MURM_ASSERT(parameters.size() == parameter_count(), std::to_string(parameters.size()));
  MURM_ASSERT(batch.size() > 0, "empty batch");
  MURM_ASSERT(batch.size() <= batch_max_, std::to_string(batch.size()));
  MURM_ASSERT(batch.targets == options_.context, std::to_string(batch.targets));
  MURM_ASSERT(batch.features.size() == batch.labels.size(), std::to_string(batch.features.size()));
}

const float* Gpt::block_parameters(const float* parameters, std::size_t layer) const {
  return parameters + blocks_ + layer * block_size_;
}

const float* Gpt::head(const float* parameters) const {
  return options_.tied ? parameters : parameters + norm_ + 2 * options_.dim;
}

void Gpt::set_dropout(const Tile& tile, std::size_t layer) {
  for (std::size_t s = 0; s < tile.shape.n; ++s) {
    dropout_.seeds[s] = spread_bits(spread_bits(options_.seed + tile.position + s) + 16 * layer);
  }
}

void Gpt::forward(const float* parameters, const Tile& tile, bool train) {
  const std::size_t rows = tile.shape.n * tile.shape.length;
  const float* places = parameters + options_.classes * options_.dim;
  device_.sequences().embed(tile.shape.n, tile.shape.length, options_.classes, options_.dim,
                            tile.tokens, parameters, places, streams_[0]);
  dropout_.probability = train ? options_.dropout : 0;
  for (std::size_t l = 0; l < options_.layers; ++l) {
    set_dropout(tile, l);
    block_.forward(tile.shape, block_parameters(parameters, l), dropout_, streams_[l],
                   kept_[train ? l % kept_.size() : 0], streams_[l + 1]);
  }
  device_.sequences().layer_norm(rows, options_.dim, streams_.back(), parameters + norm_,
                                 parameters + norm_ + options_.dim, normed_, statistics_);
}

void Gpt::backward(const float* parameters, const Tile& tile, float* gradient, bool add) {
  const std::size_t rows = tile.shape.n * tile.shape.length;
  const std::size_t dim = options_.dim;
  float* head_gradient = gradient + (head(parameters) - parameters);
  if (!add) {
    device_.clear(blocks_, gradient);
    device_.clear(2 * dim, gradient + norm_);
  }
  device_.linear_gradient(
      rows, dim, options_.classes, normed_, head(parameters),
      {.dy = logits_, .dw = head_gradient, .add = add || options_.tied, .dx = scratch_.normed});
  device_.clear(rows * dim, stream_gradient_);
  device_.sequences().layer_norm_gradient(rows, dim, streams_.back(), parameters + norm_,
                                          statistics_, scratch_.normed, stream_gradient_,
                                          gradient + norm_, gradient + norm_ + dim);
  for (std::size_t l = options_.layers; l-- > 0;) {
    const BlockActivations& kept = kept_[l % kept_.size()];
    set_dropout(tile, l);
    if (options_.checkpointing && l + 1 < options_.layers) {
      block_.forward(tile.shape, block_parameters(parameters, l), dropout_, streams_[l], kept,
                     streams_[l + 1]);
    }
    block_.backward(tile.shape, block_parameters(parameters, l), dropout_, streams_[l], kept,
                    scratch_, stream_gradient_, gradient + blocks_ + l * block_size_, add);
  }
  device_.sequences().embed_gradient(tile.shape.n, tile.shape.length, options_.classes, dim,
                                     tile.tokens, stream_gradient_, gradient,
                                     gradient + options_.classes * dim);
}

BatchResult Gpt::gradient(std::span<const float> parameters, const Batch& batch,
                          std::span<float> gradient) {
  require_fitting(parameters, batch);
  MURM_ASSERT(gradient.size() == parameter_count(), std::to_string(gradient.size()));
  device_.new_weights(kUsesOfWeights);
  const float scale = 1.0F / static_cast<float>(options_.context);
  for (std::size_t first = 0; first < batch.size(); first += tile_) {
    const Tile part = tile(batch, first);
    const std::size_t rows = part.shape.n * part.shape.length;
    forward(parameters.data(), part, true);
    device_.linear(rows, options_.dim, options_.classes, normed_, head(parameters.data()), {},
                   logits_);
    device_.cross_entropy(rows, options_.classes, logits_, part.labels, scale, logits_);
    backward(parameters.data(), part, gradient.data(), first > 0);
  }
  return take_result();
}

BatchResult Gpt::evaluate(std::span<const float> parameters, const Batch& batch) {
  require_fitting(parameters, batch);
  device_.new_weights(kUsesOfWeights);
  for (std::size_t first = 0; first < batch.size(); first += tile_) {
    const Tile part = tile(batch, first);
    const std::size_t rows = part.shape.n * part.shape.length;
    forward(parameters.data(), part, false);
    device_.linear(rows, options_.dim, options_.classes, normed_, head(parameters.data()), {},
                   logits_);
    device_.cross_entropy(rows, options_.classes, logits_, part.labels, 1.0F, nullptr);
  }
  return take_result();
}

BatchResult Gpt::take_result() {
  const CrossEntropy losses = device_.take_cross_entropy();
  return {.loss_sum = losses.loss_sum / static_cast<double>(options_.context),
          .correct = losses.correct};
}

void Gpt::logits(std::span<const float> parameters, std::span<const float> tokens,
                 std::span<float> out) {
  MURM_ASSERT(parameters.size() == parameter_count(), std::to_string(parameters.size()));
  MURM_ASSERT(!tokens.empty(), "no token");
  MURM_ASSERT(out.size() == options_.classes, std::to_string(out.size()));
  const std::span<const float> seen = tokens.last(std::min(tokens.size(), options_.context));
  device_.new_weights(1);
  forward(parameters.data(), {shape_of(1, seen.size()), seen.data(), nullptr, 0}, false);
  device_.linear(1, options_.dim, options_.classes, normed_ + (seen.size() - 1) * options_.dim,
                 head(parameters.data()), {}, logits_);
  device_.download(out.size_bytes(), logits_, out.data());
}

std::vector<LayerSummary> Gpt::layers() const {
  const std::uint64_t places = options_.context;
  const std::uint64_t dim = options_.dim;
  const std::vector<std::size_t> stream{options_.context, options_.dim};
  std::vector<LayerSummary> layers;
  layers.push_back({"tokens and places", stream, std::uint64_t{blocks_}, places * dim});
  for (std::size_t l = 0; l < options_.layers; ++l) {
    // Causal attention: half of the places' pairs, each a product of queries and keys and one with values.
    const std::uint64_t attention = 2 * places * (places + 1) * dim;
    layers.push_back({"block" + std::to_string(l), stream, std::uint64_t{block_size_},
                      places * 24 * dim * dim + attention});
  }
  layers.push_back({"norm", stream, 2 * dim, 8 * places * dim});
  layers.push_back({options_.tied ? "head (tied)" : "head",
                    {options_.context, options_.classes},
                    options_.tied ? 0 : options_.classes * dim,
                    2 * places * dim * options_.classes});
  return layers;
}

}  // namespace murm
