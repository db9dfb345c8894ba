// Stochastic gradient push: push-sum over a directed graph, in rounds or overlapped with computing.
// Room: algorithms. Worker side; the other side is algorithms/gossip/keeper.
// Caller: actors/worker. Source: Assran et al. 2019, Algorithms 1 (SGP) and 2 (OSGP), arXiv:1811.10792.
#pragma once
#include <set>

#include "algorithms/gossip/rounds.hpp"

namespace murm {

/// Biased x (the replica), push-sum weight w, de-biased z = x / w: gradients are computed at z and step x; then x and
/// w are split evenly among the out-neighbours and the worker itself, and what comes is added. The sum of all w, with
/// what is under way, stays the number of workers; a message that is lost takes its weight along.
/// What a worker would send to one that has left stays with it.
class Sgp final : public RoundPeer {
 public:
  explicit Sgp(const AlgorithmOptions& options);

  double mass() const override { return has_replica() ? weight_ + waiting_weight() : 0; }

 private:
  void started(Context& context) override;
  void too_late(const Message& message, Context& context) override;
  void speak(Context& context) override;
  void mix(const Shares& row, const std::map<PeerIndex, std::vector<Message>>& messages,
           Context& context) override;
  void step(const GradientReady& gradient, Context& context) override;
  Tensor compute_at(Context& /*context*/) override { return unbiased_; }
  void weights(const Topology& topology, Shares& row, Shares& column) const override;
  const Tensor& counted() const override { return unbiased_; }
  bool weighted() const override { return true; }

  void remove_bias(Context& context);

  double weight_ = 0;  // 1 once there is a replica
  Tensor unbiased_;
};

/// OSGP: as above without a barrier; what comes is added when it comes. A worker waits only while a
/// message that is `overlap` rounds old is missing. As in RoundPeer, round and peers are those of the lease.
/// Deviation: gradients step z, x following as w z. Neighbours run ahead of a slow worker, whose weight then falls by half in
/// each round that it makes up for; a step of x, as in the paper, would move its z by lr / w.
class OverlapSgp final : public GossipPeer {
 public:
  explicit OverlapSgp(const AlgorithmOptions& options);

  double mass() const override { return weight_; }

 private:
  void begin(const Lease& lease, Context& context) override;
  void take_gradient(const GradientReady& gradient, Context& context) override;
  void take_message(const Message& message, Context& context) override;
  void members_changed(const MembershipChange& change, Context& context) override;
  void started(Context& context) override;
  const Tensor& counted() const override { return unbiased_; }
  bool weighted() const override { return true; }

  bool is_far(std::uint64_t round) const;
  void note(const Message& message);
  void enter(const Lease& lease);
  void push(Context& context);
  void go_on_when_due(Context& context);
  void remove_bias(Context& context);

  Topology topology_;
  std::vector<PeerId> peers_;  // of the round
  Shares shares_;
  std::uint64_t overlap_;
  std::uint64_t round_ = 0;
  bool in_round_ = false;
  std::uint64_t changes_ = 0;
  std::uint64_t changes_read_ = 0;
  bool waiting_ = false;    // a lease is done, and a neighbour is too far behind
  double weight_ = 0;       // 1 once there is a replica
  double held_weight_ = 0;  // of what came before that
  Tensor held_;             // its sum
  Tensor unbiased_;
  std::map<std::uint64_t, std::set<PeerId>> missing_;  // by round begun: who has not been heard of
  std::set<std::pair<std::uint64_t, PeerId>> early_;   // heard of, for rounds to come
};

}  // namespace murm
