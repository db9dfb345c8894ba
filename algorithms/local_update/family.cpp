#include <algorithm>
#include <array>
#include <cmath>

#include "algorithms/algorithm.hpp"
#include "algorithms/local_update/async_local.hpp"
#include "algorithms/local_update/decoupled_syncer.hpp"
#include "algorithms/local_update/demo.hpp"
#include "algorithms/local_update/eager_diloco.hpp"
#include "algorithms/local_update/halos.hpp"
#include "algorithms/local_update/outer_aggregator.hpp"
#include "algorithms/local_update/outer_optimizer.hpp"
#include "algorithms/local_update/streaming_diloco.hpp"
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

constexpr std::uint64_t kOuterSteps = 50;

std::uint64_t outer_steps(const AlgorithmOptions& options) {
  return options.local_steps == 0 ? kOuterSteps : options.local_steps;
}

/// One fragment that is merged a whole window late, as in the asynchronous DiLoCo example of PCCL: the second window
/// begins at the parameters of the first. The outer loop answers one round late, and with diloco's rate and momentum
/// it would be unstable where windows converge (docs/algorithms.md).
StreamingRule delayed_rule(const AlgorithmOptions& options) {
  return {.steps = outer_steps(options), .overlap = outer_steps(options)};
}

ShardOptions delayed_outer(const AlgorithmOptions& options, std::uint32_t shard) {
  return outer_shard_options(options, shard, "nesterov", 0.4, 0.65);
}

std::unique_ptr<Machine> make_delayed_worker(const AlgorithmOptions& options) {
  return std::make_unique<StreamingWorker>(options, delayed_rule(options));
}

std::unique_ptr<Machine> make_eager_worker(const AlgorithmOptions& options) {
  const ShardOptions outer = delayed_outer(options, 0);
  return std::make_unique<EagerWorker>(options, delayed_rule(options), outer.optimizer,
                                       outer.schedule.learning_rate);
}

std::unique_ptr<Machine> make_delayed(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<OuterAggregator>(delayed_outer(options, shard), options.robust);
}

/// By default a tenth of the window; with alpha = 0, which throws away the steps in between, none.
StreamingRule streaming_rule(const AlgorithmOptions& options) {
  constexpr std::uint32_t kFragments = 4;
  StreamingRule rule;
  rule.steps = outer_steps(options);
  rule.mixing = options.mixing < 0 ? 0.5 : options.mixing;
  const std::uint64_t tenth = rule.mixing > 0 ? (rule.steps + 9) / 10 : 0;
  rule.overlap = options.overlap == 0 ? tenth : options.overlap;
  const std::uint64_t fragments = options.fragments == 0 ? std::min(kFragments, options.shards)
                                                         : options.fragments;
  rule.fragments = static_cast<std::uint32_t>(fragments);
  return rule;
}

std::unique_ptr<Machine> make_streaming_worker(const AlgorithmOptions& options) {
  return std::make_unique<StreamingWorker>(options, streaming_rule(options));
}

std::unique_ptr<Machine> make_streaming(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<OuterAggregator>(
      outer_shard_options(options, shard, "nesterov", 0.7, 0.9), options.robust);
}

void plan_streaming(const AlgorithmOptions& options, LeasePlanOptions& plan) {
  plan_windows<kOuterSteps>(options, plan);
  if (options.fragments > options.shards) {
    throw InputError("algorithm.fragments is " + std::to_string(options.fragments) +
                     ", expected at most " + std::to_string(options.shards) +
                     ": fragments are made of shards. HINT: cluster.aggregators = " +
                     std::to_string(options.fragments));
  }
  if (options.overlap > outer_steps(options)) {
    throw InputError("algorithm.overlap is " + std::to_string(options.overlap) +
                     ", expected at most the " + std::to_string(outer_steps(options)) +
                     " steps until a fragment is sent again. HINT: a few are enough");
  }
}

/// A window begins when the one before the last has been merged everywhere.
std::uint64_t one_round(const AlgorithmOptions& /*options*/) { return 1; }

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

constexpr std::uint64_t kHalosSteps = 8;

void plan_halos(const AlgorithmOptions& options, LeasePlanOptions& plan) {
  plan_windows<kHalosSteps>(options, plan);
  plan.uneven = true;
}

std::unique_ptr<Machine> make_halos_worker(const AlgorithmOptions& options) {
  const std::uint64_t steps = options.local_steps == 0 ? kHalosSteps : options.local_steps;
  return std::make_unique<AsyncLocalWorker>(options, steps);
}

/// K is 8 for each worker of a region and the global rate 1.2 in parts of the regions, as with the paper's 4 x 4 workers;
/// the local rule is that of async-local.
std::unique_ptr<Machine> make_halos(const AlgorithmOptions& options, std::uint32_t shard) {
  constexpr std::uint64_t kMergesPerWorker = 8;
  constexpr double kGlobalRate = 1.2;
  const auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(options.workers)));
  HalosRule rule;
  rule.regions = std::clamp<std::uint64_t>(options.regions == 0 ? root : options.regions, 1,
                                           std::max<std::uint64_t>(options.workers, 1));
  const std::uint64_t each = (options.workers + rule.regions - 1) / rule.regions;
  if (options.outer_lr > 0) rule.local.lr = options.outer_lr;
  if (options.outer_momentum >= 0) rule.local.momentum = options.outer_momentum;
  rule.local.period = options.buffer == 0 ? each : options.buffer;
  rule.global = {kGlobalRate / static_cast<double>(rule.regions), 0.5, 2};
  rule.period = options.period == 0 ? kMergesPerWorker * each : options.period;
  if (options.mixing >= 0) rule.mixing = options.mixing;
  return std::make_unique<HalosAggregator>(shard_options(options, shard), rule);
}

