#include "algorithms/registry.hpp"

#include <array>

#include "algorithms/compression/compressed.hpp"

namespace murm {

namespace {

std::array<std::span<const Algorithm>, 3> families() {
  return {parameter_server_algorithms(), local_update_algorithms(), gossip_algorithms()};
}

}  // namespace

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
                     ", which sends parameters, not updates. HINT: choco compresses gossip");
  }
  const bool sums = algorithm.combines && algorithm.bears_compression;
  if (options.robust.rule != RobustRule::mean && !sums) {
    throw InputError("robust.name = \"" + std::string(to_string(options.robust.rule)) +
                     "\" cannot be used with " + name +
                     ", which does not combine several contributions into one step. HINT: bsp or "
                     "local-sgd do");
  }
  if (options.name == "dssp" && options.staleness == 0) {
    throw InputError("algorithm.staleness is 0, expected at least 1 with " + name +
                     ". HINT: bsp is what 0 would be");
  }
  const bool changing = options.topology == "one-peer-exponential" ||
                        options.topology == "random-matching";
  if (options.name == "choco" && changing) {
    throw InputError("algorithm.topology = \"" + options.topology + "\" cannot be used with " +
                     name +
                     ", whose public copies need neighbours that stay. HINT: ring or exponential");
  }
}

}  // namespace murm
