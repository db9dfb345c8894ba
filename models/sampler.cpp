#include "models/sampler.hpp"

#include <string>

#include "algorithms/random.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {
Sampler::Sampler(std::uint64_t seed, std::size_t size) : seed_(seed), size_(size), half_bits_(1) {
  MURM_ASSERT(size > 0, "empty data set");
  MURM_ASSERT(size <= std::size_t{1} << 62U, std::to_string(size));
  while ((std::uint64_t{1} << (2 * half_bits_)) < size_) ++half_bits_;
}

std::size_t Sampler::index(std::uint64_t position) const {
  if (size_ == 1) return 0;
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  const std::uint64_t key = spread_bits(spread_bits(seed_ + 0x9E3779B97F4A7C15U) +
                                        position / size_);
  std::uint64_t x = position % size_;
  do {
    std::uint64_t left = x >> half_bits_;
    std::uint64_t right = x & mask;
    // More rounds than large domains need: tiny ones mix badly in few.
    for (std::uint64_t round = 1; round <= 8; ++round) {
      const std::uint64_t next = left ^
                                 (spread_bits(key + round * 0x9E3779B97F4A7C15U + right) & mask);
      left = right;
      right = next;
    }
    x = (left << half_bits_) | right;
  } while (x >= size_);
  return x;
}

}  // namespace murm
