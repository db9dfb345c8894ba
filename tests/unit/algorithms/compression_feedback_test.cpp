#include <algorithm>
#include <cmath>
#include <functional>

#include "algorithms/compression/codec.hpp"
#include "algorithms/compression/error_feedback.hpp"
#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/unit/algorithms/compression_cases.hpp"

using namespace murm;

namespace {

CompressionOptions named(const char* name, bool feedback = true) {
  CompressionOptions options;
  options.name = name;
  options.error_feedback = feedback;
  return options;
}

}  // namespace

TEST_CASE("what is sent and what is kept add up to what was given") {
  constexpr std::uint64_t kSteps = 40;
  for (const Case& one : every_case()) {
    if (one.options.name == "dgc") continue;
    INFO(one.title);
    CompressionOptions options = one.options;
    options.error_feedback = true;
    ErrorFeedback codec(make_codec(options, kLength, kBlocks, 0));
    std::vector<double> given(kLength);
    std::vector<double> sent(kLength);
    std::vector<double> largest(kLength);  // of what was added: the unit of its rounding
    std::vector<float> y(kLength);
    for (std::uint64_t t = 0; t < kSteps; ++t) {
      const std::vector<float> g = heavy_numbers(kLength, t);
      REQUIRE(codec.decode(encoded(codec, g), y));
      for (std::size_t i = 0; i < kLength; ++i) {
        given[i] += static_cast<double>(g[i]);
        sent[i] += static_cast<double>(y[i]);
        const double kept = std::abs(static_cast<double>(codec.residual()[i]));
        largest[i] = std::max({largest[i], kept, std::abs(static_cast<double>(y[i]))});
      }
    }
    double worst = 0;  // in units in the last place, per step
    for (std::size_t i = 0; i < kLength; ++i) {
      const double off = sent[i] + static_cast<double>(codec.residual()[i]) - given[i];
      worst = std::max(worst, std::abs(off) / (2 * largest[i] * 0x1p-23 + 1e-30) / kSteps);
    }
    CHECK(worst <= 1.0);
  }
}

TEST_CASE("feedback around a code that loses nothing changes no bit") {
  const auto codec = make_sender_codec(named("none"), kLength, {}, 0);
  std::vector<float> y(kLength);
  for (std::uint64_t t = 0; t < 5; ++t) {
    const std::vector<float> g = heavy_numbers(kLength, t);
    REQUIRE(codec->decode(encoded(*codec, g), y));
    CHECK(same_bits(y, g));
  }
}

TEST_CASE("signs without feedback drift the wrong way, with it they do not") {
  // A gradient of 4 with chance 1/4 and of -1 with 3/4 has mean 1/4; the mean of its sign is -1/2.
  constexpr std::size_t n = 256;
  const auto drift = [](bool feedback) {
    const auto codec = make_sender_codec(named("ef-sign", feedback), n, {}, 0);
    Random random(9, 0);
    std::vector<float> g(n);
    std::vector<float> y(n);
    double sum = 0;
    for (int t = 0; t < 2000; ++t) {
      for (float& v : g) v = random.below(4) == 0 ? 4.0F : -1.0F;
      REQUIRE(codec->decode(encoded(*codec, g), y));
      for (const float v : y) sum += static_cast<double>(v);
    }
    return sum / 2000 / n;
  };
  CHECK(drift(false) < -0.5);
  CHECK(drift(true) == Approx(0.25).epsilon(0.1));
}

