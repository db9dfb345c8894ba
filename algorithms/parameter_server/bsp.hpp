// Synchronous data parallelism on sharded aggregators.
// Room: algorithms. Aggregator side; the worker side is algorithms/parameter_server/worker.
// Caller: actors/aggregator. Source: algorithms guide, 2.1 (BSP); ssp with s = 0 is this machine.
#pragma once
#include <span>
#include <vector>

#include "algorithms/parameter_server/gate.hpp"
#include "algorithms/parameter_server/shard.hpp"
#include "algorithms/robust/robust.hpp"

namespace murm {

/// A step is a set of leases, frozen when it was planned (Lease::quorum), not a set of workers: when a
/// worker dies, others deliver its leases and the step completes as planned. Sums are added in lease
/// order, so the result does not depend on who computed what, or when it arrived. A robust rule (algorithms/robust)
/// may stand in for the sum.
class BspAggregator : public Machine {
 public:
  explicit BspAggregator(ShardOptions options, RobustOptions rule = {})
      : shard_(std::move(options)), rule_(rule) {}

  void on_start(Context& context) override;
  void on_message(const Message& message, Context& context) override;
  void on_membership(const MembershipChange& change, Context& context) override;
  void save(MachineState& state) const override;
  void load(const MachineState& state, Context& context) override;

 protected:
  /// One step with the contributions of all leases, in their order.
  virtual void apply(std::span<const Message> contributions, std::uint64_t samples,
                     Context& context);
  Shard& shard() { return shard_; }

 private:
  void take(const Message& push, Context& context);
  void complete_step(Context& context);

  Shard shard_;
  RobustOptions rule_;
  Tensor rule_state_;
  Gate gate_;
  Step step_ = 0;                       // the step being collected
  std::vector<Message> contributions_;  // by Lease::index; admitted once each, so a count suffices
  std::uint32_t arrived_ = 0;
  Tensor sum_;
};

}  // namespace murm
