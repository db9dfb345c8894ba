// `murm simulate`: a job in a scenario, in virtual time.
// Room: tools.
// Caller: tools/murm/main.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/signals.hpp"

namespace murm {

struct SimulateCommand {
  std::filesystem::path job_file;
  std::filesystem::path scenario_file;  // empty: equal workers, free links
  std::vector<std::string> set;         // --set, and flags that stand for keys
  std::string until;                    // a duration; empty: the end of the job
  bool phantom = false;
  std::filesystem::path out;     // empty: runs/<name>-simulated
  std::filesystem::path report;  // a copy of report.json
  bool quiet = false;
};

/// Returns the exit code. Throws InputError (2) and RunError (1).
int run_simulate(const SimulateCommand& command, SignalGate& signals);

}  // namespace murm
