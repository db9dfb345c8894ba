// The inequalities that convergence proofs ask of a code: contraction and unbiasedness.
#include <algorithm>
#include <cmath>
#include <map>

#include "algorithms/compression/codec.hpp"
#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/unit/algorithms/compression_cases.hpp"

using namespace murm;

namespace {

struct Measured {
  double error = 0;          // mean of |C(x) - x|^2 / |x|^2
  double bias = 0;           // |mean of C(x) - x|^2 / |x|^2
  double error_of_mean = 0;  // what `bias` is expected to be without bias
};

Measured measure(const CompressionOptions& options, std::span<const float> x,
                 std::span<const CodecBlock> blocks, int draws) {
  const auto codec = make_codec(options, x.size(), blocks, 0);
  std::vector<double> mean(x.size());
  std::vector<float> y(x.size());
  Measured result;
  for (int t = 0; t < draws; ++t) {
    REQUIRE(codec->decode(encoded(*codec, x), y));
    result.error += squared_distance(x, y);
    for (std::size_t i = 0; i < x.size(); ++i) mean[i] += static_cast<double>(y[i]);
  }
  const double length = squared(x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double off = mean[i] / draws - static_cast<double>(x[i]);
    result.bias += off * off / length;
  }
  result.error /= draws * length;
  result.error_of_mean = result.error / draws;
  return result;
}

}  // namespace

TEST_CASE("every code in its form for feedback is a contraction") {
  const std::vector<float> x = heavy_numbers(kLength, 11);
  const std::map<std::string, double> bounds{
      {"none", 0},        {"top-k", 1 - 0.02},
      {"top-k, most", 0}, {"random-k", 1 - 0.05},
      {"fp16", 0x1p-22},  {"bf16", 0x1p-16},
      {"fp4", 1.0 / 9},   {"qsgd, 8 bits, contraction", 0.001}};
  for (const Case& one : every_case()) {
    const CompressionOptions& options = one.options;
    if (options.name == "dgc") continue;  // its payloads stand for sums of gradients
    const bool unbiased_form = options.error_feedback == false || options.name == "qsgd" ||
                               options.name == "terngrad";
    if (unbiased_form && !options.error_feedback.value_or(false)) continue;
    INFO(one.title);
    const auto bound = bounds.find(one.title);
    const int draws = options.name == "random-k" ? 400 : 20;
    const double sampling = options.name == "random-k" ? 1.02 : 1.0;
    CHECK(measure(options, x, kBlocks, draws).error <=
          (bound == bounds.end() ? 0.999 : bound->second) * sampling);
  }
}

TEST_CASE("ef-sign contracts by |p|_1^2 / (d |p|_2^2)") {
  const std::vector<float> x = heavy_numbers(1000, 12);
  double magnitudes = 0;
  for (const float v : x) magnitudes += std::abs(static_cast<double>(v));
  CompressionOptions options;
  options.name = "ef-sign";
  const double delta = magnitudes * magnitudes / (1000 * squared(x));
  CHECK(measure(options, x, {}, 1).error == Approx(1 - delta).epsilon(1e-5));
}

TEST_CASE("random-k in order has the contraction and the variance of a free choice") {
  const std::vector<float> x = heavy_numbers(1003, 13);  // not a multiple of k
  CompressionOptions options;
  options.name = "random-k";
  options.ratio = 100.0 / 1003.0;
  CHECK(measure(options, x, {}, 4000).error == Approx(1 - options.ratio).epsilon(0.02));
  options.error_feedback = false;
  const Measured unbiased = measure(options, x, {}, 4000);
  CHECK(unbiased.error == Approx(1 / options.ratio - 1).epsilon(0.05));
  CHECK(unbiased.bias < 1.2 * unbiased.error_of_mean);
}

TEST_CASE("random-k gives each number the same chance") {
  CompressionOptions options;
  options.name = "random-k";
  options.ratio = 7.0 / 23.0;
  const auto codec = make_codec(options, 23, {}, 0);
  const std::vector<float> ones(23, 1.0F);
  std::vector<float> y(23);
  std::vector<int> chosen(23);
  constexpr int kDraws = 20000;
  for (int t = 0; t < kDraws; ++t) {
    REQUIRE(codec->decode(encoded(*codec, ones), y));
    CHECK(std::count(y.begin(), y.end(), 1.0F) == 7);
    for (std::size_t i = 0; i < 23; ++i) chosen[i] += y[i] > 0 ? 1 : 0;
  }
  for (const int count : chosen) CHECK(std::abs(count - kDraws * 7 / 23) < 5 * 65);  // 5 sigma
}

TEST_CASE("qsgd and terngrad are right in the mean, and qsgd within the paper's variance") {
  const std::vector<float> x = heavy_numbers(512, 14);
  for (const bool l2 : {true, false}) {
    for (const unsigned bits : {8U, 4U, 2U}) {
      CompressionOptions options;
      options.name = "qsgd";
      options.bits = bits;
      options.l2_norm = l2;
      INFO(bits << " bits, l2 " << l2);
      const Measured found = measure(options, x, {}, 3000);
      CHECK(found.bias < 1.3 * found.error_of_mean);
      const double bucket = bits == 2 ? 128 : 512;
      const double levels = (1U << (bits - 1)) - 1U;
      CHECK(found.error <= std::min(bucket / (levels * levels), std::sqrt(bucket) / levels));
      CHECK(found.error > 0);
    }
  }
  CompressionOptions options;
  options.name = "terngrad";
  options.clip = 0;
  const Measured found = measure(options, x, {}, 3000);
  CHECK(found.bias < 1.3 * found.error_of_mean);
  options.clip = 1;  // the numbers beyond one deviation lose what is above it
  CHECK(measure(options, x, {}, 3000).bias > 5 * found.error_of_mean);
}

TEST_CASE("terngrad in its form for feedback contracts by <c, x>^2 / (s |c|_1 |x|_2^2)") {
  const std::vector<float> x = heavy_numbers(1000, 15);
  double largest = 0;
  double magnitudes = 0;
  for (const float v : x) {
    magnitudes += std::abs(static_cast<double>(v));
    largest = std::max(largest, std::abs(static_cast<double>(v)));
  }
  CompressionOptions options;
  options.name = "terngrad";
  options.clip = 0;  // c = x
  CHECK(measure(options, x, {}, 500).error ==
        Approx(largest * magnitudes / squared(x) - 1).epsilon(0.02));
  options.error_feedback = true;
  const double delta = squared(x) / (largest * magnitudes);
  CHECK(measure(options, x, {}, 500).error == Approx(1 - delta).epsilon(0.02));
}
