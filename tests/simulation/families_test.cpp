// The families against each other: what must be equal where one degenerates into another, and what exchanges conserve.
#include <cmath>

#include "algorithms/parameter_server/buffered.hpp"
#include "algorithms/registry.hpp"
#include "tests/catch.hpp"
#include "tests/simulation/small_world.hpp"

using namespace murm;
using namespace murm::test;

namespace {

constexpr std::uint64_t kWorkers = 4;
constexpr std::uint64_t kGradients = 240;

/// Noisy gradients and equal workers: every gradient is a function of its lease and of where it is computed.
SimulationOptions noisy(const std::string& algorithm) {
  SimulationOptions world = quadratic_world(algorithm, kWorkers, kGradients);
  world.job.model.noise = 0.1;
  world.job.model.condition = 10;
  world.job.training.lr = 0.05;
  return world;
}

SimulationOptions uneven(SimulationOptions world) {
  world.scenario.compute.distribution = "exponential";
  return world;
}

std::string hash_of(const SimulationOptions& world) { return report_of(world).parameters_hash; }

void check_close(const SimulationOptions& one, const SimulationOptions& other, double tolerance) {
  const std::vector<float> a = simulate(one).parameters;
  const std::vector<float> b = simulate(other).parameters;
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(static_cast<double>(a[i]) == Approx(static_cast<double>(b[i])).margin(tolerance));
  }
}

std::unique_ptr<Machine> wait_for_all(const AlgorithmOptions& options, std::uint32_t shard) {
  BufferRule rule;
  rule.size = static_cast<std::uint32_t>(options.workers);
  rule.fresh_only = true;
  rule.waits = true;
  return std::make_unique<BufferedAggregator>(shard_options(options, shard), rule);
}

}  // namespace

TEST_CASE("dssp with equal bounds is ssp, bit for bit, whatever the speeds") {
  SimulationOptions ssp = uneven(noisy("ssp"));
  ssp.job.algorithm.staleness = 2;
  SimulationOptions dssp = ssp;
  dssp.job.algorithm.name = "dssp";
  dssp.job.algorithm.staleness_max = 2;
  const Report one = report_of(ssp);
  const Report other = report_of(dssp);
  CHECK(one.parameters_hash == other.parameters_hash);
  CHECK(one.simulation->trace_hash == other.simulation->trace_hash);
}

TEST_CASE("dssp waits no longer than ssp with its lower bound, and never passes its upper one") {
  SimulationOptions ssp = uneven(phantom_world("ssp", 8, 4000));
  ssp.job.algorithm.staleness = 1;
  SimulationOptions dssp = ssp;
  dssp.job.algorithm.name = "dssp";
  dssp.job.algorithm.staleness_max = 8;
  CHECK(report_of(dssp).wait_fraction < report_of(ssp).wait_fraction);
}

TEST_CASE("delay compensation of strength 0 is asp, bit for bit") {
  SimulationOptions dc = uneven(noisy("dc-asgd"));
  dc.job.algorithm.lambda = 0;
  CHECK(hash_of(dc) == hash_of(uneven(noisy("asp"))));
  dc.job.algorithm.lambda = 2;
  CHECK(hash_of(dc) != hash_of(uneven(noisy("asp"))));
}

TEST_CASE("ringmaster that drops nothing is asp, bit for bit; it drops what is too old") {
  SimulationOptions ringmaster = uneven(noisy("ringmaster"));
  ringmaster.job.algorithm.threshold = 1000000;
  CHECK(hash_of(ringmaster) == hash_of(uneven(noisy("asp"))));
  ringmaster.job.algorithm.threshold = 3;
  const Report strict = report_of(ringmaster);
  CHECK(strict.ledger.dropped > 0);
  CHECK(strict.ledger.applied + strict.ledger.dropped == kGradients);
  CHECK(strict.staleness.max == 2);
}

TEST_CASE("backup workers with nobody to spare are bsp, bit for bit") {
  const std::string bsp = hash_of(noisy("bsp"));
  Algorithm all = find_algorithm(AlgorithmOptions{.name = "backup"});
  all.make_aggregator = wait_for_all;
  SimulationOptions backup = noisy("backup");
  backup.algorithm = &all;
  CHECK(hash_of(backup) == bsp);
}

