#include "algorithms/registry.hpp"

#include <array>

#include "algorithms/parameter_server/asp.hpp"
#include "algorithms/parameter_server/bsp.hpp"
#include "algorithms/parameter_server/ssp.hpp"
#include "algorithms/parameter_server/worker.hpp"
#include "algorithms/partition.hpp"

namespace murm {

namespace {

ShardOptions shard_options(const AlgorithmOptions& options, std::uint32_t shard) {
  return ShardOptions{shard, shard_range(options.parameters, options.shards, shard).length,
                      options.optimizer, options.schedule};
}

std::unique_ptr<Machine> make_worker(const AlgorithmOptions& options) {
  return std::make_unique<ParameterServerWorker>(
      ParameterServerWorkerOptions{options.parameters, options.shards, options.clip});
}

std::unique_ptr<Machine> make_asp(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<AspAggregator>(shard_options(options, shard));
}

std::unique_ptr<Machine> make_bsp(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<BspAggregator>(shard_options(options, shard));
}

std::unique_ptr<Machine> make_ssp(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<SspAggregator>(shard_options(options, shard), options.staleness);
}

constexpr std::array kAlgorithms{
    Algorithm{"asp", false, false, make_worker, make_asp},
    Algorithm{"bsp", true, true, make_worker, make_bsp},
    Algorithm{"ssp", true, false, make_worker, make_ssp},
};

}  // namespace

std::span<const Algorithm> algorithms() { return kAlgorithms; }

const Algorithm& find_algorithm(const AlgorithmOptions& options) {
  const bool lockstep = options.name == "ssp" && options.staleness == 0;
  const std::string_view name = lockstep ? std::string_view("bsp") : std::string_view(options.name);
  for (const Algorithm& algorithm : kAlgorithms) {
    if (algorithm.name == name) return algorithm;
  }
  throw InputError("algorithm.name = \"" + options.name + "\" is not known. HINT: asp, bsp, ssp");
}

}  // namespace murm
