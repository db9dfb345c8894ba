// Draws the next token of a text from a model's logits.
// Room: tools. Numbers in, a number out; knows no model and no alphabet.
// Caller: tools/murm/sample_command.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "algorithms/random.hpp"

namespace murm {

struct SamplingOptions {
  double temperature = 1;   // divides the logits; 0: always the most likely token
  std::uint64_t top_k = 0;  // only the most likely ones are drawn; 0: all
  std::uint64_t seed = 1;
};

/// Equal seeds and logits give equal tokens. Of equal logits the lower token is the likelier.
class TextSampler {
 public:
  explicit TextSampler(const SamplingOptions& options)
      : options_(options), random_(options.seed, 0) {}

  /// Requires: at least one logit (asserted).
  std::size_t pick(std::span<const float> logits);

 private:
  SamplingOptions options_;
  Random random_;
  std::vector<std::size_t> order_;
  std::vector<double> weights_;
};

}  // namespace murm
