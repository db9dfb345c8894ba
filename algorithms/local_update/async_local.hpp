// Asynchronous local SGD: every worker's window is applied on arrival, with a momentum that waits for N of them.
// Room: algorithms. Both sides.
// Caller: actors/worker, actors/aggregator. Source: Liu et al. 2024, Algorithm 3 (Delayed Nesterov) and section 5 (DyLU),
// arXiv:2401.09135.
#pragma once
#include <map>

#include "algorithms/local_update/delayed_nesterov.hpp"
#include "algorithms/local_update/worker.hpp"
#include "algorithms/parameter_server/shard.hpp"

namespace murm {

/// Dynamic local updates: a worker asks for H ceil(speed / fastest speed) steps, so that all windows take about as long.
/// Its speed travels with each push, the fastest one with each answer (both in Message::weight, steps a second).
class AsyncLocalWorker final : public LocalUpdateWorker {
 public:
  explicit AsyncLocalWorker(const AlgorithmOptions& options, std::uint64_t steps)
      : LocalUpdateWorker(options), steps_(steps), batch_(options.batch) {}

 private:
  void received(const Message& message, Context& context) override;
  std::uint32_t wanted_samples() const override;
  double push_weight() const override { return speed(); }

  std::uint64_t steps_;
  std::uint32_t batch_;
  double fastest_ = 0;
};

/// Pseudo-gradients as they come, by the rule of delayed_nesterov.
class DelayedNesterovAggregator final : public Machine {
 public:
  DelayedNesterovAggregator(ShardOptions options, DelayedNesterovRule rule)
      : shard_(std::move(options)), outer_(rule) {}

  void on_start(Context& context) override;
  void on_message(const Message& message, Context& context) override;
  void on_membership(const MembershipChange& change, Context& context) override;
  void save(MachineState& state) const override;
  void load(const MachineState& state, Context& context) override;

 private:
  void apply(const Message& push, Context& context);

  Shard shard_;
  DelayedNesterov outer_;
  std::map<PeerId, double> speeds_;
};

}  // namespace murm
