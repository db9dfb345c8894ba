// Tests of what transformers need of the host device, against plain loops in double precision.
#include <bit>
#include <cmath>
#include <utility>
#include <vector>

#include "algorithms/random.hpp"
#include "gpu/host/host_device.hpp"
#include "tests/catch.hpp"

namespace murm {
namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

Floats numbers(std::size_t count, std::uint64_t seed) {
  Random random(seed, 0);
  Floats v(count);
  for (float& x : v) x = random.normal();
  return v;
}

double largest_difference(const Doubles& expected, const Floats& found) {
  double worst = 0;
  for (std::size_t i = 0; i < expected.size(); ++i)
    worst = std::max(worst, std::abs(expected[i] - static_cast<double>(found[i])));
  return worst;
}

/// Attention of one sequence and head, and its way back, number by number.
struct ReferenceHead {
  const AttentionShape& shape;
  const Floats& qkv;
  std::size_t sequence, head;

  std::size_t index(std::size_t place, std::size_t part, std::size_t c) const {
    return ((sequence * shape.length + place) * 3 + part) * shape.width() +
           head * shape.head_width + c;
  }
  double at(std::size_t place, std::size_t part, std::size_t c) const {
    return static_cast<double>(qkv[index(place, part, c)]);
  }
  Doubles probabilities(std::size_t place) const {
    Doubles p(place + 1);
    double sum = 0;
    for (std::size_t j = 0; j <= place; ++j) {
      double score = 0;
      for (std::size_t c = 0; c < shape.head_width; ++c) score += at(place, 0, c) * at(j, 1, c);
      p[j] = std::exp(score / std::sqrt(static_cast<double>(shape.head_width)));
      sum += p[j];
    }
    for (double& value : p) value /= sum;
    return p;
  }
};

struct Reference {
  Doubles y, dqkv;
};

Reference reference(const AttentionShape& shape, const Floats& qkv, const Floats& dy) {
  Reference result{Doubles(dy.size()), Doubles(qkv.size())};
  const double scale = 1 / std::sqrt(static_cast<double>(shape.head_width));
  for (std::size_t s = 0; s < shape.n * shape.heads * shape.length; ++s) {
    const std::size_t place = s % shape.length;
    const ReferenceHead head{shape, qkv, s / shape.length / shape.heads,
                             s / shape.length % shape.heads};
    const Doubles p = head.probabilities(place);
    const std::size_t row = (head.sequence * shape.length + place) * shape.width() +
                            head.head * shape.head_width;
    Doubles dp(p.size());
    double dot = 0;
    for (std::size_t j = 0; j <= place; ++j) {
      for (std::size_t c = 0; c < shape.head_width; ++c) {
        const auto g = static_cast<double>(dy[row + c]);
        result.y[row + c] += p[j] * head.at(j, 2, c);
        result.dqkv[head.index(j, 2, c)] += p[j] * g;
        dp[j] += g * head.at(j, 2, c);
      }
      dot += dp[j] * p[j];
    }
    for (std::size_t j = 0; j <= place; ++j) {
      const double ds = p[j] * (dp[j] - dot) * scale;
      for (std::size_t c = 0; c < shape.head_width; ++c) {
        result.dqkv[head.index(place, 0, c)] += ds * head.at(j, 1, c);
        result.dqkv[head.index(j, 1, c)] += ds * head.at(place, 0, c);
      }
    }
  }
  return result;
}

TEST_CASE("attention and its way back match plain loops, for heads of any width and length") {
  const AttentionShape shape = GENERATE(AttentionShape{2, 64, 3, 32}, AttentionShape{1, 1, 1, 1},
                                        AttentionShape{2, 37, 2, 20}, AttentionShape{1, 77, 2, 64},
                                        AttentionShape{3, 16, 2, 8}, AttentionShape{1, 33, 1, 16});
  const std::size_t places = shape.n * shape.length;
  const Floats qkv = numbers(3 * places * shape.width(), 1),
               dy = numbers(places * shape.width(), 2);
  const Reference expected = reference(shape, qkv, dy);
  HostDevice device;
  Floats y(dy.size(), 9), log_sums(places * shape.heads, 9), dqkv(qkv.size(), 9);
  device.sequences().attention(shape, qkv.data(), y.data(), log_sums.data());
  CHECK(largest_difference(expected.y, y) < 1e-5);
  device.sequences().attention_gradient(shape, qkv.data(), y.data(), log_sums.data(), dy.data(),
                                        dqkv.data());
  CHECK(largest_difference(expected.dqkv, dqkv) < 2e-5);
}

TEST_CASE("scores of any size make attention that is finite, and a place sees no later one") {
  const AttentionShape shape{1, 40, 1, 16};
  Floats qkv = numbers(3 * 40 * 16, 3);
  for (float& x : qkv) x *= 100;
  HostDevice device;
  Floats y(40 * 16), log_sums(40), other(40 * 16);
  device.sequences().attention(shape, qkv.data(), y.data(), log_sums.data());
  for (const float value : y) REQUIRE(std::isfinite(value));
  for (std::size_t i = 30 * 48; i < qkv.size(); ++i) qkv[i] = -qkv[i];
  device.sequences().attention(shape, qkv.data(), other.data(), log_sums.data());
  CHECK(std::equal(y.begin(), y.begin() + 30 * 16, other.begin()));
  CHECK_FALSE(y == other);
}

TEST_CASE("layer normalisation and its way back match central differences") {
  const std::size_t n = 3, width = GENERATE(as<std::size_t>{}, 1, 7, 16, 50);
  Floats x = numbers(n * width, 1), scale = numbers(width, 2), shift = numbers(width, 3);
  const Floats dy = numbers(n * width, 4);
  const auto loss = [&](const Doubles& at) {  // x, then scale, then shift
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double mean = 0, variance = 0;
      for (std::size_t j = 0; j < width; ++j) mean += at[i * width + j];
      mean /= static_cast<double>(width);
      for (std::size_t j = 0; j < width; ++j)
        variance += (at[i * width + j] - mean) * (at[i * width + j] - mean);
      variance /= static_cast<double>(width);
      for (std::size_t j = 0; j < width; ++j) {
        const double normal = (at[i * width + j] - mean) / std::sqrt(variance + 1e-5);
        sum += static_cast<double>(dy[i * width + j]) *
               (normal * at[n * width + j] + at[n * width + width + j]);
      }
    }
    return sum;
  };
  HostDevice device;
  Floats y(n * width), statistics(2 * n);
  Floats gradient(n * width + 2 * width, 1.0F);  // the way back adds
  device.sequences().layer_norm(n, width, x.data(), scale.data(), shift.data(), y.data(),
                                statistics.data());
  device.sequences().layer_norm_gradient(n, width, x.data(), scale.data(), statistics.data(),
                                         dy.data(), gradient.data(), gradient.data() + n * width,
                                         gradient.data() + n * width + width);
  Doubles at(x.begin(), x.end());
  at.insert(at.end(), scale.begin(), scale.end());
  at.insert(at.end(), shift.begin(), shift.end());
  double forward = 0;
  for (std::size_t i = 0; i < n * width; ++i)
    forward += static_cast<double>(dy[i]) * static_cast<double>(y[i]);
  CHECK(forward == Approx(loss(at)).margin(1e-4));
  Doubles expected;
  for (double& value : at) {
    const double kept = std::exchange(value, value + 1e-6);
    const double above = loss(at);
    value = kept - 1e-6;
    expected.push_back(1 + (above - loss(at)) / 2e-6);
    value = kept;
  }
  CHECK(largest_difference(expected, gradient) < (width == 1 ? 2e-3 : 1e-4));
}

