// Asynchronous decentralised SGD: average with one random neighbour while the next gradient is computed.
// Room: algorithms. Worker side; the other side is algorithms/gossip/keeper.
// Caller: actors/worker. Source: Lian et al. 2018, Algorithm 1 (AD-PSGD), arXiv:1710.06952; Nadiradze et al. 2021,
// Algorithm 1 (SwarmSGD), arXiv:1910.12308.
#pragma once
#include "algorithms/gossip/peer.hpp"
#include "algorithms/gossip/topology.hpp"

namespace murm {

/// Waits for nobody. Gradients are computed at a snapshot and applied to a replica that has been averaged
/// meanwhile; their staleness counts these changes.
/// Deviation from the paper: the atomic average of a pair becomes two deltas. The asked peer answers with its
/// x_j and sets x_j <- (x_j + s) / 2; the asking one adds (x_j - s) / 2 when the answer comes, s being what
/// it sent. The sum of all replicas is the same under any interleaving with gradient steps, no lock is held,
/// and no bipartite graph is needed: who waits for an answer serves one request and declines further ones,
/// which keeps every replica a convex combination.
/// swarm is the same with several local steps between exchanges: it asks when a lease of H batches is done,
/// not while one is computed. Deviation from its paper: no quantisation; deltas as above instead of a copy of
/// the model at the latest exchange, which keeps local steps made meanwhile as well.
class AdPsgd final : public GossipPeer {
 public:
  enum class Asks : std::uint8_t { while_computing, between_leases };
  AdPsgd(const AlgorithmOptions& options, Asks asks);

 private:
  void begin(const Lease& lease, Context& context) override;
  void take_gradient(const GradientReady& gradient, Context& context) override;
  void take_message(const Message& message, Context& context) override;
  void members_changed(const MembershipChange& change, Context& context) override;
  bool may_collect() const override { return sent_.empty(); }

  void step(Context& context);
  void ask(Context& context);
  void answer(const Message& request, Context& context);

  Asks asks_;
  Topology topology_;
  Shares scratch_;
  std::uint64_t asked_ = 0;    // requests so far: the round of a changing graph
  std::uint64_t changes_ = 0;  // of the replica, by averaging
  std::uint64_t changes_read_ = 0;
  std::uint64_t staleness_ = 0;  // the largest of this lease
  std::uint64_t exchange_ = 0;   // number of the latest request
  PeerId partner_{};             // of it
  Tensor sent_;                  // what it carried; empty: no answer is awaited
  bool served_ = false;          // a request of another, while an answer is awaited
};

}  // namespace murm
