// What every gossiping worker has: a replica with its optimizer, the members by epoch, leases in hand.
// Room: algorithms. With whom replicas are mixed, and when, is the algorithm's business.
// Caller: base of the machines of the gossip family; the other side is algorithms/gossip/keeper.
#pragma once
#include <map>
#include <vector>

#include "algorithms/algorithm_options.hpp"
#include "algorithms/gossip/topology.hpp"
#include "algorithms/machine.hpp"
#include "algorithms/random.hpp"

namespace murm {

/// Starts from the keepers' parameters, or, where those have grown old, from a peer's replica. The next lease
/// is asked for when one begins, so that computing does not wait for the coordinator. At a cut the replica
/// goes to the keepers.
class GossipPeer : public Machine {
 public:
  explicit GossipPeer(const AlgorithmOptions& options);

  void on_start(Context& context) override;
  void on_lease(const Lease& lease, Context& context) final;
  void on_gradient(const GradientReady& gradient, Context& context) final;
  void on_message(const Message& message, Context& context) final;
  void on_membership(const MembershipChange& change, Context& context) final;
  void on_collect(Context& context) final;
  /// "parameters" is the replica as it counts (de-biased where replicas are weighted).
  void save(MachineState& state) const override;

 protected:
  // -- what an algorithm adds
  /// A lease may begin; the algorithm calls `compute`.
  virtual void begin(const Lease& lease, Context& context) = 0;
  /// A gradient of the lease that has begun. The algorithm calls `compute` again until `lease_done`, then,
  /// at once or later, `finished`.
  virtual void take_gradient(const GradientReady& gradient, Context& context) = 0;
  /// A message of a peer: exchange, answer, decline.
  virtual void take_message(const Message& message, Context& context) = 0;
  virtual void members_changed(const MembershipChange& /*change*/, Context& /*context*/) {}
  /// The replica has its first value.
  virtual void started(Context& /*context*/) {}
  /// False while an exchange is under way: the cut waits until `collect_if_due` is called.
  virtual bool may_collect() const { return true; }
  /// The replica as it counts.
  virtual const Tensor& counted() const { return replica_; }
  /// What an exchange carries is not as long as the replica; the algorithm judges it.
  virtual bool encodes() const { return false; }
  /// Message::weight of an exchange is a weight, hence above 0.
  virtual bool weighted() const { return false; }

  // -- what it has
  /// Asks for the gradient of the lease's next batch, at `at` as it is when the gradient is computed.
  void compute(const Tensor& at, Context& context);
  bool lease_done() const { return done_ == leases_.front().samples; }
  /// What came of the lease is in the replica: tells the keepers and begins the next. `staleness`: changes of
  /// the replica between the read of a gradient and its step, at most.
  void finished(std::uint64_t staleness, Context& context);
  /// One step of the job's optimizer on `x`; the rate follows the lease's place in the run.
  void optimizer_step(const Tensor& x, const GradientReady& gradient, Context& context);
  void collect_if_due(Context& context);

  const Tensor& replica() const { return replica_; }
  bool has_replica() const { return !replica_.empty(); }
  const AlgorithmOptions& options() const { return options_; }
  /// Members at an epoch (of a lease) and now, ascending; this worker among them.
  const std::vector<PeerId>& members(Epoch epoch) const;
  const std::vector<PeerId>& members() const;
  /// This worker's place among the members now.
  PeerIndex position() const;
  /// By so many rounds a neighbour may be ahead; what says to be of a later one is not kept.
  std::uint64_t rounds_ahead_max() const;
  /// Of this worker alone, a function of the job's seed.
  Random& random() { return random_; }

 private:
  const char* fault(const Message& message) const;
  void take_parameters(const Message& message, Context& context);
  void begin_to_train(Context& context);
  void ask_a_peer(Context& context);
  void hand_replica(PeerId to, Context& context);
  void begin_next(Context& context);

  AlgorithmOptions options_;
  Tensor replica_;  // [parameters]; empty before it has its first value
  Tensor first_;    // that is being put together
  std::vector<Tensor> optimizer_state_;
  std::uint64_t steps_ = 0;
  std::uint32_t shards_missing_ = 0;
  bool old_ = false;                 // what the keepers sent
  PeerId asked_{};                   // the peer whose replica is awaited
  std::vector<PeerId> wait_for_us_;  // peers that asked before we had a replica
  std::vector<Lease> leases_;        // in hand; the one that has begun first
  std::uint32_t done_ = 0;           // samples of the lease that has begun
  double loss_sum_ = 0;              // over them
  bool busy_ = false;
  bool collect_due_ = false;
  std::map<Epoch, std::vector<PeerId>> members_;  // by epoch, from that of the latest lease on
  Epoch epoch_ = 0;                               // of the latest lease
  Random random_{0, 0};
  PeerId self_{};
};

/// The job's topology over `members` (ascending); `by_default` where it names none. The numbers in a list of
/// edges are those of the workers' slots.
Topology topology_among(std::span<const PeerId> members, const AlgorithmOptions& options,
                        TopologyKind by_default);

}  // namespace murm
