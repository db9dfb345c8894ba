// Numbers for tests of kernels, and how far a result is from what it should be.
// Room: tests. Knows vectors; no device.
// Caller: tests/unit/cuda.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "algorithms/random.hpp"
#include "tests/catch.hpp"

namespace murm {

using Floats = std::vector<float>;

inline Floats numbers(std::size_t count, std::uint64_t stream) {
  Random random(7, stream);
  Floats values(count);
  for (float& value : values) value = random.uniform(-1.0F, 1.0F);
  return values;
}

/// Whole numbers, whose sums are exact in any order, and often equal.
inline Floats whole_numbers(std::size_t count, std::uint64_t stream) {
  Floats values = numbers(count, stream);
  for (float& value : values) value = std::round(3 * value);
  return values;
}

inline Floats normal_numbers(std::size_t count, std::uint64_t seed) {
  Random random(seed, 0);
  Floats values(count);
  for (float& value : values) value = random.normal();
  return values;
}

/// The largest difference, in parts of the largest number that there should be; infinite where a difference is not a
/// number.
inline double distance(const Floats& found, const Floats& expected) {
  REQUIRE(found.size() == expected.size());
  double worst = 0;
  double largest = 1e-30;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double difference = std::abs(static_cast<double>(found[i]) -
                                       static_cast<double>(expected[i]));
    if (std::isnan(difference)) return INFINITY;
    worst = std::max(worst, difference);
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  return worst / largest;
}

}  // namespace murm
