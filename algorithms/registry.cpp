#include "algorithms/registry.hpp"

#include <array>

#include "algorithms/compression/compressed.hpp"
#include "algorithms/local_update/dct_layout.hpp"

namespace murm {

namespace {

std::vector<Algorithm>& added() {
  static std::vector<Algorithm> algorithms;
  return algorithms;
}

std::array<std::span<const Algorithm>, 4> families() {
  return {parameter_server_algorithms(), local_update_algorithms(), gossip_algorithms(), added()};
}

}  // namespace

void add_algorithm(const Algorithm& algorithm) {
  for (const std::string_view name : algorithm_names()) {
    if (name != algorithm.name) continue;
    throw InputError("the algorithm " + std::string(name) +
                     " is there already. HINT: another name");
  }
  added().push_back(algorithm);
}

std::vector<std::string_view> algorithm_names() {
  std::vector<std::string_view> names;
  for (const auto& family : families()) {
    for (const Algorithm& algorithm : family) names.push_back(algorithm.name);
  }
  return names;
}

const Algorithm& find_algorithm(const AlgorithmOptions& options) {
  const bool lockstep = options.name == "ssp" && options.staleness == 0;
  const std::string_view name = lockstep ? std::string_view("bsp") : std::string_view(options.name);
  std::string known;
  for (const auto& family : families()) {
    for (const Algorithm& algorithm : family) {
      if (algorithm.name == name) return algorithm;
      known += (known.empty() ? "" : ", ") + std::string(algorithm.name);
    }
  }
  throw InputError("algorithm.name = \"" + options.name + "\" is not known. HINT: " + known);
}

namespace {
bool is_compressed(const Algorithm& algorithm, const AlgorithmOptions& options) {
  return options.compression.name != "none" && algorithm.bears_compression;
}
}  // namespace

std::unique_ptr<Machine> make_worker(const Algorithm& algorithm, const AlgorithmOptions& options) {
  auto machine = algorithm.make_worker(options);
  return is_compressed(algorithm, options) ? compressed_worker(std::move(machine), options)
                                           : std::move(machine);
}

std::unique_ptr<Machine> make_aggregator(const Algorithm& algorithm,
                                         const AlgorithmOptions& options, std::uint32_t shard) {
  auto machine = algorithm.make_aggregator(options, shard);
  return is_compressed(algorithm, options)
             ? compressed_aggregator(std::move(machine), options, shard)
             : std::move(machine);
}

void check_options(const AlgorithmOptions& options) {
  check_compression(options.compression);
  const Algorithm& algorithm = find_algorithm(options);
  const std::string name = "algorithm.name = \"" + options.name + "\"";
  const bool compresses = algorithm.bears_compression || options.name == "choco";
  if (options.compression.name != "none" && !compresses) {
    throw InputError("compression.name = \"" + options.compression.name +
                     "\" cannot be used with " + name +
                     ", whose workers send no gradients to the aggregators. HINT: choco compresses "
                     "gossip, demo has a code of its own");
  }
  // A buffer combines whatever has come, not the leases of a step.
  const bool buffers = options.name == "backup" || options.name == "rennala" ||
                       options.name == "fedbuff";
  const bool sums = (algorithm.combines && algorithm.bears_compression) || buffers;
  if (options.robust.rule != RobustRule::mean && !sums) {
    throw InputError(
        "robust.name = \"" + std::string(to_string(options.robust.rule)) +
        "\" cannot be used with " + name +
        ", whose aggregators do not combine several contributions into one step. HINT: "
        "bsp or local-sgd do");
  }
  if (algorithm.one_process && options.optimizer.kind != OptimizerKind::sgd) {
    throw InputError("training.optimizer cannot be another than sgd with " + name +
                     ", whose workers step the same parameters at the same time. HINT: leave "
                     "training.optimizer out, or take asp");
  }
  if (options.name == "dssp" && options.staleness == 0) {
    throw InputError("algorithm.staleness is 0, expected at least 1 with " + name +
                     ". HINT: bsp is what 0 would be");
  }
  const std::uint64_t chunk = options.chunk == 0 ? DctShape{}.chunk : options.chunk;
  if (options.name == "demo" && (chunk > dct_chunk_max || options.keep > chunk)) {
    throw InputError("algorithm.chunk = " + std::to_string(options.chunk) +
                     " and algorithm.keep = " + std::to_string(options.keep) +
                     " do not go together, expected a chunk of at most " +
                     std::to_string(dct_chunk_max) +
                     " numbers and no more coefficients than that. HINT: chunk 64 and keep 32");
  }
  const bool changing = options.topology == "one-peer-exponential" ||
                        options.topology == "random-matching";
  if (options.name == "choco" && options.compression.name == "dgc") {
    throw InputError("compression.name = \"dgc\" cannot be used with " + name +
                     ", which keeps what a code leaves out by itself. HINT: top-k sends as little");
  }
  if (options.name == "moshpit" && options.group == 1) {
    throw InputError("algorithm.group is 1, expected at least 2 with " + name +
                     ". HINT: leave it out for about the square root of the workers");
  }
  if (options.name == "choco" && changing) {
    throw InputError("algorithm.topology = \"" + options.topology + "\" cannot be used with " +
                     name +
                     ", whose public copies need neighbours that stay. HINT: ring or exponential");
  }
}

}  // namespace murm