TEST_CASE("rennala takes only what is fresh, in steps of its buffer") {
  const Report report = report_of(uneven(noisy("rennala")));
  CHECK(report.staleness.max == 0);
  CHECK(report.ledger.dropped > 0);
  CHECK(report.ledger.applied + report.ledger.dropped == kGradients);
}

TEST_CASE("staleness-aware asp without weights is asp; its weights make gradients count less") {
  SimulationOptions aware = uneven(noisy("sa-asgd"));
  aware.job.algorithm.staleness_weight = "none";
  CHECK(hash_of(aware) == hash_of(uneven(noisy("asp"))));
  aware.job.algorithm.staleness_weight = "inverse";
  CHECK(hash_of(aware) != hash_of(uneven(noisy("asp"))));
}

TEST_CASE("fedbuff with a buffer of one and one local step is asp within rounding") {
  SimulationOptions fedbuff = uneven(noisy("fedbuff"));
  fedbuff.job.algorithm.buffer = 1;
  fedbuff.job.algorithm.local_steps = 1;
  fedbuff.job.algorithm.staleness_weight = "none";
  check_close(fedbuff, uneven(noisy("asp")), 1e-5);
}

TEST_CASE("one local step and plain averaging are bsp within rounding") {
  for (const char* name : {"local-sgd", "diloco"}) {
    SimulationOptions local = noisy(name);
    local.job.algorithm.local_steps = 1;
    local.job.algorithm.outer = "sgd";
    local.job.algorithm.outer_lr = 1;
    check_close(local, noisy("bsp"), 1e-5);
  }
}

TEST_CASE("diloco with plain averaging outside is local sgd, bit for bit") {
  SimulationOptions diloco = noisy("diloco");
  diloco.job.algorithm.local_steps = 5;
  diloco.job.algorithm.outer = "sgd";
  diloco.job.algorithm.outer_lr = 1;
  SimulationOptions local = noisy("local-sgd");
  local.job.algorithm.local_steps = 5;
  CHECK(hash_of(diloco) == hash_of(local));
}

TEST_CASE("post-local that never switches is bsp within rounding, and at once it is local sgd") {
  SimulationOptions post = noisy("post-local");
  post.job.algorithm.switch_at = 1;
  check_close(post, noisy("bsp"), 1e-5);
  post.job.algorithm.switch_at = 0;
  SimulationOptions local = noisy("local-sgd");
  local.job.algorithm.local_steps = 16;
  // The first step is planned at sample 0, from which on windows are long.
  CHECK(hash_of(post) == hash_of(local));
}

TEST_CASE("slow momentum 0 is local sgd within rounding") {
  SimulationOptions slowmo = noisy("slowmo");
  slowmo.job.algorithm.outer_momentum = 0;
  SimulationOptions local = noisy("local-sgd");
  local.job.algorithm.local_steps = 12;
  check_close(slowmo, local, 1e-5);
}

TEST_CASE("delayed Nesterov of period 1 is Nesterov's outer step on one worker") {
  SimulationOptions async = noisy("async-local");
  async.job.cluster.workers = 1;
  async.job.algorithm.local_steps = 5;
  async.job.algorithm.buffer = 1;
  SimulationOptions diloco = noisy("diloco");
  diloco.job.cluster.workers = 1;
  diloco.job.algorithm.local_steps = 5;
  check_close(async, diloco, 1e-5);
}

TEST_CASE("dynamic local updates give a slow worker short windows") {
  SimulationOptions world = noisy("async-local");
  world.job.algorithm.local_steps = 10;
  world.job.job.samples = 4000;
  world.scenario.compute.slow = {{.worker = 0, .factor = 5}};
  const Report report = report_of(world);
  // As many windows as the others, of 2 steps instead of 10.
  const double slow = static_cast<double>(report.per_worker[0].samples);
  CHECK(slow < 0.3 * static_cast<double>(report.per_worker[1].samples));
  CHECK(report.staleness.mean == Approx(3).epsilon(0.1));
}

TEST_CASE(
    "a pseudo-gradient points downhill: local steps and their mean go where the gradient goes") {
  SimulationOptions local = noisy("local-sgd");
  local.job.model.noise = 0;
  const auto curve = simulate(local).curve;
  CHECK(curve.back().train_loss < 0.5 * curve.front().train_loss);
}

