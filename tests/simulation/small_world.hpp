// Small worlds to vary: a phantom picture classifier, or a quadratic with numbers; constant steps of 100 ms, free links.
// Room: tests/simulation.
// Caller: the tests of this folder.
#pragma once
#include <string>

#include "actors/virtual/simulation.hpp"

namespace murm::test {

constexpr double kStepSeconds = 0.1;  // compute.mean_ms by default

/// One sample is one lease, hence one gradient. `gradients` = 0: without an end.
inline SimulationOptions phantom_world(const std::string& algorithm, std::uint64_t workers,
                                       std::uint64_t gradients) {
  SimulationOptions world;
  world.phantom = true;
  world.repeat = "the same command";
  world.job.job.samples = gradients;
  world.job.model.kind = "logistic";
  world.job.training.batch = 1;
  world.job.algorithm.name = algorithm;
  world.job.cluster.workers = workers;
  return world;
}

inline SimulationOptions quadratic_world(const std::string& algorithm, std::uint64_t workers,
                                         std::uint64_t gradients) {
  SimulationOptions world = phantom_world(algorithm, workers, gradients);
  world.phantom = false;
  world.job.model.kind = "quadratic";
  world.job.model.dim = 10;
  return world;
}

inline std::chrono::nanoseconds seconds_of(double seconds) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9 + 0.5));
}

inline Report report_of(const SimulationOptions& world) { return simulate(world).report; }

}  // namespace murm::test
