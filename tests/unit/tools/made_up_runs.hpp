// Results of simulations that nobody ran, with numbers that are easy to check.
// Room: tests. Caller: the tests of `murm compare`.
// Source: none; the loss falls as 1 / (1 + samples / 500) from `level` on.
#pragma once
#include <cmath>
#include <vector>

#include "tools/murm/compare_summary.hpp"

namespace murm::test {

inline CompareResult made_up_run(double level, double speed, std::size_t points = 200) {
  CompareResult run;
  SimulationResult& result = run.simulation;
  for (std::size_t i = 1; i <= points; ++i) {
    CurvePoint point;
    point.samples = 50 * i;
    point.virtual_seconds = static_cast<double>(point.samples) / speed;
    point.updates = 2 * i;
    point.bytes = 4000 * i;
    const double wiggle = 1 + 0.05 * std::sin(static_cast<double>(i) * level);
    point.train_loss = level * wiggle / (1 + static_cast<double>(point.samples) / 500);
    result.curve.push_back(point);
  }
  Report& report = result.report;
  report.job = "made up";
  report.samples = 50 * points;
  report.updates = 2 * points;
  report.final.train_loss = level / 10;
  report.staleness.mean = 1;
  report.staleness.histogram = {25, 50, 25};
  report.bytes.sent = 3000 * points;
  report.bytes.received = 1000 * points;
  report.wait_fraction = 0.25;
  report.parameters_hash = "00ff";
  report.simulation.emplace();
  report.simulation->virtual_seconds = static_cast<double>(report.samples) / speed;
  report.simulation->gradients_per_virtual_second = speed / 50;
  report.simulation->trace_hash = "ff00";
  for (std::size_t i = 1; i <= 10; ++i) {
    report.evaluations.push_back({.samples = report.samples * i / 10,
                                  .seconds = 0,
                                  .loss = level / static_cast<double>(i),
                                  .accuracy = 0.09 * static_cast<double>(i)});
  }
  report.final.eval_accuracy = 0.9;
  return run;
}

inline CompareResult diverged_run() {
  CompareResult run;
  run.diverged = true;
  run.reason = "the loss is not finite at worker 3 <really>";
  return run;
}

}  // namespace murm::test
