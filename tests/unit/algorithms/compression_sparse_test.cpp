#include "algorithms/compression/sparse.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "algorithms/compression/blocks.hpp"
#include "algorithms/compression/dgc.hpp"
#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/unit/algorithms/compression_cases.hpp"

using namespace murm;

namespace {

CompressionOptions dgc(double ratio, bool masking) {
  CompressionOptions options;
  options.name = "dgc";
  options.ratio = ratio;
  options.masking = masking;
  return options;
}

}  // namespace

TEST_CASE("top-k takes exactly the largest, and of equal ones the first") {
  const bool ties = GENERATE(false, true);
  for (const std::size_t n : {std::size_t{1}, std::size_t{50}, std::size_t{3000}}) {
    std::vector<float> x = heavy_numbers(n, n);
    if (ties) {
      for (float& v : x) v = std::round(v * 100.0F) / 100.0F;  // few values, many zeros
    }
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return std::abs(x[a]) > std::abs(x[b]); });
    for (const std::size_t k : {std::size_t{1}, n / 7, n / 3, (n - 1) / 2}) {
      if (k == 0 || 2 * k >= n) continue;
      std::vector<std::size_t> expected(order.begin(),
                                        order.begin() + static_cast<std::ptrdiff_t>(k));
      std::sort(expected.begin(), expected.end());
      std::vector<float> payload(sparse_length(k, n));
      encode_sparse(x, k, payload);
      std::vector<std::size_t> found;
      REQUIRE(decode_sparse(payload, n, [&](std::size_t i, float value) {
        found.push_back(i);
        CHECK(value == x[i]);
      }));
      CHECK(found == expected);
    }
  }
}

TEST_CASE("dgc that sends all is momentum SGD of the worker, and with masking plain SGD") {
  const auto masked = make_codec(dgc(1, true), kLength, kBlocks, 0);
  const auto unmasked = make_codec(dgc(1, false), kLength, kBlocks, 0);
  std::vector<float> momentum(kLength);
  std::vector<float> y(kLength);
  for (std::uint64_t t = 0; t < 6; ++t) {
    const std::vector<float> g = heavy_numbers(kLength, t);
    for (std::size_t i = 0; i < kLength; ++i) momentum[i] = 0.9F * momentum[i] + g[i];
    REQUIRE(unmasked->decode(encoded(*unmasked, g), y));
    CHECK(y == momentum);
    REQUIRE(masked->decode(encoded(*masked, g), y));
    CHECK(y == g);
  }
}

TEST_CASE("dgc sends velocity that waited with the momentum it gathered meanwhile") {
  // One large number holds the only place; the small one gathers v = 1 + 1.9 + 2.71 = 5.61 and then goes.
  CompressionOptions options = dgc(0.2, true);
  const auto codec = make_codec(options, 5, {}, 0);
  std::vector<float> y(5);
  const std::vector<float> large{100, 1, 0, 0, 0};
  const std::vector<float> small{0, 1, 0, 0, 0};
  for (int t = 0; t < 2; ++t) {
    REQUIRE(codec->decode(encoded(*codec, large), y));
    CHECK(y == std::vector<float>{100, 0, 0, 0, 0});
  }
  REQUIRE(codec->decode(encoded(*codec, small), y));
  CHECK(y[1] == Approx(5.61F));
  REQUIRE(codec->decode(encoded(*codec, small), y));
  CHECK(y[1] == 1.0F);  // masking made it forget the momentum too
}

TEST_CASE("dgc with Nesterov momentum follows u <- m (u + g), v <- v + u + g") {
  CompressionOptions options = dgc(1, false);
  options.nesterov = true;
  const auto codec = make_codec(options, 1, {}, 0);
  std::vector<float> y(1);
  float u = 0;
  for (const float g : {1.0F, -0.5F, 2.0F}) {
    u = 0.9F * (u + g);
    REQUIRE(codec->decode(encoded(*codec, std::vector<float>{g}), y));
    CHECK(y[0] == u + g);
  }
}

TEST_CASE("dgc sends vectors beside matrices whole and finds the largest of the matrices") {
  const std::vector<CodecBlock> blocks{{5, 10, 10}};
  const auto codec = make_codec(dgc(0.01, true), 112, blocks, 0);
  std::vector<float> g(112, 0.5F);
  g[50] = -3;
  std::vector<float> expected(112, 0.0F);
  std::fill_n(expected.begin(), 5, 0.5F);
  std::fill_n(expected.begin() + 105, 7, 0.5F);
  expected[50] = -3;
  std::vector<float> y(112);
  REQUIRE(codec->decode(encoded(*codec, g), y));
  CHECK(y == expected);
}

TEST_CASE("the warm-up of dgc passes through its ratios, and a receiver accepts each") {
  CompressionOptions options = dgc(0.001, true);
  options.warm_up = 3;
  const auto sender = make_codec(options, 10000, {}, 0);
  const auto receiver = make_codec(options, 10000, {}, 0);
  std::vector<std::size_t> lengths;
  std::vector<float> y(10000);
  for (std::uint64_t t = 0; t < 15; ++t) {
    CHECK(sender->encoded_length() == receiver->encoded_length(t));
    const std::vector<float> payload = encoded(*sender, heavy_numbers(10000, t));
    if (t % 3 == 0) lengths.push_back(payload.size());
    CHECK(payload.size() == lengths.back());
    CHECK(receiver->decode(payload, y));
  }
  CHECK(lengths == std::vector<std::size_t>{5000, 1250, 300, 80, 20});
  CHECK(receiver->encoded_length(1000) == 20);
}

TEST_CASE("a range cuts matrices into whole rows and vectors, and gaps count as vectors") {
  const std::vector<CodecBlock> tensors{{0, 4, 10}, {40, 1, 5}, {45, 2, 3}};
  CHECK(blocks_within(tensors, {13, 30}) ==
        std::vector<CodecBlock>{{0, 1, 7}, {7, 2, 10}, {27, 1, 3}});
  CHECK(blocks_within(tensors, {12, 6}) == std::vector<CodecBlock>{{0, 1, 6}});
  CHECK(blocks_within(tensors, {8, 4}) == std::vector<CodecBlock>{{0, 1, 2}, {2, 1, 2}});
  CHECK(blocks_within(tensors, {0, 51}) == tensors);
  CHECK(cover(std::vector<CodecBlock>{{2, 2, 2}}, 9) ==
        std::vector<CodecBlock>{{0, 1, 2}, {2, 2, 2}, {6, 1, 3}});
  CHECK(cover({}, 3) == std::vector<CodecBlock>{{0, 1, 3}});
}
