// Delay-compensated asynchronous SGD: a stale gradient is corrected towards the present parameters.
// Room: algorithms. Aggregator side; the worker side is algorithms/parameter_server/worker.
// Caller: actors/aggregator. Source: Zheng et al. 2017, Algorithm 2 (DC-ASGD), arXiv:1609.08326.
#pragma once
#include <map>

#include "algorithms/parameter_server/compensation.hpp"
#include "algorithms/parameter_server/shard.hpp"

namespace murm {

/// As asp, after the correction; waits for nobody. Remembers for each worker the snapshot that it was sent
/// last: no copy is made for it, workers that read the same version share one.
/// Deviations from the paper: the corrected gradient goes through the job's optimizer, whichever it is. A
/// gradient that was computed at another version than the one remembered is applied as it is.
class DcAsgdAggregator final : public Machine {
 public:
  DcAsgdAggregator(ShardOptions options, Compensation rule)
      : shard_(std::move(options)), rule_(rule) {}

  void on_start(Context& context) override;
  void on_message(const Message& message, Context& context) override;
  void on_membership(const MembershipChange& change, Context& context) override;
  void save(MachineState& state) const override;
  void load(const MachineState& state, Context& context) override;

 private:
  struct Read {
    Version version = 0;
    Tensor parameters;
  };
  void apply(const Message& push, Context& context);

  Shard shard_;
  Compensation rule_;
  Tensor mean_square_;  // adaptive only
  Tensor corrected_;
  std::map<PeerId, Read> reads_;
};

}  // namespace murm
