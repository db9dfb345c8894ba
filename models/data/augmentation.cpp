#include "models/data/augmentation.hpp"

#include <algorithm>
#include <string>

#include "algorithms/random.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

constexpr std::ptrdiff_t padding = 4;
constexpr std::uint64_t seed_apart =
    0xA2B70C3E5D1F4961U;  // from the streams of models and made-up data

}  // namespace

Augmentation::Augmentation(const AugmentationOptions& options, const PictureShape& picture,
                           std::uint64_t seed)
    : options_(options), picture_(picture), seed_(spread_bits(seed ^ seed_apart)) {
  MURM_ASSERT(!any() || picture.features() > 0, std::to_string(picture.height));
}

void Augmentation::apply(std::uint64_t position, std::span<const float> from,
                         std::span<float> to) const {
  MURM_ASSERT(from.size() == picture_.features(), std::to_string(from.size()));
  MURM_ASSERT(to.size() == from.size(), std::to_string(to.size()));
  Random random(seed_, position);
  const auto draw_shift = [&] {
    const auto drawn = static_cast<std::ptrdiff_t>(random.below(2 * padding + 1));
    return options_.crop ? drawn - padding : 0;
  };
  const std::ptrdiff_t down = draw_shift();
  const std::ptrdiff_t right = draw_shift();
  const bool mirrored = random.below(2) == 1 && options_.flip;

  const auto height = static_cast<std::ptrdiff_t>(picture_.height);
  const auto width = static_cast<std::ptrdiff_t>(picture_.width);
  const auto channels = static_cast<std::ptrdiff_t>(picture_.channels);
  for (std::ptrdiff_t y = 0; y < height; ++y) {
    const std::ptrdiff_t from_y = y + down;
    float* row = to.data() + y * width * channels;
    if (from_y < 0 || from_y >= height) {
      std::fill_n(row, width * channels, 0.0F);
      continue;
    }
    const float* source = from.data() + from_y * width * channels;
    for (std::ptrdiff_t x = 0; x < width; ++x) {
      const std::ptrdiff_t from_x = (mirrored ? width - 1 - x : x) + right;
      float* place = row + x * channels;
      if (from_x < 0 || from_x >= width) {
        std::fill_n(place, channels, 0.0F);
      } else {
        std::copy_n(source + from_x * channels, channels, place);
      }
    }
  }
}

}  // namespace murm
