// Asynchronous local SGD: every worker's window is applied on arrival, with a momentum that waits for N of them.
// Room: algorithms. Both sides.
// Caller: actors/worker, actors/aggregator. Source: Liu et al. 2024, Algorithm 3 (Delayed Nesterov) and section 5 (DyLU),
// arXiv:2401.09135.
#pragma once
#include <map>

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

struct DelayedNesterovRule {
  double lr = 0.7;
  double momentum = 0.9;
  std::uint64_t period = 1;  // N: pushes between two uses of the momentum
};

/// On a pseudo-gradient g: D <- D + g; on every N-th: m <- mu m + D / N, x <- x - lr (mu m + g / N), D <- 0; on the
/// others x <- x - lr g / N. The paper's c is 0, as it recommends. With N = 1 it is Nesterov's outer step.
class DelayedNesterovAggregator final : public Machine {
 public:
  DelayedNesterovAggregator(ShardOptions options, DelayedNesterovRule rule)
      : shard_(std::move(options)), rule_(rule) {}

  void on_start(Context& context) override;
  void on_message(const Message& message, Context& context) override;
  void on_membership(const MembershipChange& change, Context& context) override;
  void save(MachineState& state) const override;
  void load(const MachineState& state, Context& context) override;

 private:
  void apply(const Message& push, Context& context);

  Shard shard_;
  DelayedNesterovRule rule_;
  Tensor momentum_;  // m
  Tensor sum_;       // D
  std::uint64_t pushes_ = 0;
  std::map<PeerId, double> speeds_;
};

}  // namespace murm
