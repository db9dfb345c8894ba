// The program `murm`: reads the command line, runs one command, turns errors into exit codes.
// Room: tools.
// Caller: tools/murm/main, and the main of who adds something of their own (examples).
#pragma once
#include <span>

#include "algorithms/algorithm.hpp"
#include "models/objective_kind.hpp"

namespace murm {

/// What a program knows beside what the library has. All of it must last.
struct OwnParts {
  std::span<const Algorithm> algorithms{};
  std::span<const ObjectiveKind> models{};
};

/// Every command knows `own`, too. Returns the exit code: 0, 1 (the run failed), 2 (bad input),
/// 128 + signal. Never throws.
int run_program(int argc, char** argv, const OwnParts& own = {});

}  // namespace murm