TEST_CASE("decentralised SGD over the complete graph is bsp within rounding") {
  SimulationOptions complete = noisy("d-psgd");
  complete.job.algorithm.topology = "complete";
  check_close(complete, noisy("bsp"), 1e-5);
}

TEST_CASE("push-sum over a regular graph is decentralised SGD over the same graph") {
  SimulationOptions sgp = noisy("sgp");
  SimulationOptions plain = noisy("d-psgd");
  sgp.job.algorithm.topology = "one-peer-exponential";
  plain.job.algorithm.topology = "one-peer-exponential";
  check_close(sgp, plain, 1e-5);
}

TEST_CASE("choco that leaves nothing out and steps all the way is decentralised SGD") {
  SimulationOptions choco = noisy("choco");
  choco.job.algorithm.consensus_step = 1;
  choco.job.compression.name = "top-k";
  choco.job.compression.ratio = 1;
  check_close(choco, noisy("d-psgd"), 1e-4);
}

TEST_CASE("a code that leaves nothing out changes nothing, with its error feedback or without") {
  for (const char* algorithm : {"asp", "bsp", "local-sgd"}) {
    SimulationOptions coded = uneven(noisy(algorithm));
    const std::string plain = hash_of(coded);
    coded.job.compression.name = "top-k";
    coded.job.compression.ratio = 1;
    for (const char* feedback : {"on", "off"}) {
      coded.job.compression.error_feedback = feedback;
      CHECK(hash_of(coded) == plain);
    }
    coded.job.compression.ratio = 0.2;
    CHECK(hash_of(coded) != plain);
  }
}

TEST_CASE("a round of averages contracts as the mixing matrix says") {
  SimulationOptions world = quadratic_world("d-psgd", 8, 8 * 60);
  world.job.model.kind = "consensus";
  world.job.algorithm.topology = "ring";
  CHECK(report_of(world).simulation->contraction_per_round == Approx(0.804738).epsilon(0.02));
  world.job.algorithm.topology = "hypercube";
  CHECK(report_of(world).simulation->contraction_per_round == Approx(0.5).epsilon(0.02));
  world.job.algorithm.topology = "complete";
  CHECK(report_of(world).simulation->contraction_per_round < 1e-6);
}

TEST_CASE("exchanges keep the mean of all replicas, and bring them together") {
  for (const char* algorithm :
       {"d-psgd", "ad-psgd", "sgp", "osgp", "swarm", "moshpit", "gossip-pga"}) {
    SimulationOptions world = uneven(quadratic_world(algorithm, 9, 9 * 100));
    world.job.model.kind = "consensus";
    world.job.algorithm.local_steps = 1;
    const SimulationResult once = simulate(world);
    world.job.job.samples = 9 * 200;
    const SimulationResult longer = simulate(world);
    INFO(algorithm);
    for (std::size_t i = 0; i < once.parameters.size(); ++i) {
      CHECK(static_cast<double>(once.parameters[i]) ==
            Approx(static_cast<double>(longer.parameters[i])).margin(1e-3));
    }
    CHECK(once.report.simulation->contraction_per_round < 1);
  }
}

TEST_CASE(
    "every algorithm survives workers that crash, freeze and come, and leaves no lease behind") {
  for (const std::string_view name : algorithm_names()) {
    SimulationOptions world = uneven(noisy(std::string(name)));
    world.job.cluster.workers = 6;
    world.job.job.samples = 3000;
    world.scenario.network.latency_ms = 5;
    world.scenario.churn = {{.event = "crash", .at_s = 3, .worker = 1, .for_s = 4},
                            {.event = "freeze", .at_s = 9, .worker = 4, .for_s = 1},
                            {.event = "leave", .at_s = 14, .worker = 0, .for_s = 3},
                            {.event = "join", .at_s = 20, .worker = 7},
                            {.event = "freeze", .at_s = 25, .worker = 2, .for_s = 6}};
    world.job.algorithm.outer_lr = name == "demo" ? 0.1 : 0;  // its steps have a fixed length
    INFO(name);
    const Report report = report_of(world);
    CHECK(report.ledger.applied + report.ledger.dropped == report.ledger.issued);
    CHECK(report.ledger.samples_skipped == 0);
    CHECK(report.final.eval_loss < 0.5);
  }
}
