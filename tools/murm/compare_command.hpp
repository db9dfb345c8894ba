// `murm compare`: several algorithms, several seeds, one job, one world; a table and a page.
// Room: tools.
// Caller: tools/murm/main.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/signals.hpp"

namespace murm {

struct CompareCommand {
  std::filesystem::path job_file;
  std::string algorithms;          // see compare_entry
  std::filesystem::path scenario;  // empty: equal workers, free links
  std::vector<std::string> set;    // --set, and flags that stand for keys
  std::filesystem::path out;       // empty: runs/<name>-compare
  std::filesystem::path report;    // a copy of report.json
  std::uint64_t seeds = 3;
  std::uint64_t jobs = 0;  // simulations at a time; 0: the cores there are
  bool phantom = false;
  std::string until;  // virtual; empty: the end of the job
  bool quiet = false;
  std::string command_line;  // as typed, for the page
};

/// Returns the exit code. Throws InputError (2) and RunError (1).
int run_compare(const CompareCommand& command, SignalGate& signals);

}  // namespace murm
