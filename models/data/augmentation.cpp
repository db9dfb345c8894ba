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

struct Span {
  std::ptrdiff_t begin;
  std::ptrdiff_t end;
  std::ptrdiff_t length() const { return end - begin; }
};

template <int channels>
void copy_back(const float* last, std::ptrdiff_t count, float* to) {
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    for (int c = 0; c < channels; ++c) to[i * channels + c] = last[c - i * channels];
  }
}

/// Copies `count` pixels from `last` on backwards.
void copy_mirrored(const float* last, std::ptrdiff_t count, std::ptrdiff_t channels, float* to) {
  if (channels == 1) return copy_back<1>(last, count, to);
  if (channels == 3) return copy_back<3>(last, count, to);
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    std::copy_n(last - i * channels, channels, to + i * channels);
  }
}

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

  const auto width = static_cast<std::ptrdiff_t>(picture_.width);
  const auto channels = static_cast<std::ptrdiff_t>(picture_.channels);
  const auto height = static_cast<std::ptrdiff_t>(picture_.height);
  const Span seen = mirrored
                        ? Span{std::max<std::ptrdiff_t>(0, right), std::min(width, width + right)}
                        : Span{std::max<std::ptrdiff_t>(0, -right), std::min(width, width - right)};
  for (std::ptrdiff_t y = 0; y < height; ++y) {
    const std::ptrdiff_t from_y = y + down;
    float* row = to.data() + y * width * channels;
    if (from_y < 0 || from_y >= height || seen.begin >= seen.end) {
      std::fill_n(row, width * channels, 0.0F);
      continue;
    }
    const float* source = from.data() + from_y * width * channels;
    std::fill_n(row, seen.begin * channels, 0.0F);
    std::fill_n(row + seen.end * channels, (width - seen.end) * channels, 0.0F);
    if (mirrored) {
      copy_mirrored(source + (width - 1 - seen.begin + right) * channels, seen.length(), channels,
                    row + seen.begin * channels);
    } else {
      std::copy_n(source + (seen.begin + right) * channels, seen.length() * channels,
                  row + seen.begin * channels);
    }
  }
}

}  // namespace murm
