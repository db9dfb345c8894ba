// Disasters that overlap each other or a step.
#include <algorithm>

#include "tests/catch.hpp"
#include "tests/simulation/small_world.hpp"

using namespace murm;
using namespace murm::test;

namespace {

double ends_at(const SimulationOptions& world) {
  return report_of(world).simulation->virtual_seconds;
}

/// Two workers in step; worker 0 is cut off from the first second on.
SimulationOptions cut_off_world() {
  SimulationOptions world = phantom_world("bsp", 2, 100);
  world.scenario.partition = {{.from_s = 1, .to_s = 1000, .workers = {0}}};
  return world;
}

}  // namespace

TEST_CASE("a freeze takes its time from a step, whether it ends within the step or not") {
  for (const double at : {1.0, 9.0}) {
    SimulationOptions world = phantom_world("asp", 1, 1);
    world.scenario.compute.mean_ms = 10000;
    world.scenario.churn = {{.event = "freeze", .at_s = at, .worker = 0, .for_s = 1.5}};
    CHECK(ends_at(world) == Approx(11.5));
  }
}

TEST_CASE("whoever is cut off is noticed no later because it also freezes or dies") {
  const double alone = ends_at(cut_off_world());
  for (const char* event : {"freeze", "crash", "kill"}) {
    SimulationOptions world = cut_off_world();
    world.scenario.churn = {{.event = event, .at_s = 2.9, .worker = 0, .for_s = 100}};
    CHECK(ends_at(world) == alone);
  }
  SimulationOptions again = cut_off_world();
  for (double from = 2; from < 20; from += 1.9) {
    again.scenario.partition.push_back({.from_s = from, .to_s = from + 5, .workers = {0}});
  }
  CHECK(ends_at(again) == alone);
}

TEST_CASE("a frozen worker that dies does not thaw") {
  SimulationOptions world = phantom_world("asp", 2, 400);
  world.scenario.churn = {{.event = "freeze", .at_s = 1, .worker = 0, .for_s = 5},
                          {.event = "crash", .at_s = 2, .worker = 0}};
  const Report report = report_of(world);
  CHECK(report.per_worker.size() == 2);  // no second life
  CHECK(report.ledger.lost == 0);
}

TEST_CASE("a newcomer whose slot is taken joins beside it, and waits for that slot's link") {
  SimulationOptions world = phantom_world("bsp", 2, 1000);
  world.scenario.partition = {{.to_s = 5, .workers = {2}}};
  world.scenario.churn = {{.event = "join", .at_s = 0.5, .worker = 0}};
  const Report report = report_of(world);
  REQUIRE(report.per_worker.size() == 3);
  CHECK(report.per_worker.back().id == 2);
  CHECK(report.per_worker.back().steps > 0);
}

TEST_CASE("a run that nobody can go on with ends with a sentence, not with a broken law") {
  SimulationOptions world = phantom_world("asp", 1, 100);
  world.scenario.network.latency_ms = 50;
  world.scenario.partition = {{.from_s = 0.65, .workers = {0}}};
  std::string text;
  try {
    simulate(world);
  } catch (const RunError& error) {
    text = error.what();
  }
  CHECK(text == "no worker came back within 30 s after all were lost");
}

TEST_CASE("a phantom run that only a loss could end is refused") {
  SimulationOptions world = phantom_world("asp", 1, 0);
  world.job.job.target_loss = 0.1;
  CHECK_THROWS_AS(simulate(world), InputError);
}

TEST_CASE("a run that time ends is evaluated where it stands") {
  SimulationOptions world = quadratic_world("asp", 2, 100000);
  world.job.training.lr = 0.01;
  world.job.evaluation.every = 100000;
  world.until = seconds_of(1);
  const Report report = report_of(world);
  REQUIRE(report.evaluations.size() == 1);
  CHECK(report.evaluations.front().samples == report.samples);
}

TEST_CASE("a worker that freezes for ever is missed, and its leases go to others") {
  for (const char* algorithm : {"asp", "bsp", "ssp"}) {
    SimulationOptions world = phantom_world(algorithm, 3, 300);
    world.scenario.churn = {{.event = "freeze", .at_s = 1, .worker = 0}};
    const Report report = report_of(world);
    CHECK(report.status == "finished");
    CHECK(report.ledger.reissued > 0);
    CHECK(report.ledger.lost == 0);
  }
}
