#include "tools/murm/text_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "algorithms/vocabulary.hpp"

namespace murm {

std::size_t TextSampler::pick(std::span<const float> logits) {
  MURM_ASSERT(!logits.empty(), "logits");
  order_.resize(logits.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::ranges::stable_sort(order_,
                           [&](std::size_t a, std::size_t b) { return logits[a] > logits[b]; });
  if (options_.temperature <= 0) return order_.front();
  if (options_.top_k > 0 && options_.top_k < order_.size()) order_.resize(options_.top_k);
  weights_.clear();
  const double highest = logits[order_.front()];
  for (const std::size_t token : order_) {
    weights_.push_back(std::exp((logits[token] - highest) / options_.temperature));
  }
  const double total = std::accumulate(weights_.begin(), weights_.end(), 0.0);
  double left = static_cast<double>(random_.uniform()) * total;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    left -= weights_[i];
    if (left < 0) return order_[i];
  }
  return order_.front();  // rounding, or logits that are no numbers
}

}  // namespace murm
