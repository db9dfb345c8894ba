#include "models/objective.hpp"

#include "algorithms/random.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {

std::size_t ParameterTensor::size() const {
  std::size_t product = 1;
  for (const std::size_t extent : shape) product *= extent;
  return product;
}

std::vector<ParameterTensor> vector_layout(std::size_t dim) { return {{"x", {dim}, 0}}; }

void fill_normal(std::uint64_t seed, std::span<float> values) {
  Random random(seed, 0);
  for (float& value : values) value = random.normal();
}

void Objective::logits(std::span<const float> /*parameters*/, std::span<const float> /*tokens*/,
                       std::span<float> /*out*/) {
  throw InputError(
      "[models] this kind of model has no text to go on with. HINT: gpt and char-mlp have.");
}

}  // namespace murm
