// The keys of a scenario file: tables that bind each name to its member, unit and limits.
// Room: runtime/world. Knows names, types and limits; not TOML, not what a value does.
// Caller: runtime/world/scenario_file. Reference for users: docs/scenarios.md, which a test compares with these tables.
#pragma once
#include <span>

#include "runtime/toml_keys.hpp"
#include "runtime/world/scenario.hpp"

namespace murm {

using ScenarioKey = Key<Scenario, std::vector<double>, SlowWorker, Partition, ChurnEvent>;

/// Grouped by section, in the order of docs/scenarios.md; "partition" and "churn" have no section.
std::span<const ScenarioKey> keys_of(const Scenario&);
/// Of one entry of compute.slow, partition, churn; "key" without a section.
std::span<const Key<SlowWorker>> keys_of(const SlowWorker&);
std::span<const Key<Partition>> keys_of(const Partition&);
std::span<const Key<ChurnEvent>> keys_of(const ChurnEvent&);

/// Names of other programs for our keys.
Habits scenario_habits();

}  // namespace murm
