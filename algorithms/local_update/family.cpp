#include <array>

#include "algorithms/algorithm.hpp"
#include "algorithms/local_update/async_local.hpp"
#include "algorithms/local_update/outer_optimizer.hpp"
#include "algorithms/local_update/windows.hpp"
#include "algorithms/local_update/worker.hpp"
#include "algorithms/parameter_server/bsp.hpp"

namespace murm {

namespace {

std::unique_ptr<Machine> make_worker(const AlgorithmOptions& options) {
  return std::make_unique<LocalUpdateWorker>(options);
}

/// x <- mean x_i: Stich 2019, Algorithm 1.
std::unique_ptr<Machine> make_local_sgd(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<BspAggregator>(outer_shard_options(options, shard, "sgd", 1.0, 0.0),
                                         options.robust);
}

/// Douillard et al. 2023, Algorithm 1: outer Nesterov, rate 0.7, momentum 0.9.
std::unique_ptr<Machine> make_diloco(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<BspAggregator>(outer_shard_options(options, shard, "nesterov", 0.7, 0.9),
                                         options.robust);
}

/// Lin et al. 2020 (post-local SGD): one step a window until `switch_at` of the run, H from then on.
void plan_post_local(const AlgorithmOptions& options, LeasePlanOptions& plan) {
  if (plan.total == 0) {
    throw InputError(
        "algorithm.name = \"post-local\" switches at a fraction of the run, which has no known "
        "end. HINT: "
        "give job.epochs or job.samples");
  }
  plan.later_samples = window_samples(options, options.local_steps == 0 ? 16 : options.local_steps);
  plan.later_from = static_cast<SampleCount>(options.switch_at * static_cast<double>(plan.total));
}

/// Wang et al. 2020, Algorithm 1 (SlowMo) on local SGD: u <- beta u + (x_0 - x_H) / lr; x_0 <- x_0 - alpha lr u, with
/// the rate of the step. Inner state is kept from window to window.
std::unique_ptr<Machine> make_slowmo(const AlgorithmOptions& options, std::uint32_t shard) {
  ShardOptions outer = shard_options(options, shard);
  const double alpha = options.outer_lr > 0 ? options.outer_lr : 1.0;
  outer.optimizer = OptimizerOptions{};
  outer.optimizer.kind = OptimizerKind::momentum;
  outer.optimizer.momentum = options.outer_momentum < 0 ? 0.5 : options.outer_momentum;
  outer.schedule.learning_rate *= alpha;
  outer.schedule.minimum *= alpha;
  outer.rate_divisor = alpha;
  return std::make_unique<BspAggregator>(outer, options.robust);
}

constexpr std::uint64_t kAsyncSteps = 10;

void plan_async(const AlgorithmOptions& options, LeasePlanOptions& plan) {
  plan_windows<kAsyncSteps>(options, plan);
  plan.uneven = true;
}

std::unique_ptr<Machine> make_async_worker(const AlgorithmOptions& options) {
  const std::uint64_t steps = options.local_steps == 0 ? kAsyncSteps : options.local_steps;
  return std::make_unique<AsyncLocalWorker>(options, steps);
}

std::unique_ptr<Machine> make_async_local(const AlgorithmOptions& options, std::uint32_t shard) {
  DelayedNesterovRule rule;
  if (options.outer_lr > 0) rule.lr = options.outer_lr;
  if (options.outer_momentum >= 0) rule.momentum = options.outer_momentum;
  rule.period = options.buffer == 0 ? options.workers : options.buffer;
  return std::make_unique<DelayedNesterovAggregator>(shard_options(options, shard), rule);
}

/// Windows that all workers end together.
constexpr Algorithm together(std::string_view name,
                             std::unique_ptr<Machine> (*make)(const AlgorithmOptions&,
                                                              std::uint32_t),
                             void (*plan)(const AlgorithmOptions&, LeasePlanOptions&)) {
  return {.name = name,
          .synchronous = true,
          .combines = true,
          .make_worker = make_worker,
          .make_aggregator = make,
          .plain_gradients = false,
          .plan_leases = plan};
}

constexpr std::array kFamily{
    together("local-sgd", make_local_sgd, plan_windows<8>),
    together("post-local", make_local_sgd, plan_post_local),
    together("slowmo", make_slowmo, plan_windows<12>),
    together("diloco", make_diloco, plan_windows<50>),
    Algorithm{.name = "async-local",
              .make_worker = make_async_worker,
              .make_aggregator = make_async_local,
              .plain_gradients = false,
              .plan_leases = plan_async},
};

}  // namespace

std::span<const Algorithm> local_update_algorithms() { return kFamily; }

}  // namespace murm
