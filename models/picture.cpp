#include "models/picture.hpp"

#include <cmath>
#include <utility>

#include "algorithms/random.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {

PictureShape picture_of(const SampleShape& shape, const std::string& kind) {
  const std::size_t features = shape.features;
  if (shape.picture.features() > 0) return shape.picture;
  if (features == 3072) return {32, 32, 3};
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(features))));
  if (side > 0 && side * side == features) return {side, side, 1};
  throw InputError("[models] model.kind = \"" + kind + "\" with samples of " +
                   std::to_string(features) +
                   " numbers, expected pictures: 3072 (32x32 in colour) or a square number. HINT: "
                   "use data of pictures, or model.kind = \"mlp\".");
}

std::size_t LayoutBuilder::add(std::string name, std::vector<std::size_t> shape) {
  layout.push_back({std::move(name), std::move(shape), size_});
  size_ += layout.back().size();
  return layout.back().offset;
}

void fill_uniform(std::uint64_t seed, std::uint64_t stream, std::size_t fan_in,
                  std::span<float> values) {
  const float bound = 1.0F / std::sqrt(static_cast<float>(fan_in));
  Random random(seed, stream);
  for (float& value : values) value = random.uniform(-bound, bound);
}

}  // namespace murm
