// The order of samples: an endless stream of epochs, each a permutation of the data set.
// Room: models. Knows positions and indices; not the samples, nor who reads them.
// Caller: actors/device_actor. Source: Feistel network with cycle walking, Black & Rogaway 2002, section 4.
#pragma once
#include <cstddef>
#include <cstdint>

namespace murm {

/// Any process computes any position on its own, so a lease is only a range of positions.
/// Thread: any.   Cost: constant time and memory; no array of indices.
class Sampler {
 public:
  /// Requires: size > 0 (asserted).
  Sampler(std::uint64_t seed, std::size_t size);
  /// The sample at `position`: epoch position / size, place position % size of that epoch's permutation.
  std::size_t index(std::uint64_t position) const;
  std::size_t size() const { return size_; }

 private:
  std::uint64_t seed_;
  std::size_t size_;
  unsigned half_bits_;  // the network permutes 0 .. 4^half_bits - 1, at most four times the size
};

}  // namespace murm
