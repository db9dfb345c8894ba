// Changes of algorithm in the middle of a run.
#include "actors/job_plan.hpp"
#include "algorithms/registry.hpp"
#include "tests/catch.hpp"
#include "tests/simulation/small_world.hpp"

using namespace murm;
using namespace murm::test;

TEST_CASE("a change from bsp to bsp changes nothing, to the bit") {
  const std::string optimizer = GENERATE("sgd", "momentum", "adam");
  SimulationOptions world = quadratic_world("bsp", 4, 400);
  world.job.training.optimizer = optimizer;
  world.job.training.schedule = "cosine";
  world.job.model.noise = 0.1;
  world.job.cluster.aggregators = 3;
  const SimulationResult whole = simulate(world);
  world.job.algorithm.switches = {{150, "bsp"}, {301, "ssp"}};
  world.job.algorithm.staleness = 0;  // which makes ssp bsp
  const SimulationResult switched = simulate(world);
  CHECK(switched.parameters == whole.parameters);
  REQUIRE(switched.report.changes.size() == 2);
  CHECK(switched.report.changes[0].samples == 152);  // the step at the border is finished
  CHECK(switched.report.changes[1].to == "ssp");
  CHECK(switched.report.updates == whole.report.updates);
}

TEST_CASE("any algorithm takes over from any other while workers come, go and fall silent") {
  for (const std::string_view from : algorithm_names()) {
    std::uint64_t seed = 0;
    for (const std::string_view to : algorithm_names()) {
      SimulationOptions world = phantom_world(std::string(from), 5, 160);
      world.job.job.seed = ++seed;
      world.job.algorithm.local_steps = 2;
      const auto epoch = static_cast<double>(phantom_shape(world.job).train);
      world.job.algorithm.switches = {{50 / epoch, std::string(to)},
                                      {100 / epoch, std::string(from)}};
      world.scenario.network.latency_ms = 7;
      world.scenario.churn = {{.event = "crash", .for_s = 3, .rate_per_hour = 900},
                              {.event = "freeze", .for_s = 1, .rate_per_hour = 900},
                              {.event = "leave", .for_s = 2, .rate_per_hour = 900}};
      world.repeat = std::string(from) + " -> " + std::string(to);
      INFO(world.repeat);
      const Report report = report_of(world);
      CHECK(report.ledger.applied + report.ledger.dropped == report.ledger.issued);
      CHECK(report.ledger.samples_skipped == 0);
      CHECK(report.changes.size() == 2);
    }
  }
}

TEST_CASE("the loss goes on falling through three families") {
  SimulationOptions world = quadratic_world("bsp", 4, 1200);
  world.job.training.lr = 0.1;
  world.job.algorithm.local_steps = 5;
  world.job.evaluation.every = 300;
  world.job.algorithm.switches = {{300, "asp"}, {600, "ad-psgd"}, {900, "diloco"}};
  const Report report = report_of(world);
  REQUIRE(report.evaluations.size() == 4);
  for (std::size_t i = 1; i < report.evaluations.size(); ++i) {
    CHECK(report.evaluations[i].loss < report.evaluations[i - 1].loss);
  }
  CHECK(report.ledger.applied == report.ledger.issued);
}
