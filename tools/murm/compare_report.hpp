// report.json of a comparison.
// Room: tools. Schema "murmuration.compare/1": per algorithm medians, spreads, and each run's whole report.
// Caller: tools/murm/compare_command.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tools/murm/compare_summary.hpp"

namespace murm {

struct CompareFacts {
  std::string job;  // job.name
  std::uint64_t workers = 0;
  std::vector<std::uint64_t> seeds;
  bool phantom = false;
  double until_seconds = 0;  // virtual; 0: not given
  double wall_seconds = 0;   // of the whole comparison
};

/// With a line break at its end. What was not measured, and "never", is null.
std::string compare_json(const CompareFacts& facts,
                         const std::vector<AlgorithmSummary>& algorithms);

}  // namespace murm
