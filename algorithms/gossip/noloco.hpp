// NoLoCo: local steps, then an outer step with one random partner instead of a reduction over all.
// Room: algorithms. Worker side; the other side is algorithms/gossip/keeper.
// Caller: actors/worker. Source: Kolehmainen et al. 2025, eq. 2 and 3 (NoLoCo), arXiv:2506.10911.
#pragma once
#include "algorithms/gossip/rounds.hpp"

namespace murm {

/// After H inner steps from the slow weights phi: D = theta - phi (new minus old, as in the paper), and over the
/// group G of the round, a pair drawn from the seed and the round,
///   m <- mu m + lr mean_G(D) + lr (mean_G(phi) - phi);  phi <- phi + m;  theta <- phi.
/// The state of the inner optimizer stays with the worker. What counts is phi.
class NoLoCo final : public RoundPeer {
 public:
  explicit NoLoCo(const AlgorithmOptions& options);

 private:
  void started(Context& context) override;
  void speak(Context& context) override;
  void mix(const Shares& row, const std::map<PeerIndex, std::vector<Message>>& messages,
           Context& context) override;
  std::size_t parts() const override { return 2; }
  const Tensor& counted() const override { return slow_; }

  float lr_;
  float momentum_;
  Tensor slow_;      // phi
  Tensor velocity_;  // m
  Tensor gained_;    // D of this round
};

}  // namespace murm
