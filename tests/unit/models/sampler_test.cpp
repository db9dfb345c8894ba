// Tests of the order of samples.
#include "models/sampler.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "tests/catch.hpp"

namespace murm {
namespace {

std::vector<std::size_t> epoch_order(const Sampler& sampler, std::uint64_t epoch) {
  std::vector<std::size_t> order(sampler.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = sampler.index(epoch * order.size() + i);
  return order;
}

TEST_CASE("every epoch is a permutation of the whole set") {
  const std::size_t size = GENERATE(as<std::size_t>{}, 1, 2, 3, 7, 16, 17, 1000, 60000);
  const Sampler sampler(5, size);
  std::vector<std::size_t> all(size);
  std::iota(all.begin(), all.end(), 0);
  for (const std::uint64_t epoch : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 40U}) {
    std::vector<std::size_t> order = epoch_order(sampler, epoch);
    std::sort(order.begin(), order.end());
    CHECK(order == all);
  }
}

TEST_CASE("epochs and seeds have different orders, the same seed has the same") {
  const Sampler sampler(5, 1000);
  CHECK(epoch_order(sampler, 0) != epoch_order(sampler, 1));
  CHECK(epoch_order(sampler, 0) != epoch_order(Sampler(6, 1000), 0));
  CHECK(epoch_order(sampler, 3) == epoch_order(Sampler(5, 1000), 3));
  CHECK(epoch_order(sampler, 1) != epoch_order(Sampler(6, 1000), 0));
}

TEST_CASE("the order looks random: few fixed points, every place reached from everywhere") {
  const Sampler sampler(5, 10);
  std::vector<int> hits(10);
  int fixed = 0;
  for (std::uint64_t epoch = 0; epoch < 5000; ++epoch) {
    ++hits[sampler.index(epoch * 10)];
    fixed += sampler.index(epoch * 10 + 4) == 4 ? 1 : 0;
  }
  for (const int hit : hits) CHECK(hit == Approx(500).margin(120));
  CHECK(fixed == Approx(500).margin(120));
}

}  // namespace
}  // namespace murm
