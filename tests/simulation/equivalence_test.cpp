// More of what algorithms degenerate to, where it takes a rule or a moment of its own; and what a step costs in bytes.
#include <algorithm>
#include <cmath>

#include "algorithms/local_update/outer_optimizer.hpp"
#include "algorithms/parameter_server/buffered.hpp"
#include "algorithms/registry.hpp"
#include "tests/catch.hpp"
#include "tests/simulation/small_world.hpp"

using namespace murm;
using namespace murm::test;

namespace {

SimulationOptions noisy(const std::string& algorithm, std::uint64_t workers,
                        std::uint64_t samples) {
  SimulationOptions world = quadratic_world(algorithm, workers, samples);
  world.job.model.noise = 0.1;
  world.job.training.lr = 0.05;
  world.job.algorithm.local_steps = 5;
  return world;
}

std::vector<float> end_of(const SimulationOptions& world) { return simulate(world).parameters; }

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, static_cast<double>(std::abs(a[i] - b[i])));
  }
  return largest;
}

/// A buffer of all pseudo-gradients, whose senders wait for what becomes of it: an endless period of grace.
std::unique_ptr<Machine> endless_grace(const AlgorithmOptions& options, std::uint32_t shard) {
  BufferRule rule;
  rule.size = static_cast<std::uint32_t>(options.workers);
  rule.waits = true;
  return std::make_unique<BufferedAggregator>(outer_shard_options(options, shard, "sgd", 1.0, 0.0),
                                              rule);
}

/// Bytes of a run over its leases and over the bytes of the parameters.
double models_a_lease(const std::string& algorithm, std::uint64_t workers, std::uint64_t steps,
                      const std::string& topology = "default") {
  SimulationOptions world = phantom_world(algorithm, workers, 0);
  world.job.model.kind = "mlp";  // large enough to make headers small
  world.job.training.batch = 10;
  world.job.job.samples = workers * 10 * 480;
  world.job.algorithm.local_steps = steps;
  world.job.algorithm.topology = topology;
  const Report report = report_of(world);
  const auto bytes = static_cast<double>(report.bytes.sent + report.bytes.received +
                                         report.bytes.between_workers);
  return bytes / static_cast<double>(workers * 480) /
         (4.0 * static_cast<double>(report.parameters));
}

}  // namespace

TEST_CASE(
    "a step of rennala of as many gradients as there are workers is a step of bsp, to the bit") {
  CHECK(end_of(noisy("rennala", 4, 4)) == end_of(noisy("bsp", 4, 4)));
  // Whoever has contributed computes again at the old parameters, which later steps drop: not bsp any more.
  CHECK(end_of(noisy("rennala", 4, 40)) != end_of(noisy("bsp", 4, 40)));
}

TEST_CASE(
    "a step of fedbuff of as many windows as there are workers is one of federated averaging") {
  SimulationOptions fedbuff = noisy("fedbuff", 4, 20);
  CHECK(end_of(fedbuff) == end_of(noisy("local-sgd", 4, 20)));
}

TEST_CASE("asynchronous local steps with endless grace are synchronous ones, to the bit") {
  Algorithm graceful = find_algorithm(AlgorithmOptions{.name = "fedbuff"});
  graceful.make_aggregator = endless_grace;
  SimulationOptions world = noisy("fedbuff", 4, 400);
  world.algorithm = &graceful;
  CHECK(end_of(world) == end_of(noisy("local-sgd", 4, 400)));
}

TEST_CASE("overlapped push-sum whose messages come before the next lease is push-sum") {
  SimulationOptions waits = noisy("sgp", 8, 800);
  waits.scenario.network.latency_ms = 5;  // a message takes one, a lease there and back two
  SimulationOptions overlaps = waits;
  overlaps.job.algorithm.name = "osgp";
  CHECK(largest_difference(end_of(waits), end_of(overlaps)) < 1e-5);
}

TEST_CASE(
    "the small weight of a slow worker does not make the steps of overlapped push-sum large") {
  SimulationOptions world = noisy("osgp", 8, 4000);
  world.job.model.noise = 0;
  world.job.training.lr = 0.5;
  world.scenario.compute.slow = {{.worker = 0, .factor = 10}};
  CHECK(report_of(world).final.eval_loss < 0.01);
}

TEST_CASE("a step costs the bytes that the documentation names") {
  constexpr std::uint64_t n = 8;
  const auto check = [](const char* algorithm, double expected, std::uint64_t steps = 0,
                        const char* topology = "default") {
    INFO(algorithm);
    CHECK(models_a_lease(algorithm, n, steps, topology) ==
          Approx(expected).epsilon(0.04).margin(0.01));
  };
  for (const char* name :
       {"bsp", "asp", "ssp", "dssp", "sa-asgd", "dc-asgd", "ringmaster", "rennala"}) {
    check(name, 2);  // a gradient up, parameters down
  }
  check("ring", 2.0 * (n - 1) / n);
  check("hogwild", 0);
  for (const char* name : {"fedbuff", "easgd", "aeasgd", "eamsgd", "local-sgd", "slowmo", "diloco",
                           "delayed-diloco", "streaming-diloco", "decoupled-diloco"}) {
    check(name, 2.0 / 8, 8);
  }
  check("d-psgd", 2);  // a ring: two neighbours
  check("d-psgd", n - 1, 0, "complete");
  check("d-psgd", 3, 0, "hypercube");
  check("gossip-pga", 2.0 * 5 / 6 + (n - 1) / 6.0);
  check("sgp", 1);
  check("osgp", 1);
  check("ad-psgd", 2);
  check("swarm", 2.0 / 8, 8);
  check("gosgd", 0.1);
  check("noloco", 2.0 / 8, 8);
}

TEST_CASE("buffers bear liars with a robust rule, and not without") {
  const std::string name = GENERATE("backup", "rennala", "fedbuff");
  INFO(name);
  SimulationOptions world = noisy(name, 8, 8000);
  world.job.robust.tolerated = 2;
  world.job.emulate.byzantine = {{.worker = 1, .attack = "sign-flip"},
                                 {.worker = 4, .attack = "sign-flip"}};
  const auto loss = [&](const char* rule) {
    world.job.robust.name = rule;
    try {
      return report_of(world).final.eval_loss;
    } catch (const RunError&) {
      return 1e9;  // diverged
    }
  };
  CHECK(loss("mean") > 10);
  CHECK(loss("median") < 0.1);
  CHECK(loss("trimmed-mean") < 0.1);
}
