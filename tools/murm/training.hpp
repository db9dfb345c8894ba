// A run from its job file to its report: what `murm train` and `murm coordinator` share.
// Room: tools.
// Caller: tools/murm/main.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runtime/signals.hpp"

namespace murm {

struct TrainingCommand {
  std::filesystem::path job_file;
  std::vector<std::string> set;  // --set, and flags that stand for keys
  std::filesystem::path out;     // empty: runs/<name>
  std::filesystem::path report;  // a copy of report.json
  bool resume = false;
  bool record = false;  // every event of every machine, for `murm replay`
  bool quiet = false;
  std::string listen;  // `murm coordinator`: where workers join
  bool insecure = false;
};

/// Returns the exit code. Throws InputError (2) and RunError (1).
int run_training(const TrainingCommand& command, SignalGate& signals);

}  // namespace murm
