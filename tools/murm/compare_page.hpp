// compare.html: a comparison as one page that needs nothing else, neither network nor script.
// Room: tools. Text in, text out; everything a user wrote is escaped.
// Caller: tools/murm/compare_command.
#pragma once
#include <string>
#include <vector>

#include "runtime/job.hpp"
#include "runtime/world/scenario.hpp"
#include "tools/murm/compare_report.hpp"
#include "tools/murm/compare_table.hpp"

namespace murm {

struct ComparePage {
  CompareFacts facts;
  Job job;
  Scenario scenario;
  std::string command;        // that made the page
  std::string job_toml;       // resolved
  std::string scenario_toml;  // resolved
  CompareTable table;
  std::vector<AlgorithmSummary> algorithms;
};

std::string compare_html(const ComparePage& page);

/// A scenario in a few short lines: only what differs from equal workers and free links.
std::vector<std::string> scenario_lines(const Scenario& scenario);

/// "3 seeds, 1 to 3", "seed 7".
std::string seeds_text(const std::vector<std::uint64_t>& seeds);

}  // namespace murm