/// Windows of H / F steps: a fragment is due every H.
std::uint64_t decoupled_steps(const AlgorithmOptions& options) {
  constexpr std::uint64_t kSteps = 50;
  const std::uint64_t steps = options.local_steps == 0 ? kSteps : options.local_steps;
  const std::uint64_t fragments = fragments_of(options, 0).count;
  return (steps + fragments - 1) / fragments;
}

void plan_decoupled(const AlgorithmOptions& options, LeasePlanOptions& plan) {
  plan.lease_samples = window_samples(options, decoupled_steps(options));
  plan.uneven = true;
}

std::unique_ptr<Machine> make_learner(const AlgorithmOptions& options) {
  return std::make_unique<DecoupledLearner>(options, decoupled_steps(options));
}

std::unique_ptr<Machine> make_syncer(const AlgorithmOptions& options, std::uint32_t shard) {
  DecoupledRule rule;
  rule.quorum = options.quorum == 0 ? (options.workers + 1) / 2 : options.quorum;
  rule.grace_ms = options.grace_ms;
  rule.batch = options.batch;
  return std::make_unique<DecoupledSyncer>(
      outer_shard_options(options, shard, "nesterov", 0.7, 0.9), fragments_of(options, shard),
      rule);
}

DemoRule demo_rule(const AlgorithmOptions& options) {
  DemoRule rule;
  if (options.chunk > 0) rule.shape.chunk = options.chunk;
  rule.shape.keep = options.keep > 0 ? options.keep : (rule.shape.chunk + 1) / 2;
  if (options.decay >= 0) rule.decay = options.decay;
  return rule;
}

std::unique_ptr<Machine> make_demo_worker(const AlgorithmOptions& options) {
  return std::make_unique<DemoWorker>(options, demo_rule(options));
}

/// A sign is a step of full length: its rate is a small part of the job's.
std::unique_ptr<Machine> make_demo(const AlgorithmOptions& options, std::uint32_t shard) {
  ShardOptions outer = shard_options(options, shard);
  outer.optimizer = OptimizerOptions{};
  outer.optimizer.weight_decay = options.optimizer.weight_decay;
  const double part = options.outer_lr > 0 ? options.outer_lr : 0.01;
  outer.schedule.learning_rate *= part;
  outer.schedule.minimum *= part;
  return std::make_unique<DemoAggregator>(outer, demo_rule(options));
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

/// The same, but nobody waits for the end of the others' windows before beginning the next.
constexpr Algorithm overlapping(std::string_view name,
                                std::unique_ptr<Machine> (*worker)(const AlgorithmOptions&),
                                std::unique_ptr<Machine> (*make)(const AlgorithmOptions&,
                                                                 std::uint32_t),
                                void (*plan)(const AlgorithmOptions&, LeasePlanOptions&)) {
  Algorithm algorithm = together(name, make, plan);
  algorithm.make_worker = worker;
  algorithm.staleness_bound = one_round;
  return algorithm;
}

constexpr std::array kFamily{
    together("local-sgd", make_local_sgd, plan_windows<8>),
    together("post-local", make_local_sgd, plan_post_local),
    together("slowmo", make_slowmo, plan_windows<12>),
    together("diloco", make_diloco, plan_windows<kOuterSteps>),
    overlapping("delayed-diloco", make_delayed_worker, make_delayed, plan_windows<kOuterSteps>),
    overlapping("eager-diloco", make_eager_worker, make_delayed, plan_windows<kOuterSteps>),
    overlapping("streaming-diloco", make_streaming_worker, make_streaming, plan_streaming),
    Algorithm{.name = "async-local",
              .make_worker = make_async_worker,
              .make_aggregator = make_async_local,
              .plain_gradients = false,
              .plan_leases = plan_async},
    Algorithm{.name = "halos",
              .make_worker = make_halos_worker,
              .make_aggregator = make_halos,
              .plain_gradients = false,
              .plan_leases = plan_halos},
    Algorithm{.name = "decoupled-diloco",
              .make_worker = make_learner,
              .make_aggregator = make_syncer,
              .plain_gradients = false,
              .bears_compression = false,
              .plan_leases = plan_decoupled,
              .whole_pushes = false},
    Algorithm{.name = "demo",
              .synchronous = true,
              .combines = true,
              .make_worker = make_demo_worker,
              .make_aggregator = make_demo,
              .plain_gradients = false,
              .bears_compression = false,
              .whole_pushes = false},
};

}  // namespace

std::span<const Algorithm> local_update_algorithms() { return kFamily; }

}  // namespace murm
