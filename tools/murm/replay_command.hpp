// `murm replay`: repeats a recorded run to the bit, or asks how another algorithm would have done.
// Room: tools.
// Caller: tools/murm/main.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/signals.hpp"

namespace murm {

struct ReplayCommand {
  std::filesystem::path run;     // folder of a recorded run
  std::vector<std::string> set;  // --set
  std::string against;           // an algorithm; empty: repeat the run
  std::filesystem::path report;  // a copy of replay.json
  bool quiet = false;
};

/// Returns the exit code: 0 when the run came out the same (or --against was answered), 1 when not.
/// Throws InputError (2) for a run without usable traces.
int run_replay(const ReplayCommand& command, SignalGate& signals);

}  // namespace murm
