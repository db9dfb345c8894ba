// The keeper: what an aggregator is where the model is the mean of the workers' replicas.
// Room: algorithms. On no replica's path: it hears of finished leases, and averages the replicas at a cut.
// Caller: actors/aggregator for every algorithm of the gossip family, and ring.
#pragma once
#include <map>
#include <set>

#include "algorithms/algorithm_options.hpp"
#include "algorithms/machine.hpp"

namespace murm {

/// Holds the parameters of the latest cut (at first the initial ones): what is evaluated, written to
/// checkpoints, and what a worker starts from. Between cuts its copy grows old; a worker that asks for it
/// then is told so (Message::dropped) and turns to a peer.
/// A push has no payload; its `round` is the staleness of the gradient, as the worker counts it; `dropped`: the
/// workers do without its lease.
class KeeperAggregator final : public Machine {
 public:
  KeeperAggregator(const AlgorithmOptions& options, std::uint32_t shard);

  void on_start(Context& context) override;
  void on_message(const Message& message, Context& context) override;
  void on_membership(const MembershipChange& change, Context& context) override;
  void on_collect(Context& context) override;
  void save(MachineState& state) const override;
  void load(const MachineState& state, Context& context) override;

 private:
  void reply(PeerId to, Context& context);
  void average_when_complete(Context& context);

  std::uint32_t shard_;
  std::size_t length_;
  Tensor parameters_;
  std::set<PeerId> members_;
  std::map<PeerId, Tensor> replicas_;  // that have come for this cut; in the order of addition
  std::set<PeerId> missing_;
  bool collecting_ = false;
  Version version_ = 0;        // leases applied by the workers
  Version version_kept_ = 0;   // of parameters_
  std::uint64_t samples_ = 0;  // of these leases
};

}  // namespace murm
