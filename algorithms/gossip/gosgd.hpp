// GoSGD: after a step, now and then, half of one's share goes to a random peer.
// Room: algorithms. Worker side; the other side is algorithms/gossip/keeper.
// Caller: actors/worker. Source: Blot et al. 2016, Algorithm 3 (GoSGD), arXiv:1611.09726.
#pragma once
#include "algorithms/gossip/peer.hpp"

namespace murm {

/// Waits for nobody and is answered by nobody. After each lease, with probability p: alpha <- alpha / 2 and (x, alpha)
/// goes to a neighbour, who takes the mean of both replicas weighted by their shares, and adds the shares. The shares
/// sum to 1 with what is under way. Deviations from the paper: a message is taken when it comes instead of being
/// queued until the next step; the share of a newcomer is 1 / n on top; the model is the plain mean of the replicas.
class GoSgd final : public GossipPeer {
 public:
  explicit GoSgd(const AlgorithmOptions& options);

  double mass() const override { return share_; }

 private:
  void begin(const Lease& lease, Context& context) override;
  void take_gradient(const GradientReady& gradient, Context& context) override;
  void take_message(const Message& message, Context& context) override;
  void members_changed(const MembershipChange& change, Context& context) override;
  void started(Context& context) override;
  bool weighted() const override { return true; }

  void step(Context& context);
  void tell_somebody(Context& context);

  double probability_;
  Topology topology_;
  Shares scratch_;
  double share_ = 0;
  double held_share_ = 0;  // of what came before there was a replica
  Tensor held_;            // its sum, by shares
  std::uint64_t told_ = 0;
  std::uint64_t changes_ = 0;
  std::uint64_t changes_read_ = 0;
  std::uint64_t staleness_ = 0;
};

}  // namespace murm