TEST_CASE("embeddings are tokens plus places, and both gather their gradients") {
  HostDevice device;
  const Floats table = numbers(5 * 3, 1), places = numbers(2 * 3, 2), tokens{4, 0, 4, 4};
  Floats y(4 * 3), dtable(5 * 3), dplaces(2 * 3);
  device.sequences().embed(2, 2, 5, 3, tokens.data(), table.data(), places.data(), y.data());
  CHECK(y[3] == table[0] + places[3]);
  CHECK(y[8] == table[14] + places[2]);
  const Floats dy(4 * 3, 1.0F);
  device.sequences().embed_gradient(2, 2, 5, 3, tokens.data(), dy.data(), dtable.data(),
                                    dplaces.data());
  CHECK(dtable == Floats{1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 3, 3});
  CHECK(dplaces == Floats(6, 2.0F));
}

TEST_CASE("dropout keeps the mean, and the same call drops the same places") {
  HostDevice device;
  Floats x(20000, 1.0F), again(x), other(x);
  device.sequences().dropout(x.size(), 7, 0.25, x.data());
  device.sequences().dropout(x.size(), 7, 0.25, again.data());
  device.sequences().dropout(x.size(), 8, 0.25, other.data());
  CHECK(x == again);
  CHECK_FALSE(x == other);
  double sum = 0;
  for (const float value : x) {
    REQUIRE((value == 0.0F || value == 1.0F / 0.75F));
    sum += static_cast<double>(value);
  }
  CHECK(sum / 20000 == Approx(1).margin(0.02));
}

TEST_CASE("gelu is x times the normal distribution, with its slope for the way back") {
  HostDevice device;
  const std::size_t n = 200;
  Floats x(n), w{1.0F}, y(n), slope(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(i) / 10.0F - 10.0F;
  device.new_weights(1);
  device.linear(n, 1, 1, x.data(), w.data(),
                {.activation = Activation::gelu, .slope = slope.data()}, y.data());
  Doubles values, slopes;
  for (const float f : x) {
    const auto v = static_cast<double>(f);
    const double below = 0.5 * std::erfc(-v / std::sqrt(2.0));
    values.push_back(v * below);
    slopes.push_back(below + v * std::exp(-v * v / 2) / std::sqrt(2 * 3.14159265358979));
  }
  CHECK(largest_difference(values, y) < 2e-6);
  CHECK(largest_difference(slopes, slope) < 1e-6);
}

TEST_CASE("in bfloat16 products are those of the rounded operands, kept weights or not") {
  const std::size_t n = 40, in = 50, out = 30;
  const Floats x = numbers(n * in, 1), w = numbers(out * in, 2);
  const auto rounded = [](float v) {
    const auto word = std::bit_cast<std::uint32_t>(v);
    const std::uint32_t up = word + 0x7FFFU + (word >> 16U & 1U);
    return static_cast<double>(std::bit_cast<float>(up & 0xFFFF0000U));
  };
  const std::size_t uses = GENERATE(1, 1000);
  HostDevice device({.threads = 1, .bf16 = true});
  Floats y(n * out);
  Doubles expected(n * out);
  for (std::size_t i = 0; i < n * out; ++i) {
    for (std::size_t k = 0; k < in; ++k)
      expected[i] += rounded(x[i / out * in + k]) * rounded(w[i % out * in + k]);
  }
  for (int pass = 0; pass < 2; ++pass) {
    device.new_weights(uses);
    for (int again = 0; again < 2; ++again) {
      device.linear(n, in, out, x.data(), w.data(), {}, y.data());
      CHECK(largest_difference(expected, y) < 1e-4);
    }
  }
}

}  // namespace
}  // namespace murm
