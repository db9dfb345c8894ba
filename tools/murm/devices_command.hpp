// `murm devices`: what can compute on this machine, how fast, and why something cannot.
// Room: tools.
// Caller: tools/murm/program.
#pragma once
#include <filesystem>

namespace murm {

struct DevicesCommand {
  std::filesystem::path report;  // JSON as well
};

/// Returns the exit code. Cost: about a second, in which the processor's products are timed.
int run_devices(const DevicesCommand& command);

}  // namespace murm
