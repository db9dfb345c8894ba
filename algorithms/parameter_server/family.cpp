#include <algorithm>
#include <array>

#include "algorithms/algorithm.hpp"
#include "algorithms/gossip/keeper.hpp"
#include "algorithms/local_update/outer_optimizer.hpp"
#include "algorithms/local_update/windows.hpp"
#include "algorithms/parameter_server/asp.hpp"
#include "algorithms/parameter_server/bsp.hpp"
#include "algorithms/parameter_server/buffered.hpp"
#include "algorithms/parameter_server/dc_asgd.hpp"
#include "algorithms/parameter_server/dssp.hpp"
#include "algorithms/parameter_server/elastic.hpp"
#include "algorithms/parameter_server/hogwild.hpp"
#include "algorithms/parameter_server/ring.hpp"
#include "algorithms/parameter_server/ssp.hpp"
#include "algorithms/parameter_server/worker.hpp"

namespace murm {

namespace {

std::unique_ptr<Machine> make_worker(const AlgorithmOptions& options) {
  return std::make_unique<ParameterServerWorker>(
      ParameterServerWorkerOptions{options.parameters, options.shards, options.clip});
}

std::unique_ptr<Machine> make_asp(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<AspAggregator>(shard_options(options, shard));
}

std::unique_ptr<Machine> make_bsp(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<BspAggregator>(shard_options(options, shard), options.robust);
}

template <class Worker>
std::unique_ptr<Machine> make_local_worker(const AlgorithmOptions& options) {
  return std::make_unique<Worker>(options);
}

std::uint64_t or_default(std::uint64_t given, std::uint64_t by_default) {
  return given == 0 ? std::max<std::uint64_t>(by_default, 1) : given;
}

std::unique_ptr<Machine> make_ssp(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<SspAggregator>(shard_options(options, shard), options.staleness);
}

std::unique_ptr<Machine> make_dssp(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<DsspAggregator>(shard_options(options, shard), options.staleness,
                                          std::max(options.staleness, options.staleness_max));
}

std::uint64_t dssp_bound(const AlgorithmOptions& options) {
  return std::max(options.staleness, options.staleness_max);
}

/// Staleness beyond 2 n is rare (Zhang et al. 2016): that is where the divisor stops growing.
std::unique_ptr<Machine> make_sa_asgd(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<AspAggregator>(
      shard_options(options, shard),
      AspRule{.weight = staleness_weight_named(options.staleness_weight, StalenessWeight::inverse),
              .cap = 2 * options.workers});
}

/// n workers of one speed are stale by n - 1: the default drops what is about twice as old.
std::unique_ptr<Machine> make_ringmaster(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<AspAggregator>(
      shard_options(options, shard),
      AspRule{.threshold = or_default(options.threshold, 2 * options.workers)});
}

std::unique_ptr<Machine> make_dc_asgd(const AlgorithmOptions& options, std::uint32_t shard) {
  Compensation rule;
  rule.adaptive = options.correction == "adaptive";
  const double by_default = rule.adaptive ? 2.0 : 0.04;
  rule.lambda = static_cast<float>(options.lambda < 0 ? by_default : options.lambda);
  return std::make_unique<DcAsgdAggregator>(shard_options(options, shard), rule);
}

std::unique_ptr<Machine> make_backup_worker(const AlgorithmOptions& options) {
  ParameterServerWorkerOptions worker{options.parameters, options.shards, options.clip};
  worker.asks_late = true;
  return std::make_unique<ParameterServerWorker>(worker);
}

std::unique_ptr<Machine> make_backup(const AlgorithmOptions& options, std::uint32_t shard) {
  const std::uint64_t backups = or_default(options.backups, options.workers / 25);
  BufferRule rule;
  rule.size = static_cast<std::uint32_t>(options.workers - std::min(backups, options.workers - 1));
  rule.fresh_only = true;
  rule.waits = true;
  rule.tells = true;
  return std::make_unique<BufferedAggregator>(shard_options(options, shard), rule, options.robust);
}

std::unique_ptr<Machine> make_rennala(const AlgorithmOptions& options, std::uint32_t shard) {
  BufferRule rule;
  rule.size = static_cast<std::uint32_t>(or_default(options.buffer, options.workers));
  rule.fresh_only = true;
  return std::make_unique<BufferedAggregator>(shard_options(options, shard), rule, options.robust);
}

std::unique_ptr<Machine> make_fedbuff(const AlgorithmOptions& options, std::uint32_t shard) {
  BufferRule rule;
  rule.size = static_cast<std::uint32_t>(
      or_default(options.buffer, std::min<std::uint64_t>(10, options.workers)));
  rule.weight = staleness_weight_named(options.staleness_weight, StalenessWeight::sqrt);
  return std::make_unique<BufferedAggregator>(outer_shard_options(options, shard, "sgd", 1.0, 0.9),
                                              rule, options.robust);
}

ElasticRule elastic_rule(const AlgorithmOptions& options) {
  const double beta = options.elasticity > 0 ? options.elasticity : 0.9;
  return {.alpha = beta / static_cast<double>(std::max<std::uint64_t>(options.workers, 1))};
}

std::unique_ptr<Machine> make_easgd(const AlgorithmOptions& options, std::uint32_t shard) {
  ElasticRule rule = elastic_rule(options);
  rule.synchronous = true;
  return std::make_unique<ElasticAggregator>(shard_options(options, shard), rule);
}

std::unique_ptr<Machine> make_aeasgd(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<ElasticAggregator>(shard_options(options, shard), elastic_rule(options));
}

/// Momentum at the worker (Zhang et al. 2015, Algorithm 2), in the form of PyTorch.
std::unique_ptr<Machine> make_eamsgd_worker(const AlgorithmOptions& options) {
  AlgorithmOptions with_momentum = options;
  with_momentum.optimizer.kind = OptimizerKind::nesterov;
  return std::make_unique<ElasticWorker>(with_momentum);
}

std::unique_ptr<Machine> make_keeper(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<KeeperAggregator>(options, shard);
}

std::unique_ptr<Machine> make_hogwild(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<HogwildAggregator>(options, shard);
}

/// asp and its relatives: the aggregator alone makes the difference.
constexpr Algorithm served(std::string_view name,
                           std::unique_ptr<Machine> (*make)(const AlgorithmOptions&,
                                                            std::uint32_t)) {
  return {.name = name, .make_worker = make_worker, .make_aggregator = make};
}

constexpr Algorithm buffered(std::string_view name,
                             std::unique_ptr<Machine> (*make)(const AlgorithmOptions&,
                                                              std::uint32_t)) {
  Algorithm algorithm = served(name, make);
  algorithm.plain_gradients = false;
  return algorithm;
}

constexpr Algorithm patient(Algorithm algorithm) {
  algorithm.make_worker = make_backup_worker;
  return algorithm;
}

constexpr Algorithm weighing(Algorithm algorithm) {
  algorithm.weighs = true;
  return algorithm;
}

constexpr Algorithm elastic(std::string_view name, bool synchronous,
                            std::unique_ptr<Machine> (*worker)(const AlgorithmOptions&),
                            std::unique_ptr<Machine> (*make)(const AlgorithmOptions&,
                                                             std::uint32_t)) {
  return {.name = name,
          .synchronous = synchronous,
          .combines = synchronous,
          .make_worker = worker,
          .make_aggregator = make,
          .plain_gradients = false,
          .bears_compression = false,
          .plan_leases = plan_windows<10>};
}

constexpr std::array kFamily{
    served("asp", make_asp),
    Algorithm{"bsp", true, true, make_worker, make_bsp},
    Algorithm{.name = "ring",
              .synchronous = true,
              .combines = true,
              .make_worker = make_local_worker<RingWorker>,
              .make_aggregator = make_keeper,
              .plain_gradients = false,
              .bears_compression = false,
              .peers = true,
              .replicas = true},
    Algorithm{"ssp", true, false, make_worker, make_ssp},
    weighing(served("sa-asgd", make_sa_asgd)),
    served("dc-asgd", make_dc_asgd),
    Algorithm{.name = "dssp",
              .synchronous = true,
              .make_worker = make_worker,
              .make_aggregator = make_dssp,
              .staleness_bound = dssp_bound},
    patient(buffered("backup", make_backup)),
    Algorithm{.name = "fedbuff",
              .make_worker = make_local_worker<LocalUpdateWorker>,
              .make_aggregator = make_fedbuff,
              .plain_gradients = false,
              .plan_leases = plan_windows<4>},
    buffered("rennala", make_rennala),
    served("ringmaster", make_ringmaster),
    elastic("easgd", true, make_local_worker<ElasticWorker>, make_easgd),
    elastic("aeasgd", false, make_local_worker<ElasticWorker>, make_aeasgd),
    elastic("eamsgd", false, make_eamsgd_worker, make_aeasgd),
    Algorithm{.name = "hogwild",
              .make_worker = make_local_worker<HogwildWorker>,
              .make_aggregator = make_hogwild,
              .plain_gradients = false,
              .bears_compression = false,
              .one_process = true},
};

}  // namespace

std::span<const Algorithm> parameter_server_algorithms() { return kFamily; }

}  // namespace murm
