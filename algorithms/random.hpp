// Counter-based random numbers: number i of stream s under a seed is a pure function of (seed, s, i).
// Room: algorithms. Knows integers; holds no global state and never asks the clock.
// Caller: models (initialisation, data), machines. Source: Philox4x32-10, Salmon et al. 2011 (Random123).
#pragma once
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

namespace murm {

/// The Philox4x32-10 block function.
constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                              std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53U} * counter[0];
    const std::uint64_t second = std::uint64_t{0xCD9E8D57U} * counter[2];
    counter = {static_cast<std::uint32_t>(second >> 32U) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(second),
               static_cast<std::uint32_t>(first >> 32U) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(first)};
    key = {key[0] + 0x9E3779B9U, key[1] + 0xBB67AE85U};
  }
  return counter;
}

/// Finaliser of SplitMix64: a bijection that spreads every input bit over the whole word.
constexpr std::uint64_t spread_bits(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31U);
}

/// One stream of numbers. Thread: one at a time; streams are independent of each other.
class Random {
 public:
  Random(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}

  std::uint32_t next() {
    if (used_ == block_.size()) {
      block_ = philox({low(index_), high(index_), low(stream_), high(stream_)},
                      {low(seed_), high(seed_)});
      ++index_;
      used_ = 0;
    }
    return block_[used_++];
  }
  /// In [0, 1), a multiple of 2^-24.
  float uniform() { return static_cast<float>(next() >> 8U) * 0x1p-24F; }
  float uniform(float from, float to) { return from + (to - from) * uniform(); }
  /// Uniform in 0..n-1, without bias (Lemire 2019, Algorithm 5). Requires: n > 0.
  std::uint32_t below(std::uint32_t n) {
    std::uint64_t product = std::uint64_t{next()} * n;
    if (low(product) < n) {
      const std::uint32_t threshold = (0U - n) % n;
      while (low(product) < threshold) product = std::uint64_t{next()} * n;
    }
    return high(product);
  }
  /// Standard normal (Box & Muller 1958); uses two numbers and returns one value.
  float normal() {
    const float radius = std::sqrt(-2.0F * std::log(1.0F - uniform()));
    return radius * std::cos(2.0F * std::numbers::pi_v<float> * uniform());
  }

 private:
  static constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
  static constexpr std::uint32_t high(std::uint64_t x) {
    return static_cast<std::uint32_t>(x >> 32U);
  }

  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t index_ = 0;  // of the next block
  std::array<std::uint32_t, 4> block_{};
  std::size_t used_ = block_.size();
};

}  // namespace murm
