// Lengths and directions, averaged apart.
#include <cmath>

#include "algorithms/local_update/radial_mean.hpp"
#include "tests/catch.hpp"
#include "tests/unit/algorithms/compression_cases.hpp"

using namespace murm;

namespace {

std::vector<float> mean_of(const std::vector<double>& weights, const std::vector<float>& vectors) {
  RadialMean mean(weights, vectors.size() / weights.size());
  std::vector<float> result(mean.encoded_length(0));
  mean.encode(vectors, result);
  return result;
}

}  // namespace

TEST_CASE("one vector is its own radial-directional mean, whatever its weight") {
  const std::vector<float> x = heavy_numbers(1000, 2);
  const std::vector<float> mean = mean_of({17.5}, x);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(mean[i] == Approx(x[i]).epsilon(1e-6));
}

TEST_CASE("vectors that point elsewhere do not shorten the mean") {
  const std::vector<float> mean = mean_of({1, 1}, {2, 0, 0, 4});
  CHECK(mean[0] == Approx(3 / std::sqrt(2.0)));  // length 3, half-way between the axes
  CHECK(mean[1] == Approx(3 / std::sqrt(2.0)));
}

TEST_CASE("weights count for the length and for the direction") {
  const std::vector<float> mean = mean_of({3, 1}, {1, 0, 0, 5});
  CHECK(std::hypot(mean[0], mean[1]) == Approx(2));  // (3 * 1 + 1 * 5) / 4
  CHECK(mean[0] == Approx(3 * mean[1]));
}

TEST_CASE("a vector of length 0 has no direction, and opposite ones have none together") {
  const std::vector<float> with_zero = mean_of({1, 1}, {0, 0, 0, 4});
  CHECK(with_zero[0] == 0);
  CHECK(with_zero[1] == Approx(2));
  CHECK(mean_of({1, 1}, {1, 0, -1, 0}) == std::vector<float>{0, 0});
  CHECK(mean_of({1, 1}, {0, 0, 0, 0}) == std::vector<float>{0, 0});
}
