// Asynchronous SGD on a parameter server: every gradient is applied on arrival.
// Room: algorithms. Aggregator side; the worker side is algorithms/parameter_server/worker.
// Caller: actors/aggregator. Source: Dean et al. 2012 (Downpour SGD) with n_fetch = n_push = 1.
#pragma once
#include "algorithms/parameter_server/shard.hpp"

namespace murm {

/// Waits for nobody. Staleness is unbounded; its mean is n - 1 for n workers that always have one
/// gradient in flight. The reply to a push carries the parameters as of that push.
class AspAggregator final : public Machine {
 public:
  explicit AspAggregator(ShardOptions options) : shard_(std::move(options)) {}

  void on_start(Context& context) override { shard_.start(context); }
  void on_message(const Message& message, Context& context) override;
  void save(MachineState& state) const override { shard_.save(state); }
  void load(const MachineState& state, Context& context) override { shard_.load(state, context); }

 private:
  Shard shard_;
};

}  // namespace murm
