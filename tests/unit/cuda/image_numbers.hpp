// Random numbers for tests of pictures, and how far a result is from another.
// Room: tests.
// Caller: tests/unit/cuda/images_test, tests/unit/cuda/convolution_test.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "algorithms/random.hpp"
#include "tests/catch.hpp"

namespace murm {

inline std::vector<float> numbers(std::size_t count, std::uint64_t stream) {
  Random random(7, stream);
  std::vector<float> values(count);
  for (float& value : values) value = random.uniform(-1.0F, 1.0F);
  return values;
}

/// Whole numbers, whose sums are exact in any order, and often equal.
inline std::vector<float> whole_numbers(std::size_t count, std::uint64_t stream) {
  std::vector<float> values = numbers(count, stream);
  for (float& value : values) value = std::round(3 * value);
  return values;
}

/// The largest difference, in parts of the largest number that there should be.
inline double error(const std::vector<float>& found, const std::vector<float>& expected) {
  REQUIRE(found.size() == expected.size());
  double worst = 0;
  double largest = 1e-30;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double difference = std::abs(static_cast<double>(found[i]) -
                                       static_cast<double>(expected[i]));
    if (!(difference <= worst)) worst = difference;
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  return worst / largest;
}

}  // namespace murm
