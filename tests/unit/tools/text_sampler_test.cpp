// Tests of drawing tokens: what is drawn, and how often.
#include "tools/murm/text_sampler.hpp"

#include <cmath>
#include <map>

#include "tests/catch.hpp"

using namespace murm;

namespace {

std::map<std::size_t, int> drawn(const SamplingOptions& options, const std::vector<float>& logits,
                                 int times) {
  TextSampler sampler(options);
  std::map<std::size_t, int> counts;
  for (int i = 0; i < times; ++i) ++counts[sampler.pick(logits)];
  return counts;
}

const std::vector<float> logits{0.0F, std::log(3.0F), std::log(6.0F)};  // 0.1, 0.3, 0.6

}  // namespace

TEST_CASE("tokens are drawn as often as their logits say") {
  const auto counts = drawn({}, logits, 10000);
  CHECK(counts.at(0) == Approx(1000).margin(150));
  CHECK(counts.at(1) == Approx(3000).margin(250));
  CHECK(counts.at(2) == Approx(6000).margin(250));
}

TEST_CASE("a low temperature prefers the likely, zero takes the likeliest, the first of equals") {
  CHECK(drawn({.temperature = 0.1}, logits, 1000).at(2) > 990);
  CHECK(drawn({.temperature = 0}, logits, 10) == std::map<std::size_t, int>{{2, 10}});
  CHECK(drawn({.temperature = 0}, {1.0F, 2.0F, 2.0F}, 5) == std::map<std::size_t, int>{{1, 5}});
  CHECK(drawn({.temperature = 100}, logits, 3000).at(0) == Approx(990).margin(120));
}

TEST_CASE("top-k leaves only the likeliest") {
  CHECK(drawn({.top_k = 1}, logits, 100) == std::map<std::size_t, int>{{2, 100}});
  const auto two = drawn({.top_k = 2}, logits, 9000);
  CHECK_FALSE(two.contains(0));
  CHECK(two.at(1) == Approx(3000).margin(250));
  CHECK(drawn({.top_k = 9}, logits, 1000).size() == 3);
}

TEST_CASE("equal seeds draw equal tokens, other seeds others") {
  const auto row = [](std::uint64_t seed) {
    TextSampler sampler({.seed = seed});
    std::vector<std::size_t> tokens;
    for (int i = 0; i < 50; ++i) tokens.push_back(sampler.pick(logits));
    return tokens;
  };
  CHECK(row(1) == row(1));
  CHECK(row(1) != row(2));
}
