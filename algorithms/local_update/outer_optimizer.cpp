#include "algorithms/local_update/outer_optimizer.hpp"

#include "algorithms/partition.hpp"

namespace murm {

ShardOptions outer_shard_options(const AlgorithmOptions& options, std::uint32_t shard,
                                 const char* outer, double lr, double momentum) {
  const std::string name = options.outer.empty() || options.outer == "default" ? outer
                                                                               : options.outer;
  ShardOptions result = shard_options(options, shard);
  result.optimizer = OptimizerOptions{};
  result.optimizer.kind = name == "nesterov" ? OptimizerKind::nesterov : OptimizerKind::sgd;
  result.optimizer.momentum = options.outer_momentum < 0 ? momentum : options.outer_momentum;
  result.schedule = Schedule{};
  result.schedule.learning_rate = options.outer_lr > 0 ? options.outer_lr : lr;
  return result;
}

}  // namespace murm
