// Radial-directional averaging: the mean of several vectors' lengths along the mean of their directions.
// Room: algorithms. Arithmetic on host memory, in the form of a code, through which a machine can ask for it.
// Caller: local_update/decoupled_syncer. Source: Douillard et al. 2026 (Decoupled DiLoCo), RDA, arXiv:2604.21428.
#pragma once
#include <vector>

#include "algorithms/compression/codec.hpp"

namespace murm {

/// x_1 ... x_n with weights w: r = sum w_i |x_i| / sum w_i, u = sum w_i x_i / |x_i|, result r u / |u|. Vectors that point
/// elsewhere do not shorten it, as they would a plain mean; one vector is its own mean.
/// "Encoded" is the concatenation of the vectors; there is nothing to decode.
/// Deviation: the mean direction is taken at length 1; the paper's text leaves its length open.
class RadialMean final : public Codec {
 public:
  RadialMean(std::vector<double> weights, std::size_t length)
      : Codec(weights.size() * length), weights_(std::move(weights)), length_(length) {}

  std::size_t encoded_length(std::uint64_t /*count*/) const override { return length_; }

 private:
  void encode_finite(std::span<const float> values, std::span<float> payload) override;
  bool decode_checked(std::span<const float>, std::span<float>) const override { return false; }

  std::vector<double> weights_;  // positive
  std::size_t length_;
};

}  // namespace murm
