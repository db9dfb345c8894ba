// The program `murm`: reads the command line, runs one command, turns errors into exit codes.
// Room: tools.
// Caller: tools/murm/main, and the main of who adds algorithms of their own (examples/ema_asp).
#pragma once
#include <span>

#include "algorithms/algorithm.hpp"

namespace murm {

/// Every command knows the algorithms `own`, too. Returns the exit code: 0, 1 (the run failed), 2 (bad input),
/// 128 + signal. Never throws.
int run_program(int argc, char** argv, std::span<const Algorithm> own = {});

}  // namespace murm
