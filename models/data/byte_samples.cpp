#include "models/data/byte_samples.hpp"

#include "algorithms/vocabulary.hpp"

namespace murm {

ByteSamples::ByteSamples(const SampleShape& shape, Bytes pixels, std::vector<std::uint8_t> labels)
    : Dataset(labels.size(), shape), pixels_(std::move(pixels)), labels_(std::move(labels)) {
  MURM_ASSERT(pixels_.size() == labels_.size() * features(), std::to_string(pixels_.size()));
}

void ByteSamples::read_sample(std::size_t index, float* features, std::int32_t* labels) const {
  const std::size_t count = shape().features;
  const std::uint8_t* from = pixels_.view.data() + index * count;
  for (std::size_t i = 0; i < count; ++i) features[i] = static_cast<float>(from[i]) / 255.0F;
  *labels = labels_[index];
}

}  // namespace murm
