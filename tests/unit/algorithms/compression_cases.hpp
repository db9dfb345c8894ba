// What the tests of compression share: inputs, one option set for each form of each code, distances.
// Room: tests. Inputs come from uniform numbers only, so they are the same bits with every libm.
// Caller: compression_*_test.cpp. Source: none.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "algorithms/compression/codec.hpp"
#include "algorithms/random.hpp"

namespace murm {

/// Bell-shaped numbers (sums of four uniform ones), cubed so that some are much larger than most.
inline std::vector<float> heavy_numbers(std::size_t n, std::uint64_t seed) {
  Random random(seed, 77);
  std::vector<float> x(n);
  for (float& v : x) {
    const float bell = random.uniform(-1, 1) + random.uniform(-1, 1) + random.uniform(-1, 1) +
                       random.uniform(-1, 1);
    v = 0.01F * bell * bell * bell;
  }
  return x;
}

struct Case {
  std::string title;
  CompressionOptions options;
};

/// Every name, every form, with ratios that a few thousand numbers can show.
inline std::vector<Case> every_case() {
  std::vector<Case> cases;
  const auto add = [&](const std::string& title, const char* name, auto change) {
    CompressionOptions options;
    options.name = name;
    options.seed = 5;
    change(options);
    cases.push_back({title, options});
  };
  const auto same = [](CompressionOptions&) {};
  add("none", "none", same);
  add("top-k", "top-k", [](auto& o) { o.ratio = 0.02; });
  add("top-k, most", "top-k", [](auto& o) { o.ratio = 0.7; });
  add("random-k", "random-k", [](auto& o) { o.ratio = 0.05; });
  add("random-k, unbiased", "random-k", [](auto& o) {
    o.ratio = 0.05;
    o.error_feedback = false;
  });
  add("dgc", "dgc", [](auto& o) { o.ratio = 0.01; });
  add("dgc, no masking", "dgc", [](auto& o) { o.masking = false; });
  add("dgc, warm-up", "dgc", [](auto& o) { o.warm_up = 2; });
  for (const unsigned bits : {8U, 4U, 2U}) {
    const std::string title = "qsgd, " + std::to_string(bits) + " bits";
    add(title, "qsgd", [&](auto& o) { o.bits = bits; });
    add(title + ", l2", "qsgd", [&](auto& o) {
      o.bits = bits;
      o.l2_norm = true;
    });
    add(title + ", contraction", "qsgd", [&](auto& o) {
      o.bits = bits;
      o.error_feedback = true;
    });
  }
  for (const char* name : {"int8", "1-bit", "ef-sign", "powersgd", "fp16", "bf16", "fp4"}) {
    add(name, name, same);
  }
  add("terngrad", "terngrad", same);
  add("terngrad, not clipped", "terngrad", [](auto& o) { o.clip = 0; });
  add("terngrad, contraction", "terngrad", [](auto& o) { o.error_feedback = true; });
  return cases;
}

/// A matrix, a gap of 100 numbers that counts as a vector, a small matrix.
inline constexpr std::array<CodecBlock, 2> kBlocks{CodecBlock{0, 60, 80}, CodecBlock{4900, 10, 10}};
inline constexpr std::size_t kLength = 5000;

inline std::vector<float> encoded(Codec& codec, std::span<const float> values) {
  std::vector<float> payload(codec.encoded_length());
  codec.encode(values, payload);
  return payload;
}

/// As bits: words that are not numbers would differ from themselves.
inline bool same_bits(std::span<const float> a, std::span<const float> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float x, float y) {
    return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
  });
}

inline double squared(std::span<const float> x) {
  double sum = 0;
  for (const float v : x) sum += static_cast<double>(v) * static_cast<double>(v);
  return sum;
}

inline double squared_distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double d = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += d * d;
  }
  return sum;
}

}  // namespace murm
