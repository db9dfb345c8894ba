// Random numbers for the tests of what transformers need, and how far two answers are apart.
// Room: tests. Knows vectors.
// Caller: tests/unit/cuda/sequences_test.cpp, tests/unit/cuda/attention_test.cpp.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "algorithms/random.hpp"

namespace murm {

using Floats = std::vector<float>;

inline Floats normal_numbers(std::size_t count, std::uint64_t seed) {
  Random random(seed, 0);
  Floats v(count);
  for (float& x : v) x = random.normal();
  return v;
}

/// The largest difference over the largest magnitude expected; infinite where a number is not finite, or missing.
inline double relative_difference(const Floats& expected, const Floats& found) {
  if (expected.size() != found.size()) return INFINITY;
  double worst = 0;
  double largest = 1e-30;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(static_cast<double>(expected[i]) -
                                       static_cast<double>(found[i]));
    if (!std::isfinite(difference)) return INFINITY;
    worst = std::max(worst, difference);
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  return worst / largest;
}

}  // namespace murm
