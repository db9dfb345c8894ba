// The code of demo: a transform that loses nothing by itself, a choice of coefficients, and payloads nobody made.
#include <bit>
#include <cmath>

#include "algorithms/local_update/dct_code.hpp"
#include "tests/catch.hpp"
#include "tests/unit/algorithms/compression_cases.hpp"

using namespace murm;

namespace {

using Numbers = std::vector<float>;

Numbers through(const DctShape& shape, const Numbers& x) {
  const auto code = make_dct_code(shape, x.size());
  Numbers payload(code->encoded_length());
  Numbers decoded(x.size());
  code->encode(x, payload);
  REQUIRE(code->decode(payload, decoded));
  return decoded;
}

double energy(const Numbers& x) {
  double sum = 0;
  for (const float v : x) sum += static_cast<double>(v) * static_cast<double>(v);
  return sum;
}

/// Coefficients and marks of one payload.
Numbers votes(const DctShape& shape, std::size_t length, const Numbers& payload) {
  const auto vote = make_dct_vote(shape, length);
  Numbers values(2 * length);
  REQUIRE(vote->decode(payload, values));
  return values;
}

Numbers signs(const DctShape& shape, const Numbers& sums) {
  const auto vote = make_dct_vote(shape, sums.size() / 2);
  Numbers out(sums.size() / 2);
  vote->encode(sums, out);
  return out;
}

}  // namespace

TEST_CASE("the transform and its inverse are the identity where everything is kept") {
  const std::size_t chunk = GENERATE(1, 2, 7, 64, 300);
  const Numbers x = heavy_numbers(1000, 3);  // 1000 is no multiple of most chunks
  const Numbers back = through({chunk, chunk}, x);
  const double scale = std::sqrt(energy(x));
  for (std::size_t i = 0; i < x.size(); ++i) {
    CHECK(static_cast<double>(std::abs(back[i] - x[i])) < 1e-6 * scale);
  }
}

TEST_CASE("the transform is the orthonormal DCT-II: a cosine is one coefficient") {
  Numbers x(16);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = std::cos(3.14159265F * (static_cast<float>(i) + 0.5F) * 5 / 16);
  }
  const Numbers one = through({16, 1}, x);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(one[i] == Approx(x[i]).margin(1e-5));
}

TEST_CASE(
    "what is kept are the largest coefficients, and what is left has the rest of the energy") {
  const Numbers x = heavy_numbers(640, 5);
  double before = 1;
  for (const std::size_t keep : {1, 4, 16, 32, 60}) {
    const Numbers decoded = through({64, keep}, x);
    Numbers rest(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) rest[i] = x[i] - decoded[i];
    const double left = energy(rest) / energy(x);
    CHECK(energy(decoded) + energy(rest) == Approx(energy(x)).epsilon(1e-5));  // orthogonal
    CHECK(left <=
          1 - static_cast<double>(keep) / 64 + 1e-6);  // the largest have at least their share
    CHECK(left < before);
    before = left;
  }
}

TEST_CASE(
    "the length of a payload is that of its bits and coefficients, never more than the numbers") {
  CHECK(make_dct_code({64, 32}, 640)->encoded_length() == 10 * (2 + 32));
  CHECK(make_dct_code({64, 8}, 650)->encoded_length() == 10 * (2 + 8) + 1 + 8);
  CHECK(make_dct_code({64, 63}, 640)->encoded_length() == 640);
  CHECK(make_dct_code({64, 64}, 640)->encoded_length() == 640);
  CHECK(make_dct_code({64, 8}, 5)->encoded_length() == 5);
}

TEST_CASE("the mean is over those who sent a coefficient, not over all") {
  const DctShape shape{4, 1};
  // Constant and alternating vectors: the first and the last coefficient of their chunk, nearly.
  const Numbers flat{1, 1, 1, 1};
  const Numbers small{-0.1F, -0.1F, -0.1F, -0.1F};
  const auto code = make_dct_code(shape, 4);
  Numbers payload(code->encoded_length());
  Numbers sums(8, 0.0F);
  for (const Numbers& x : {flat, small}) {
    code->encode(x, payload);
    const Numbers one = votes(shape, 4, payload);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += one[i];
  }
  CHECK(sums[4] == 2);  // both sent the first
  CHECK(sums[5] == 0);
  CHECK(signs(shape, sums) == Numbers{1, 1, 1, 1});
  // One sender of 0.6 in the first outweighs none; three of -0.5 in the second are still -0.5, not -1.5.
  CHECK(signs(shape, {0.6F, -1.5F, 0, 0, 1, 3, 0, 0}) == Numbers{-1, 1, 1, 1});
  CHECK(signs(shape, {0.6F, -1.5F, 0, 0, 1, 1, 0, 0}) == Numbers{-1, -1, 1, 1});
  CHECK(signs(shape, Numbers(8, 0.0F)) == Numbers(4, 0.0F));
}

TEST_CASE("payloads that no sender makes are refused by both sides") {
  const DctShape shape{40, 8};
  const auto code = make_dct_code(shape, 90);  // two chunks and a short one
  const auto vote = make_dct_vote(shape, 90);
  Numbers payload(code->encoded_length());
  code->encode(heavy_numbers(90, 7), payload);
  Numbers values(90);
  Numbers pairs(180);
  REQUIRE(code->decode(payload, values));
  REQUIRE(vote->decode(payload, pairs));
  const auto refused = [&](auto change) {
    Numbers changed = payload;
    change(changed);
    const bool by_code = !code->decode(changed, values);
    const bool by_vote = !vote->decode(changed, pairs);
    CHECK(by_code == by_vote);
    return by_code && by_vote;
  };
  const auto flip = [](Numbers& p, std::size_t word, unsigned bit) {
    p[word] = std::bit_cast<float>(std::bit_cast<std::uint32_t>(p[word]) ^ (1U << bit));
  };
  CHECK(refused([](Numbers& p) { p.pop_back(); }));
  CHECK(refused([](Numbers& p) { p.push_back(0); }));
  CHECK(refused([](Numbers& p) { p.clear(); }));
  CHECK(refused([&](Numbers& p) { flip(p, 0, 3); }));   // one coefficient more or less
  CHECK(refused([&](Numbers& p) { flip(p, 1, 20); }));  // one behind the chunk of 40
  CHECK(refused([](Numbers& p) { p[0] = std::bit_cast<float>(0xFFFFFFFFU); }));
  CHECK(refused([](Numbers& p) { p[5] = std::nanf(""); }));
  CHECK(refused([](Numbers& p) { p.back() = HUGE_VALF; }));
  CHECK(refused([](Numbers& p) { p.back() = 3e38F; }));  // sums of it would not be finite
}

TEST_CASE("numbers that are not finite give a payload that is refused") {
  const auto code = make_dct_code({8, 2}, 16);
  Numbers x(16, 1.0F);
  x[3] = std::nanf("");
  Numbers payload(code->encoded_length());
  code->encode(x, payload);
  CHECK(!code->decode(payload, x));
}
