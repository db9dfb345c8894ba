// `murm worker`: joins a coordinator and works for it until the run is over.
// Room: tools.
// Caller: tools/murm/main.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/signals.hpp"

namespace murm {

struct WorkerCommand {
  std::string join;
  std::vector<std::uint32_t> slots;  // of a child of `murm train`
  std::int64_t parent = 0;           // of a child of `murm train`: dies with it
  std::filesystem::path record;      // of a child of `murm train`: where its machines are recorded
  bool quiet = false;
};

/// Returns the exit code. Throws InputError (2) and RunError (1).
int run_worker(const WorkerCommand& command, SignalGate& signals);

}  // namespace murm
