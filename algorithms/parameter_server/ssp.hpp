// Stale synchronous parallel: workers may run ahead of the slowest by at most `staleness` clocks.
// Room: algorithms. Aggregator side; the worker side is algorithms/parameter_server/worker.
// Caller: actors/aggregator. Source: Ho et al. 2013 (SSP), the gate and its read guarantee.
#pragma once
#include <vector>

#include "algorithms/parameter_server/gate.hpp"
#include "algorithms/parameter_server/shard.hpp"

namespace murm {

/// Applies each gradient on arrival (as asp). A worker may start clock c once c - floor <= s, where
/// floor, the smallest clock with a lease missing, is the slowest worker's clock while membership is
/// constant, and moves on without a dead worker as soon as its leases have been delivered by others.
/// Deviation from the paper: updates are gradients for a server-side optimizer, not worker-side deltas.
/// Requires: staleness >= 1; with 0 the algorithm is bsp by definition (algorithms/registry).
class SspAggregator : public Machine {
 public:
  SspAggregator(ShardOptions options, std::uint64_t staleness)
      : SspAggregator(std::move(options), staleness, staleness) {}

  void on_start(Context& context) override { shard_.start(context); }
  void on_message(const Message& message, Context& context) override;
  void on_membership(const MembershipChange& change, Context& context) override;
  void save(MachineState& state) const override;
  void load(const MachineState& state, Context& context) override;

 protected:
  /// `most`: no worker is ever further ahead.
  SspAggregator(ShardOptions options, std::uint64_t staleness, std::uint64_t most);
  /// Whether the sender may start `clock` though the gate is closed for it.
  virtual bool runs_ahead(const Message& /*message*/, Step /*clock*/, Context& /*context*/) {
    return false;
  }
  Step lower_limit() const { return limit(staleness_); }  // largest clock that the gate lets start
  Step upper_limit() const { return limit(most_); }       // that anybody may start

 private:
  struct Clock {
    std::uint32_t arrived = 0;
    std::uint32_t quorum = 0;  // 0: nothing of this clock has arrived yet
  };
  void count(const Lease& lease);
  Step limit(std::uint64_t ahead) const;

  Shard shard_;
  Gate gate_;
  std::uint64_t staleness_;
  std::uint64_t most_;
  Step floor_ = 0;
  std::vector<Clock> clocks_;  // of floor_ and on, as far as something has arrived; at most s + 1
};

}  // namespace murm