TEST_CASE("a payload that was refused goes back into the residual") {
  for (const Case& one : every_case()) {
    if (one.options.name == "dgc") continue;
    INFO(one.title);
    CompressionOptions options = one.options;
    options.error_feedback = true;
    ErrorFeedback codec(make_codec(options, kLength, kBlocks, 0));
    const std::vector<float> g = heavy_numbers(kLength, 4);
    const std::vector<float> payload = encoded(codec, g);
    std::vector<float> y(kLength);
    REQUIRE(codec.decode(payload, y));
    codec.restore(payload);
    int wrong = 0;
    for (std::size_t i = 0; i < kLength; ++i) {
      const float unit = 0x1p-22F * std::max(std::abs(g[i]), std::abs(y[i]));
      if (std::abs(codec.residual()[i] - g[i]) > unit) ++wrong;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("dgc sends a payload again that was refused and restored") {
  for (const char* title : {"dgc", "dgc, warm-up"}) {
    CompressionOptions options = named("dgc", false);
    if (title[3] == ',') options.warm_up = 2;
    const auto codec = make_sender_codec(options, kLength, kBlocks, 0);
    const std::vector<float> payload = encoded(*codec, heavy_numbers(kLength, 4));
    codec->restore(payload);
    options.momentum = 0;  // what was restored is velocity: it must not gather momentum twice
    const auto plain = make_sender_codec(options, kLength, kBlocks, 0);
    std::copy_n(codec->state()[1].begin(), kLength, plain->state()[1].begin());
    CHECK(same_bits(encoded(*plain, std::vector<float>(kLength, 0.0F)), payload));
  }
}

TEST_CASE("a sum with the residual that overflows is refused and leaves the residual alone") {
  CompressionOptions options = named("top-k");
  options.ratio = 0.2;  // one of five
  ErrorFeedback codec(make_codec(options, 5, {}, 0));
  const std::vector<float> g{3.2e38F, 3e38F, 1, 2, 3};
  encoded(codec, g);
  const std::vector<float> kept{0, 3e38F, 1, 2, 3};
  std::vector<float> y(5);
  CHECK_FALSE(codec.decode(encoded(codec, g), y));
  CHECK(same_bits(codec.residual(), kept));
}

TEST_CASE("reset forgets the residual, the momentum and the warm start") {
  for (const Case& one : every_case()) {
    INFO(one.title);
    const auto used = make_sender_codec(one.options, kLength, kBlocks, 0);
    encoded(*used, heavy_numbers(kLength, 5));
    used->reset();
    const auto fresh = make_sender_codec(one.options, kLength, kBlocks, 0);
    fresh->set_counter(1);
    const std::vector<float> g = heavy_numbers(kLength, 6);
    CHECK(same_bits(encoded(*used, g), encoded(*fresh, g)));
  }
}

TEST_CASE("with every code, four workers reach the least-squares solution") {
  constexpr std::size_t n = 300;  // worker w pulls towards its own target; the answer is their mean
  constexpr std::size_t kWorkers = 4;
  const std::vector<CodecBlock> blocks{{0, 15, 20}};
  for (const Case& one : every_case()) {
    INFO(one.title);
    CompressionOptions options = one.options;
    const bool momentum = options.name == "dgc";  // steps are ten times as long in the end
    if (momentum) options.ratio = 0.05;
    if (options.name == "random-k") options.ratio = 0.1;
    std::vector<std::unique_ptr<Codec>> codecs;
    for (std::uint64_t w = 0; w < kWorkers; ++w) {
      codecs.push_back(make_sender_codec(options, n, blocks, w));
    }
    std::vector<std::vector<float>> targets;
    std::vector<float> solution(n);
    for (std::uint64_t w = 0; w < kWorkers; ++w) {
      targets.push_back(heavy_numbers(n, 100 + w));
      for (std::size_t i = 0; i < n; ++i) solution[i] += targets[w][i] / kWorkers;
    }
    std::vector<float> x(n);
    std::vector<float> g(n);
    std::vector<float> y(n);
    const auto rate = [&](int t) {
      return (momentum ? 0.01F : 0.05F) / (1.0F + static_cast<float>(t) / 200.0F);
    };
    for (int t = 0; t < 2500; ++t) {
      std::vector<float> sum(n);
      for (std::size_t w = 0; w < kWorkers; ++w) {
        for (std::size_t i = 0; i < n; ++i) g[i] = x[i] - targets[w][i];
        REQUIRE(codecs[w]->decode(encoded(*codecs[w], g), y));
        for (std::size_t i = 0; i < n; ++i) sum[i] += y[i];
      }
      for (std::size_t i = 0; i < n; ++i) x[i] -= rate(t) * sum[i] / kWorkers;
    }
    // Beside the solution end: clipping and rounding to few values, which are biased; two-bit steps, which stay
    // coarse; masking, which weighs a number by how long it waited, and it does so differently at each worker.
    const bool clipped = options.name == "terngrad" && options.clip > 0 &&
                         !uses_error_feedback(options);
    const bool masked = options.name == "dgc" && options.masking;
    const bool coarse = options.name == "fp4" || (options.name == "qsgd" && options.bits == 2) ||
                        one.title == "random-k, unbiased";
    const double bound = clipped ? 0.5 : masked ? 0.15 : coarse ? 0.05 : 0.01;
    CHECK(squared_distance(x, solution) <= bound * squared(solution));
  }
}

TEST_CASE("what is kept back changes its unit with the values") {
  CompressionOptions options = named("top-k");
  options.ratio = 0.2;  // one of five
  ErrorFeedback codec(make_codec(options, 5, {}, 0));
  encoded(codec, std::vector<float>{9, 8, 4, 2, 1});
  codec.rescale(0.25F);
  CHECK(same_bits(codec.residual(), std::vector<float>{0, 2, 1, 0.5F, 0.25F}));
}
