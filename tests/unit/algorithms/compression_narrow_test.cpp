#include "algorithms/compression/narrow.hpp"

#include <cmath>
#include <limits>

#include "algorithms/compression/codebook.hpp"
#include "algorithms/compression/pack.hpp"
#include "algorithms/compression/stochastic.hpp"
#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/unit/algorithms/compression_cases.hpp"

using namespace murm;

namespace {

/// The value of a finite half by the definition of the format.
double half_value(std::uint32_t half) {
  const int exponent = static_cast<int>(half >> 10U & 31U);
  const double fraction = static_cast<double>(half & 1023U) / 1024;
  const double size = exponent == 0 ? std::ldexp(fraction, -14)
                                    : std::ldexp(1 + fraction, exponent - 15);
  return (half & 0x8000U) != 0 ? -size : size;
}

}  // namespace

TEST_CASE("every half is read as its value and comes back as itself") {
  int wrong = 0;
  for (std::uint32_t half = 0; half < 0x10000U; ++half) {
    if ((half & 0x7C00U) == 0x7C00U) continue;
    const float value = float_of_half(half);
    if (static_cast<double>(value) != half_value(half) || half_of(value) != half) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("fp16 and bf16 round to the nearest, ties to even, and saturate") {
  int wrong = 0;
  for (std::uint32_t half = 0; half < 0x7BFFU; ++half) {  // between each half and the next
    const float low = float_of_half(half);
    const float high = float_of_half(half + 1);
    const float middle = (low + high) / 2;  // exact
    const std::uint32_t even = (half & 1U) == 0 ? half : half + 1;
    if (half_of(middle) != even) ++wrong;
    if (half_of(std::nextafter(middle, 0.0F)) != half) ++wrong;
    if (half_of(std::nextafter(middle, 1e9F)) != half + 1) ++wrong;
  }
  CHECK(wrong == 0);
  CHECK(half_of(65519.0F) == 0x7BFFU);
  CHECK(half_of(1e30F) == 0x7BFFU);
  CHECK(half_of(-1e30F) == 0xFBFFU);
  CHECK(half_of(-0.0F) == 0x8000U);

  CHECK(bfloat_of(1.0F) == 0x3F80U);
  CHECK(bfloat_of(float_of(0x3F808000U)) == 0x3F80U);  // a tie: to even
  CHECK(bfloat_of(float_of(0x3F818000U)) == 0x3F82U);
  CHECK(bfloat_of(float_of(0x3F808001U)) == 0x3F81U);
  CHECK(bfloat_of(-std::numeric_limits<float>::max()) == 0xFF7FU);
}

TEST_CASE("fp16 keeps a vector of tiny numbers, which plain halves would make zero") {
  CompressionOptions options;
  options.name = "fp16";
  const auto codec = make_codec(options, 600, {}, 0);
  std::vector<float> x = heavy_numbers(600, 2);
  for (float& v : x) v *= 1e-12F;
  std::vector<float> y(600);
  REQUIRE(codec->decode(encoded(*codec, x), y));
  CHECK(squared_distance(x, y) < 1e-6 * squared(x));
}

TEST_CASE("fp4 takes the nearest of its fifteen values") {
  constexpr float kScale = 3.0F;
  Random random(1, 1);
  int wrong = 0;
  for (int t = 0; t < 20000; ++t) {
    const float x = random.uniform(-kScale, kScale) * (random.below(2) == 0 ? 1.0F : 0.02F);
    const float found = float_of_e3m0(e3m0_of(x, kScale), kScale);
    float best = 0;
    for (std::uint32_t code = 1; code < 16; ++code) {
      const float value = float_of_e3m0(code, kScale);
      if (std::abs(value - x) < std::abs(best - x)) best = value;
    }
    if (std::abs(found - x) > std::abs(best - x) * 1.0001F) ++wrong;
  }
  CHECK(wrong == 0);
  CHECK(float_of_e3m0(7, kScale) == kScale);
  CHECK(float_of_e3m0(9, kScale) == -kScale / 64);
}

TEST_CASE("codes come out of the words they were packed into") {
  Random random(3, 1);
  for (const unsigned bits : {1U, 2U, 4U, 8U, 16U}) {
    for (const std::size_t n : {1U, 2U, 31U, 33U, 100U, 511U, 512U}) {
      std::vector<std::uint32_t> codes(n);
      for (std::uint32_t& code : codes) code = random.next() >> (32U - bits);
      std::vector<float> words(packed_words(n, bits));
      std::vector<std::uint32_t> found(n);
      pack(bits, codes, words.data());
      unpack(bits, words.data(), found);
      CHECK(found == codes);
    }
  }
}

TEST_CASE("a number on a level stays there, and one between two rounds by the random word") {
  CHECK(level_code(1.0F, 2.0F, 4.0F, 7, 0x00000000U) == 2U);
  CHECK(level_code(1.25F, 2.0F, 4.0F, 7, 0xFFFFFFFFU) == 2U);
  CHECK(level_code(1.25F, 2.0F, 4.0F, 7, 0x7FFFFFFFU) == 3U);
  CHECK(level_code(1.2F, 2.0F, 4.0F, 7, 0x80000000U) == 2U);
  CHECK(level_code(1.3F, 2.0F, 4.0F, 7, 0x80000000U) == 3U);
  CHECK(level_code(-2.0F, 2.0F, 4.0F, 7, 0x00000000U) == (4U | 128U));
  CHECK(level_code(-0.1F, 2.0F, 4.0F, 7, 0xFFFFFFFFU) == 0U);
}

TEST_CASE("int8 puts the mean in the middle and 6 standard deviations at the ends") {
  CHECK(bin_of(5.0F, 5.0F, 1.0F) == 128U);
  CHECK(bin_of(5.4F, 5.0F, 1.0F) == 128U);
  CHECK(bin_of(5.6F, 5.0F, 1.0F) == 129U);
  CHECK(bin_of(1000.0F, 5.0F, 1.0F) == 255U);
  CHECK(bin_of(-1000.0F, 5.0F, 1.0F) == 0U);

  CompressionOptions options;
  options.name = "int8";
  const auto codec = make_codec(options, 4096, {}, 0);
  std::vector<float> x(4096);
  Random random(4, 1);
  for (float& v : x) v = 7.0F + random.uniform(-1.0F, 1.0F);  // sigma = 1 / sqrt(3)
  std::vector<float> y(4096);
  REQUIRE(codec->decode(encoded(*codec, x), y));
  const double width = 12 / std::sqrt(3.0) / 256;
  CHECK(std::sqrt(squared_distance(x, y) / 4096) == Approx(width / std::sqrt(12.0)).epsilon(0.1));
}
