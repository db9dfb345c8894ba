// CHOCO-SGD: gossip with compressed differences and public copies of the replicas.
// Room: algorithms. Worker side; the other side is algorithms/gossip/keeper.
// Caller: actors/worker. Source: Koloskova, Stich, Jaggi 2019, Algorithm 2 (CHOCO-SGD), arXiv:1902.00340.
#pragma once
#include "algorithms/compression/codec.hpp"
#include "algorithms/gossip/rounds.hpp"

namespace murm {

/// x: replica, p: its public copy, s = sum_j W_ij p_j; in a round, after the local step:
///   q = C(x - p) goes to the neighbours;  p <- p + q;  s <- s + sum_j W_ij q_j (its own among them);
///   x <- x + gamma (s - p).
/// Every neighbour has to apply every q once and in order, which rounds and the links give. When the peers of
/// the rounds change, all begin again with p = 0 and s = 0 in the same round: what they send then is
/// compressed from their whole replicas, so that it takes some rounds until the copies are close again.
/// `naive`: replicas are compressed themselves and mixed as in d-psgd: what CHOCO is compared with.
/// A replica that has diverged cannot be coded: its difference counts as zero (an empty payload), and the loss tells.
/// Requires: a topology that does not change from round to round.
class Choco final : public RoundPeer {
 public:
  explicit Choco(const AlgorithmOptions& options, bool naive = false);

 private:
  void started(Context& context) override;
  void speak(Context& context) override;
  void mix(const Shares& row, const std::map<PeerIndex, std::vector<Message>>& messages,
           Context& context) override;
  void peers_changed(Context& context) override;
  bool encodes() const override { return true; }

  bool naive_;
  float gamma_;
  std::unique_ptr<Codec> codec_;  // of what we send
  Tensor public_;                 // p
  Tensor mixed_;                  // s
  Tensor sent_;                   // q, decoded
  Tensor difference_;
};

}  // namespace murm
