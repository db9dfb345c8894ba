// Asynchronous SGD on a parameter server: every gradient is applied on arrival, perhaps less if it is stale.
// Room: algorithms. Aggregator side; the worker side is algorithms/parameter_server/worker.
// Caller: actors/aggregator. Source: Dean et al. 2012 (Downpour SGD) with n_fetch = n_push = 1; Zhang et al. 2016
// (staleness-aware); Maranjyan, Tyurin, Richtarik 2025, Algorithm 1 (Ringmaster ASGD).
#pragma once
#include <limits>

#include "algorithms/parameter_server/shard.hpp"
#include "algorithms/parameter_server/staleness_weight.hpp"

namespace murm {

struct AspRule {
  StalenessWeight weight = StalenessWeight::none;
  Version cap = std::numeric_limits<Version>::max();        // of the weight's divisor
  Version threshold = std::numeric_limits<Version>::max();  // gradients this stale are dropped
};

/// Waits for nobody. Staleness is unbounded; its mean is n - 1 for n workers that always have one
/// gradient in flight. The reply to a push carries the parameters as of that push.
class AspAggregator final : public Machine {
 public:
  explicit AspAggregator(ShardOptions options, AspRule rule = {})
      : shard_(std::move(options)), rule_(rule) {}

  void on_start(Context& context) override { shard_.start(context); }
  void on_message(const Message& message, Context& context) override;
  void save(MachineState& state) const override { shard_.save(state); }
  void load(const MachineState& state, Context& context) override { shard_.load(state, context); }

 private:
  Shard shard_;
  AspRule rule_;
};

}  // namespace murm
