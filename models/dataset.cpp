#include "models/dataset.hpp"

#include <string>

#include "algorithms/vocabulary.hpp"

namespace murm {

void Dataset::read(std::size_t index, std::span<float> features_out) const {
  MURM_ASSERT(index < size(), std::to_string(index));
  MURM_ASSERT(features_out.size() == features, std::to_string(features_out.size()));
  const std::uint8_t* from = pixels.data() + index * (features - overlap);
  float* to = features_out.data();
  const std::size_t count = features_out.size();
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]) / unit;
}

std::shared_ptr<const Dataset> blank_sample() {
  auto blank = std::make_shared<Dataset>();
  blank->labels.push_back(0);
  return blank;
}

}  // namespace murm
