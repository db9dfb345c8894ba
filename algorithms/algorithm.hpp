// An algorithm: its name, what the drivers must know about it, and how its two machines are made.
// Room: algorithms. Plain values; one line of a family's table each.
// Caller: algorithms/registry and the families; drivers through find_algorithm.
#pragma once
#include <memory>
#include <span>
#include <string_view>

#include "algorithms/algorithm_options.hpp"
#include "algorithms/lease_plan.hpp"
#include "algorithms/machine.hpp"

namespace murm {

struct Algorithm {
  std::string_view name;
  bool synchronous = false;  // leases are planned in steps
  bool combines = false;     // one optimizer step for all leases of a step
  std::unique_ptr<Machine> (*make_worker)(const AlgorithmOptions& options) = nullptr;
  std::unique_ptr<Machine> (*make_aggregator)(const AlgorithmOptions& options,
                                              std::uint32_t shard) = nullptr;
  /// What is pushed is the gradient of its lease, and every gradient is applied as it came.
  bool plain_gradients = true;
  bool weighs = false;  // an applied gradient may count less than the mean over its samples
  bool bears_compression = true;  // what is pushed are updates, which may be inexact
  bool peers = false;             // workers hear of each other and talk to each other
  bool replicas =
      false;  // the model is the mean of the workers' replicas; aggregators keep it between cuts
  /// Changes the plan of leases of one batch each to what the algorithm needs; null: nothing.
  void (*plan_leases)(const AlgorithmOptions& options, LeasePlanOptions& plan) = nullptr;
  /// How far clocks may be apart, where leases are planned in steps; null: options.staleness.
  std::uint64_t (*staleness_bound)(const AlgorithmOptions& options) = nullptr;
  bool one_process = false;  // shares memory between workers
  /// Pushes are as long as their shard, or carry the job's code; else the aggregator's machine judges their length.
  bool whole_pushes = true;
};

/// The tables of the families.
std::span<const Algorithm> parameter_server_algorithms();
std::span<const Algorithm> local_update_algorithms();
std::span<const Algorithm> gossip_algorithms();

}  // namespace murm
