// `murm switch`: asks a running job for another algorithm, and waits until it has it.
// Room: tools.
// Caller: tools/murm/program. For users: docs/switching.md.
#pragma once
#include <string>

#include "runtime/signals.hpp"

namespace murm {

struct SwitchCommand {
  std::string run;  // folder of the run, or endpoint of its coordinator
  std::string to;   // algorithm.name from now on
  bool quiet = false;
};

/// Returns the exit code. Throws InputError (2) when the run cannot be found or refuses.
int run_switch(const SwitchCommand& command, SignalGate& signals);

}  // namespace murm
