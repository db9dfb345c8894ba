// A recorded run, repeated: fresh machines are given the events of its traces and everything is computed anew.
// Room: actors/virtual. A driver of the algorithm interface beside the actors; no CAF, no thread, no clock.
// Caller: tools/murm (replay), tests. Source: docs/decisions/0007, algorithms guide, 8.4 (conformance by replay).
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "actors/virtual/replay_machine.hpp"
#include "algorithms/lease_plan.hpp"
#include "algorithms/registry.hpp"
#include "runtime/progress.hpp"
#include "runtime/report.hpp"
#include "runtime/world/scenario.hpp"

namespace murm {

struct ReplayOptions {
  std::filesystem::path traces;  // folder with the traces of all machines
  AlgorithmOptions algorithm;    // with sizes
  Algorithm machines;            // that makes them
  LeasePlanOptions leases;
  SampleCount evaluation_every = 1;  // at least 1
  std::vector<float> initial;  // flat parameters; empty: no numbers, only ids, versions and times
  GradientFunction gradient;   // of an empty one, too
  /// Called now and then; false stops the replay.
  std::function<bool(const ProgressState&)> progress;
};

struct ReplayResult {
  std::string difference;  // the first event that did not come out as recorded; empty: none
  bool stopped = false;    // by `progress`
  std::uint64_t machines = 0;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;        // of their traces
  std::vector<std::string> torn;  // machines whose process ended in the middle of a record
  Report report;                  // as far as a replay knows: see ReplayAccount
  RecordedTiming timing;
  std::vector<float> parameters;  // final, flat; empty without numbers, and after a difference
};

/// Machines take their own events in the order in which these happened; a message only once its sender
/// has sent it. Errors: InputError when the traces are missing, damaged, or of another job.
ReplayResult replay(const ReplayOptions& options);

}  // namespace murm
