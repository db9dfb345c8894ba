// Gossip in rounds: a worker goes on once the messages of its round's neighbours are there.
// Room: algorithms. Who takes part in a round is frozen with its leases; nobody waits for one who has left.
// Caller: base of the synchronous machines of the gossip family. Source: Lian et al. 2017 (D-PSGD), neighbour-local barrier.
#pragma once
#include <map>

#include "algorithms/gossip/peer.hpp"

namespace murm {

/// Round k is step k of the lease plan: its leases went to the first `quorum` members of the lease's epoch, and these
/// are the round's peers 0..n-1. A lease taken over from a lost worker is computed and stepped as any other,
/// but belongs to no round. What a missing neighbour would have given, a worker gives itself.
class RoundPeer : public GossipPeer {
 public:
  RoundPeer(const AlgorithmOptions& options, TopologyKind topology);

 protected:
  struct Round {
    std::uint64_t number = 0;
    PeerIndex self = 0;
    std::vector<PeerId> peers;  // by index
  };

  // -- what an algorithm adds
  /// The lease is computed; its steps are in the replica, unless `steps_at_once` is false.
  /// Calls `send` for those who wait for us.
  virtual void speak(Context& context) = 0;
  /// Everything has come: mixes. `messages`: by index of the sender, each perhaps of several parts.
  virtual void mix(const Shares& row, const std::map<PeerIndex, std::vector<Message>>& messages,
                   Context& context) = 0;
  /// Where the gradient is computed.
  virtual Tensor compute_at(Context& /*context*/) { return replica(); }
  virtual void step(const GradientReady& gradient, Context& context);
  /// Weights of this round: row (who sends to us) and column (to whom we send).
  virtual void weights(const Topology& topology, Shares& row, Shares& column) const;
  /// Another set of peers than in the round before.
  virtual void peers_changed(Context& /*context*/) {}
  /// True: others are spoken to before the gradient is there.
  virtual bool speaks_first() const { return false; }
  /// A message for a round that is over: of one who was taken for lost.
  virtual void too_late(const Message& /*message*/, Context& /*context*/) {}
  /// Weight of messages that wait for their round.
  double waiting_weight() const;
  /// Messages that each neighbour sends in a round.
  virtual std::size_t parts() const { return 1; }

  const Round& round() const { return round_; }
  bool in_round() const { return in_round_; }
  const Shares& column() const { return column_; }
  const Shares& row() const { return row_; }
  void send(PeerIndex to, Tensor payload, double weight, std::uint32_t part, Context& context);

 private:
  void begin(const Lease& lease, Context& context) final;
  void take_gradient(const GradientReady& gradient, Context& context) final;
  void take_message(const Message& message, Context& context) final;
  void members_changed(const MembershipChange& change, Context& context) final;
  void enter(const Lease& lease, Context& context);
  void mix_when_complete(Context& context);

  TopologyKind default_topology_;
  Topology topology_;
  Round round_;
  Shares row_;
  Shares column_;
  std::uint64_t next_round_ = 0;  // the first that is not over
  bool in_round_ = false;         // the lease that has begun belongs to one
  bool spoken_ = false;           // its gradient is there, and others have been told
  std::map<std::uint64_t, std::map<PeerId, std::vector<Message>>> inbox_;  // by round, from now on
};

/// The weighted mean of x and the first parts of `messages`, added in the order of the peers, so that who
/// averages over the same has the same. A neighbour without a message counts as x itself.
Tensor weighted_mean(const Tensor& x, PeerIndex self, const Shares& row,
                     const std::map<PeerIndex, std::vector<Message>>& messages, Context& context);

}  // namespace murm
