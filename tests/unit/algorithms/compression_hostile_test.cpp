// Payloads that no sender made: whatever the words are, decode stays inside and returns finite numbers.
#include <array>
#include <bit>
#include <cmath>

#include "algorithms/compression/codec.hpp"
#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/unit/algorithms/compression_cases.hpp"

using namespace murm;

namespace {

float bits(std::uint32_t word) { return std::bit_cast<float>(word); }

/// True when decode refuses, or accepts and every number is finite.
bool harmless(const Codec& codec, const std::vector<float>& payload) {
  std::vector<float> values(codec.length());
  if (!codec.decode(payload, values)) return true;
  for (const float v : values) {
    if (!std::isfinite(v)) return false;
  }
  return true;
}

/// Whether `name` refuses its payload of `x` once `change` has been at it.
template <class Change>
bool refuses(const char* name, Change change) {
  CompressionOptions options;
  options.name = name;
  options.ratio = 0.01;
  const auto codec = make_codec(options, kLength, kBlocks, 0);
  std::vector<float> payload = encoded(*codec, heavy_numbers(kLength, 1));
  std::vector<float> values(kLength);
  REQUIRE(codec->decode(payload, values));
  change(payload);
  return !codec->decode(payload, values);
}

}  // namespace

TEST_CASE("random words never crash a decoder and never give a number that is not finite") {
  Random random(2024, 1);
  for (const Case& one : every_case()) {
    INFO(one.title);
    for (const std::size_t n : {std::size_t{1}, std::size_t{40}, std::size_t{700}, kLength}) {
      const std::vector<CodecBlock> blocks{{0, n / 20, 20}};
      const auto codec = make_codec(one.options, n, blocks, 0);
      for (int t = 0; t < 60; ++t) {
        std::vector<float> payload(codec->encoded_length(static_cast<std::uint64_t>(t % 12)));
        for (float& word : payload) {
          const std::uint32_t small = random.below(4) == 0 ? random.below(2 * kLength) : 0;
          word = bits(small > 0 ? small : random.next());
        }
        CHECK(harmless(*codec, payload));
      }
    }
  }
}

TEST_CASE("payloads with flipped bits or of a wrong length never crash a decoder") {
  Random random(2024, 2);
  for (const Case& one : every_case()) {
    INFO(one.title);
    const auto codec = make_codec(one.options, kLength, kBlocks, 0);
    const std::vector<float> good = encoded(*codec, heavy_numbers(kLength, 3));
    std::vector<float> values(kLength);
    REQUIRE(codec->decode(good, values));
    for (int t = 0; t < 60; ++t) {
      std::vector<float> bad = good;
      for (std::uint32_t flips = 1 + random.below(8); flips > 0; --flips) {
        float& word = bad[random.below(static_cast<std::uint32_t>(bad.size()))];
        word = bits(std::bit_cast<std::uint32_t>(word) ^ (1U << random.below(32)));
      }
      CHECK(harmless(*codec, bad));
      bad = good;
      bad.resize(random.below(static_cast<std::uint32_t>(2 * kLength)));
      if (!codec->accepts(bad.size())) {
        CHECK_FALSE(codec->decode(bad, values));
      }
    }
    CHECK_FALSE(codec->decode({}, values));
    CHECK_FALSE(codec->accepts(good.size() + 1));
  }
}

TEST_CASE("what encode cannot have made is refused") {
  const auto set = [](std::size_t at, std::uint32_t word) {
    return [=](std::vector<float>& payload) { payload[at] = bits(word); };
  };
  constexpr std::uint32_t kNan = 0x7FC00000U;
  constexpr std::uint32_t kInfinity = 0x7F800000U;
  constexpr std::uint32_t kMinusOne = 0xBF800000U;
  for (const char* name : {"top-k", "dgc"}) {
    CHECK(refuses(name, set(3, kLength)));  // index beyond the end
    CHECK(refuses(name, set(3, 0xFFFFFFFFU)));
    CHECK(refuses(name, [](auto& payload) { payload[4] = payload[3]; }));  // twice the same
    CHECK(refuses(name, [](auto& payload) { std::swap(payload[4], payload[3]); }));
    CHECK(refuses(name, [&](auto& payload) { payload.back() = bits(kNan); }));
  }
  CHECK(refuses("random-k", set(7, kInfinity)));
  for (const char* name : {"qsgd", "terngrad", "ef-sign", "1-bit", "fp4", "fp16"}) {
    INFO(name);
    CHECK(refuses(name, set(0, kNan)));
    CHECK(refuses(name, set(0, kInfinity)));
    CHECK(refuses(name, set(0, kMinusOne)));
  }
  CHECK(refuses("1-bit", set(1, 0x3F800000U)));  // the mean of the negative half is positive
  CHECK(refuses("fp16", set(0, 0x3FC00000U)));   // 1.5 is not a power of two
  CHECK(refuses("fp16", set(1, 0x00007C00U)));   // a half that is infinite
  CHECK(refuses("bf16", set(1, 0x00007F80U)));
  CHECK(refuses("int8", set(9, kNan)));
  CHECK(refuses("powersgd", set(2, kInfinity)));
  CHECK(refuses("none", set(2, kNan)));
  CompressionOptions options;
  options.name = "int8";
  const auto codec = make_codec(options, kLength, {}, 0);
  std::vector<float> payload = encoded(*codec, std::vector<float>(kLength, 1.0F));
  std::vector<float> values(kLength);
  payload[0] = bits(kNan);  // the mean of a bin in which no number is
  CHECK_FALSE(codec->decode(payload, values));
}
