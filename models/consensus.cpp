#include "models/consensus.hpp"

#include <algorithm>
#include <string>

#include "algorithms/vocabulary.hpp"

namespace murm {

Consensus::Consensus(std::size_t dim, std::size_t batch_max)
    : batch_max_(batch_max), layout_(vector_layout(dim)) {
  MURM_ASSERT(dim > 0, "dim");
  MURM_ASSERT(batch_max > 0, "batch_max");
}

void Consensus::initialize(std::uint64_t seed, std::span<float> parameters) const {
  MURM_ASSERT(parameters.size() == parameter_count(), std::to_string(parameters.size()));
  fill_normal(seed, parameters);
}

BatchResult Consensus::gradient(std::span<const float> parameters, const Batch& batch,
                                std::span<float> gradient) {
  MURM_ASSERT(gradient.size() == parameter_count(), std::to_string(gradient.size()));
  std::fill(gradient.begin(), gradient.end(), 0.0F);
  return evaluate(parameters, batch);
}

BatchResult Consensus::evaluate(std::span<const float> parameters, const Batch& batch) {
  MURM_ASSERT(parameters.size() == parameter_count(), std::to_string(parameters.size()));
  MURM_ASSERT(batch.size() > 0, "empty batch");
  MURM_ASSERT(batch.size() <= batch_max_, std::to_string(batch.size()));
  return {};
}

}  // namespace murm
