// A transformer language model: tokens and places embedded, pre-norm blocks, a norm, a head over the vocabulary.
// Room: models. Works on a Device; knows no worker, message or algorithm.
// Caller: models/objective_factory. Source: Radford et al. 2019 (GPT-2), sizes free; blocks: models/transformer_block.
#pragma once
#include <vector>

#include "models/arena.hpp"
#include "models/objective.hpp"
#include "models/transformer_block.hpp"

namespace murm {

struct GptOptions {
  std::size_t layers = 4;
  std::size_t heads = 4;
  std::size_t dim = 128;      // width of the residual stream, a multiple of heads
  std::size_t context = 64;   // tokens of a sample
  std::size_t classes = 256;  // vocabulary
  double dropout = 0;
  bool tied = true;  // the head is the table of tokens
  bool checkpointing =
      false;               // keep only what enters each block, and go forward again on the way back
  std::uint64_t seed = 1;  // of dropout
};

/// tokens.weight [classes,dim], places.weight [context,dim], block0..., norm.weight, norm.bias, head.weight unless tied.
/// Requires: all numbers positive, dim a multiple of heads (asserted).
std::vector<ParameterTensor> gpt_layout(const GptOptions& options);

/// Features of a sample are its tokens, labels those that follow: as many targets as places. The loss of a sample is
/// the mean over its places. A batch is worked on in tiles of a few sequences, whose activations stay in the cache.
/// Thread: one at a time.   Cost: about 6 operations per parameter and token, and attention; no allocation.
class Gpt final : public Objective {
 public:
  /// Requires: as gpt_layout; batch_max > 0 (asserted). The device must outlive the model.
  Gpt(Device& device, const GptOptions& options, std::size_t batch_max);

  std::span<const ParameterTensor> layout() const override { return layout_; }
  std::size_t parameter_count() const override;
  std::size_t batch_max() const override { return batch_max_; }
  /// Normal with deviation 0.02, projections into the stream 0.02 / sqrt(2 layers), biases 0, norms 1, as in GPT-2.
  void initialize(std::uint64_t seed, std::span<float> parameters) const override;
  BatchResult gradient(std::span<const float> parameters, const Batch& batch,
                       std::span<float> gradient) override;
  BatchResult evaluate(std::span<const float> parameters, const Batch& batch) override;
  /// Logits [classes] of the token after the last of `tokens`; of a longer text only the last `context` are seen.
  void logits(std::span<const float> parameters, std::span<const float> tokens,
              std::span<float> out) override;
  std::vector<LayerSummary> layers() const override;
  std::uint64_t workspace_bytes() const override { return arena_.bytes(); }

 private:
  /// Some sequences of a batch.
  struct Tile {
    AttentionShape shape;
    const float* tokens = nullptr;
    const std::int32_t* labels = nullptr;
    std::uint64_t position = 0;
  };
  void plan(Arena& arena);
  AttentionShape shape_of(std::size_t sequences, std::size_t length) const;
  Tile tile(const Batch& batch, std::size_t first) const;
  void require_fitting(std::span<const float> parameters, const Batch& batch) const;
  void set_dropout(const Tile& tile, std::size_t layer);
  const float* block_parameters(const float* parameters, std::size_t layer) const;
  const float* head(const float* parameters) const;
  /// Fills normed_; with `keep` also what the way back needs.
  void forward(const float* parameters, const Tile& tile, bool train);
  void backward(const float* parameters, const Tile& tile, float* gradient, bool add);
  BatchResult take_result();

  Device& device_;
  GptOptions options_;
  std::size_t batch_max_;
  std::size_t tile_;  // sequences that are worked on together
  std::vector<ParameterTensor> layout_;
  std::size_t block_size_ = 0;  // parameters of a block
  std::size_t blocks_ = 0;      // offset of the first
  std::size_t norm_ = 0;        // offset of the last norm
  TransformerBlock block_;
  BlockDropout dropout_;
  Arena arena_;
  std::vector<float*>
      streams_;  // [layers + 1] of [tile,context,dim]: what enters each block, and the end
  std::vector<BlockActivations> kept_;  // one for each block, or one for all with checkpointing
  BlockScratch scratch_;
  float* normed_ = nullptr;      // [tile,context,dim]
  float* statistics_ = nullptr;  // of the last norm
  float* logits_ = nullptr;      // [tile,context,classes]
  float* stream_gradient_ = nullptr;
};

}  // namespace murm
