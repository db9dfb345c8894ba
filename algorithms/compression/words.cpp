#include "algorithms/compression/words.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "algorithms/random.hpp"
#include "algorithms/vector_clones.hpp"

namespace murm {
namespace {

constexpr std::size_t kLanes = 16;  // independent sums, added in order at the end

MURM_CLONES std::uint32_t largest_key(std::size_t n, const float* x) {
  std::int32_t largest =
      0;  // keys have no sign bit, and old vector units compare signed words only
  for (std::size_t i = 0; i < n; ++i) {
    largest = std::max(largest, static_cast<std::int32_t>(magnitude_key(x[i])));
  }
  return static_cast<std::uint32_t>(largest);
}

/// Sum of term(x) in kLanes partial sums.
template <class Term>
inline __attribute__((always_inline)) double lane_sum(std::size_t n, const float* x, Term term) {
  std::array<double, kLanes> lanes{};
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] += term(static_cast<double>(x[i + lane]));
    }
  }
  for (; i < n; ++i) lanes[i % kLanes] += term(static_cast<double>(x[i]));
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

MURM_CLONES double plain_sum(std::size_t n, const float* x) {
  return lane_sum(n, x, [](double v) { return v; });
}

MURM_CLONES double square_sum(std::size_t n, const float* x) {
  return lane_sum(n, x, [](double v) { return v * v; });
}

MURM_CLONES double magnitude_sum(std::size_t n, const float* x) {
  return lane_sum(n, x, [](double v) { return std::abs(v); });
}

}  // namespace

float largest_magnitude(std::span<const float> values) {
  return float_of(largest_key(values.size(), values.data()));
}
double sum_of(std::span<const float> values) { return plain_sum(values.size(), values.data()); }
double sum_of_squares(std::span<const float> values) {
  return square_sum(values.size(), values.data());
}
double sum_of_magnitudes(std::span<const float> values) {
  return magnitude_sum(values.size(), values.data());
}

float finite_float(double value) {
  constexpr double kMost = static_cast<double>(std::numeric_limits<float>::max());
  return static_cast<float>(std::clamp(value, -kMost, kMost));
}

std::uint64_t draw_seed(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter) {
  return spread_bits(spread_bits(spread_bits(seed + 1) ^ stream) ^ counter);
}

MURM_CLONES void random_words(std::uint64_t draw, std::uint64_t first, std::size_t blocks,
                              std::uint32_t* words) {
  const auto key0 = static_cast<std::uint32_t>(draw);
  const auto key1 = static_cast<std::uint32_t>(draw >> 32U);
  const auto low = static_cast<std::uint32_t>(first);
  const auto high = static_cast<std::uint32_t>(first >> 32U);
  for (std::size_t b = 0; b < blocks; ++b) {
    const std::array<std::uint32_t, 4> block = philox(
        {low + static_cast<std::uint32_t>(b), high, 0, 0}, {key0, key1});
    words[b] = block[0];
    words[blocks + b] = block[1];
    words[2 * blocks + b] = block[2];
    words[3 * blocks + b] = block[3];
  }
}

}  // namespace murm
