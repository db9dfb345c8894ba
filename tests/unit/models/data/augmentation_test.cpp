// Tests of the augmentation of pictures.
#include "models/data/augmentation.hpp"

#include <set>
#include <vector>

#include "tests/catch.hpp"

namespace murm {
namespace {

constexpr PictureShape kPicture{6, 8, 2};

/// No two numbers are equal, and none is 0.
std::vector<float> numbered() {
  std::vector<float> picture(kPicture.features());
  for (std::size_t i = 0; i < picture.size(); ++i) picture[i] = static_cast<float>(i + 1);
  return picture;
}

std::vector<float> changed(const AugmentationOptions& options, std::uint64_t seed,
                           std::uint64_t position) {
  const std::vector<float> from = numbered();
  std::vector<float> to(from.size(), -1);
  Augmentation(options, kPicture, seed).apply(position, from, to);
  return to;
}

/// The picture moved by whole places and perhaps mirrored first, straight from the definition.
std::vector<float> reference(int down, int right, bool mirrored) {
  const std::vector<float> from = numbered();
  std::vector<float> to(from.size(), 0);
  for (int y = 0; y < 6; ++y) {
    for (int x = 0; x < 8; ++x) {
      const int source_y = y + down;
      const int source_x = (mirrored ? 7 - x : x) + right;
      if (source_y < 0 || source_y >= 6 || source_x < 0 || source_x >= 8) continue;
      for (int c = 0; c < 2; ++c) {
        to[static_cast<std::size_t>((y * 8 + x) * 2 + c)] =
            from[static_cast<std::size_t>((source_y * 8 + source_x) * 2 + c)];
      }
    }
  }
  return to;
}

TEST_CASE("a change is a function of seed and place in the stream") {
  const AugmentationOptions both{true, true};
  CHECK(changed(both, 1, 77) == changed(both, 1, 77));
  std::set<std::vector<float>> seen;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    for (std::uint64_t position = 0; position < 4; ++position) {
      seen.insert(changed(both, seed, position));
    }
  }
  CHECK(seen.size() > 12);
}

TEST_CASE("every crop and its mirror image occur, and nothing else") {
  std::set<std::vector<float>> expected;
  const bool flip = GENERATE(false, true);
  for (int down = -4; down <= 4; ++down) {
    for (int right = -4; right <= 4; ++right) {
      expected.insert(reference(down, right, false));
      if (flip) expected.insert(reference(down, right, true));
    }
  }
  REQUIRE(expected.size() == (flip ? 162 : 81));
  std::set<std::vector<float>> seen;
  for (std::uint64_t position = 0; position < 3000; ++position) {
    seen.insert(changed({true, flip}, 5, position));
  }
  CHECK(seen == expected);
}

TEST_CASE("a flip alone leaves every second picture as it is") {
  int mirrored = 0;
  for (std::uint64_t position = 0; position < 1000; ++position) {
    const std::vector<float> picture = changed({false, true}, 9, position);
    const bool is_mirrored = picture == reference(0, 0, true);
    CHECK((is_mirrored || picture == numbered()));
    if (is_mirrored) ++mirrored;
  }
  CHECK(mirrored == Approx(500).margin(80));
}

}  // namespace
}  // namespace murm
