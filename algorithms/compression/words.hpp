// Bit patterns of numbers, random words in bulk, and sums whose bits do not depend on the vector width.
// Room: algorithms. Element-wise bodies compile for host and CUDA alike.
// Caller: codecs. Source: Philox4x32-10, Salmon et al. 2011.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "algorithms/host_device.hpp"

namespace murm {

MURM_HOST_DEVICE inline std::uint32_t word_of(float number) {
  std::uint32_t word = 0;
  std::memcpy(&word, &number, sizeof word);
  return word;
}

MURM_HOST_DEVICE inline float float_of(std::uint32_t word) {
  float number = 0;
  std::memcpy(&number, &word, sizeof number);
  return number;
}

/// |x| as an integer of the same order.
MURM_HOST_DEVICE inline std::uint32_t magnitude_key(float x) { return word_of(x) & 0x7FFFFFFFU; }

inline constexpr std::uint32_t kInfinityWord = 0x7F800000U;
inline constexpr std::uint32_t kRefusedWord = 0x7FC00000U;  // not a number: no decode accepts it

/// The largest |x|; not finite when any number is not.
float largest_magnitude(std::span<const float> values);
inline bool all_finite(std::span<const float> values) {
  return magnitude_key(largest_magnitude(values)) < kInfinityWord;
}
double sum_of(std::span<const float> values);
double sum_of_squares(std::span<const float> values);
double sum_of_magnitudes(std::span<const float> values);

/// A double as the nearest finite float.
float finite_float(double value);

/// Seed of draw number `counter` of a stream.
std::uint64_t draw_seed(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter);
/// Overwrites `words` [4 * blocks] with the Philox blocks `first`, `first` + 1, ...: word i of block b is at
/// i * blocks + b.
void random_words(std::uint64_t draw, std::uint64_t first, std::size_t blocks,
                  std::uint32_t* words);

}  // namespace murm
