// halos, decoupled-diloco and demo in whole worlds: what they degenerate to, whom they wait for, what they send.
#include <cmath>

#include "algorithms/local_update/async_local.hpp"
#include "algorithms/local_update/halos.hpp"
#include "algorithms/registry.hpp"
#include "tests/catch.hpp"
#include "tests/simulation/small_world.hpp"

using namespace murm;
using namespace murm::test;

namespace {

SimulationOptions noisy(const std::string& algorithm, std::uint64_t workers = 4) {
  SimulationOptions world = quadratic_world(algorithm, workers, 1200);
  world.job.model.noise = 0.1;
  world.job.model.condition = 10;
  world.job.training.lr = 0.05;
  return world;
}

SimulationOptions uneven(SimulationOptions world) {
  world.scenario.compute.distribution = "exponential";
  return world;
}

/// One region whose global server takes each U as it is, and hands on nothing but its own parameters.
template <std::uint64_t K>
std::unique_ptr<Machine> make_degenerate(const AlgorithmOptions& options, std::uint32_t shard) {
  HalosRule rule;
  rule.local.period = options.workers;
  rule.global = {1, 0, 1};
  rule.period = K;
  rule.mixing = 1;
  return std::make_unique<HalosAggregator>(shard_options(options, shard), rule);
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, static_cast<double>(std::abs(a[i] - b[i])));
  }
  return largest;
}

/// Samples a virtual second.
double pace(const SimulationOptions& world) {
  const Report report = report_of(world);
  return static_cast<double>(report.samples) / report.simulation->virtual_seconds;
}

}  // namespace

TEST_CASE("halos of one region with a transparent global server is async local SGD") {
  SimulationOptions async = uneven(noisy("async-local"));
  async.job.algorithm.local_steps = 5;
  const std::vector<float> plain = simulate(async).parameters;
  Algorithm degenerate = find_algorithm(AlgorithmOptions{.name = "halos"});
  SimulationOptions halos = async;
  halos.job.algorithm.name = "halos";
  halos.algorithm = &degenerate;
  degenerate.make_aggregator = make_degenerate<1>;
  CHECK(largest_difference(simulate(halos).parameters, plain) < 1e-5);
  degenerate.make_aggregator = make_degenerate<8>;  // up to the border of K that the end is not on
  CHECK(largest_difference(simulate(halos).parameters, plain) < 0.2);
  halos.algorithm = nullptr;
  CHECK(largest_difference(simulate(halos).parameters, plain) > 1e-5);
}

TEST_CASE("halos counts staleness within a region") {
  SimulationOptions one = noisy("halos", 8);
  one.job.algorithm.regions = 1;
  one.job.job.samples = 8000;
  SimulationOptions four = one;
  four.job.algorithm.regions = 4;
  CHECK(report_of(one).staleness.mean == Approx(7).epsilon(0.1));
  CHECK(report_of(four).staleness.mean == Approx(1).epsilon(0.1));
}

TEST_CASE("a slow learner does not hold the others up, and is not left behind") {
  SimulationOptions world = phantom_world("decoupled-diloco", 8, 40000);
  world.job.algorithm.local_steps = 16;
  const double even = pace(world);
  CHECK(even == Approx(8 / kStepSeconds).epsilon(0.02));  // nobody ever waits
  world.scenario.compute.slow = {{.worker = 0, .factor = 20}};
  const Report report = report_of(world);
  CHECK(pace(world) == Approx((7 + 1.0 / 20) / kStepSeconds).epsilon(0.02));
  CHECK(report.wait_fraction < 0.01);
  SimulationOptions diloco = world;
  diloco.job.algorithm.name = "diloco";
  CHECK(pace(diloco) < 0.06 * even);
}

TEST_CASE("decoupled DiLoCo learns, with one fragment or many, alone or with others") {
  for (const std::uint64_t workers : {1, 2, 5}) {
    for (const std::uint64_t fragments : {1, 3, 50}) {
      SimulationOptions world = uneven(noisy("decoupled-diloco", workers));
      world.job.algorithm.local_steps = 10;
      world.job.algorithm.fragments = fragments;
      world.job.job.samples = 3000 * workers;
      world.scenario.network.latency_ms = 20;
      INFO(workers << " workers, " << fragments << " fragments");
      const Report report = report_of(world);
      CHECK(report.ledger.applied == report.ledger.issued);
      CHECK(report.final.eval_loss < 0.05);
    }
  }
}

TEST_CASE("a fragment travels each way once in H steps") {
  SimulationOptions world = phantom_world("decoupled-diloco", 4, 40000);
  world.job.algorithm.local_steps = 40;
  const Report report = report_of(world);
  const double model = 4.0 * static_cast<double>(report.parameters);
  const double expected = 40000.0 / 40 * model;
  CHECK(static_cast<double>(report.bytes.received) == Approx(expected).epsilon(0.05));
  CHECK(static_cast<double>(report.bytes.sent) == Approx(expected).epsilon(0.05));
}

TEST_CASE("demo that keeps everything is signed gradient descent, whoever computes it") {
  SimulationOptions one = quadratic_world("demo", 1, 300);
  one.job.training.lr = 0.1;
  one.job.algorithm.chunk = 4;
  one.job.algorithm.keep = 4;
  one.job.algorithm.decay = 0;
  one.job.algorithm.outer_lr = 0.1;
  const std::vector<float> alone = simulate(one).parameters;
  SimulationOptions four = one;
  four.job.cluster.workers = 4;
  four.job.job.samples = 1200;
  CHECK(simulate(four).parameters == alone);
  // 300 signs of 0.01: what is further than 3 from the minimum at 0 has come 3 nearer, all else is within a step or two.
  for (const float x : alone) CHECK(std::abs(x) < 0.021F);
}

TEST_CASE("demo sends what its shape says, and learns with a fraction of the coefficients") {
  SimulationOptions world = noisy("demo");
  world.job.job.samples = 8000;
  world.job.training.lr = 0.5;
  world.job.algorithm.keep = 2;
  CHECK(report_of(world).final.eval_loss < 0.05);
  SimulationOptions phantom = phantom_world("demo", 4, 400);
  const Report report = report_of(phantom);
  const double model = 4.0 * static_cast<double>(report.parameters);
  CHECK(static_cast<double>(report.bytes.received) == Approx(400 * model * 34 / 64).epsilon(0.02));
}

TEST_CASE("phantom worlds with churn leave no lease behind") {
  for (const char* name : {"halos", "decoupled-diloco", "demo"}) {
    SimulationOptions world = uneven(phantom_world(name, 6, 20000));
    world.job.cluster.aggregators = 3;
    world.scenario.network.latency_ms = 5;
    world.scenario.churn = {{.event = "crash", .at_s = 3, .worker = 1, .for_s = 4},
                            {.event = "kill", .at_s = 9, .worker = 0, .for_s = 1},
                            {.event = "freeze", .at_s = 12, .worker = 4, .for_s = 8},
                            {.event = "leave", .at_s = 20, .worker = 2, .for_s = 3},
                            {.event = "join", .at_s = 25, .worker = 7}};
    INFO(name);
    const Report report = report_of(world);
    CHECK(report.ledger.applied == report.ledger.issued);
    CHECK(report.ledger.samples_skipped == 0);
  }
}
