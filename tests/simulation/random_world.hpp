// A random world: algorithm, sizes, machines, network and disasters, all drawn from one seed.
// Room: tests/simulation. Every disaster ends, and somebody always comes back: a run has to finish.
// Caller: tests/simulation (fixed set), random_worlds (make sim, make soak).
#pragma once
#include <string>

#include "actors/virtual/simulation.hpp"

namespace murm::test {

SimulationOptions random_world(std::uint64_t seed);

/// One line: what kind of world it is.
std::string describe(const SimulationOptions& world);

struct WorldOutcome {
  std::string
      fault;  // empty: every law held, it finished, every sample was applied once, twice the same way
  Report report;
};
/// Runs the world twice.
WorldOutcome live_through(const SimulationOptions& world);

}  // namespace murm::test
