// The algorithms by name: one line of registration each.
// Room: algorithms. Builds machines from plain options.
// Caller: actors/training_node; runtime/job_file checks names against the same list through its caller.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "algorithms/machine.hpp"
#include "algorithms/optimizer.hpp"
#include "algorithms/schedule.hpp"

namespace murm {

struct AlgorithmOptions {
  std::string name = "asp";
  std::uint64_t staleness = 3;  // ssp
  std::size_t parameters = 0;   // length of the flat vector
  std::uint32_t shards = 1;
  double clip = 0;
  OptimizerOptions optimizer;
  Schedule schedule;
};

struct Algorithm {
  std::string_view name;
  bool synchronous;  // leases are planned in steps
  bool combines;     // one optimizer step for all leases of a step
  std::unique_ptr<Machine> (*make_worker)(const AlgorithmOptions& options);
  std::unique_ptr<Machine> (*make_aggregator)(const AlgorithmOptions& options, std::uint32_t shard);
};

std::span<const Algorithm> algorithms();
/// The algorithm `options` name; ssp with staleness 0 is bsp. Throws InputError for an unknown name.
const Algorithm& find_algorithm(const AlgorithmOptions& options);

}  // namespace murm
