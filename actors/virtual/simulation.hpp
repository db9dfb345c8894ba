// A run in virtual time: the machines of a job in a world from one seed.
// Room: actors/virtual. A driver of the algorithm interface beside the actors; no CAF, no thread, no wall clock.
// Caller: tools/murm (simulate, compare, replay --against), tests/simulation.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/registry.hpp"
#include "models/objective.hpp"
#include "runtime/job.hpp"
#include "runtime/report.hpp"
#include "runtime/world/scenario.hpp"

namespace murm {

/// How a run stood at some moment; the loss is the mean since the point before.
struct CurvePoint {
  double virtual_seconds = 0;
  SampleCount samples = 0;
  std::uint64_t updates = 0;
  std::uint64_t bytes = 0;  // both ways
  double train_loss = std::numeric_limits<double>::quiet_NaN();
};

struct SimulationOptions {
  Job job;
  Scenario scenario;
  bool phantom = false;                           // no numbers: only time and bytes
  std::optional<std::chrono::nanoseconds> until;  // virtual
  const Algorithm* algorithm = nullptr;  // machines of your own; null: those of the job's algorithm
  std::string repeat;  // the command that shows this run again, for the text of a broken law
  /// Called now and then (every few thousand events) with the state; false stops the run as an interrupt does.
  std::function<bool(const CurvePoint&)> progress;
};

struct SimulationResult {
  Report report;                        // with its simulation part
  std::vector<CurvePoint> curve;        // at most 512 points, ascending
  std::vector<float> parameters;        // final, flat; empty in phantom mode
  std::vector<ParameterTensor> layout;  // of the parameters
};

/// Runs to the end of the job, to `until`, or to an interrupt. The result depends on the options alone.
/// Thread: any; several at a time do not know of each other.
/// Errors: InputError for a job or scenario that cannot be run; RunError when the run failed (no worker left, loss
/// not finite) or broke a law: then the text names the law, the seed, the virtual time, the event.
SimulationResult simulate(const SimulationOptions& options);

}  // namespace murm
