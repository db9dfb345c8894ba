// DiLoCo that does not wait: delayed, eager and streaming. What must be equal to what, and what is late by how much.
#include <cmath>

#include "algorithms/forwarding_context.hpp"
#include "algorithms/registry.hpp"
#include "tests/catch.hpp"
#include "tests/simulation/small_world.hpp"

using namespace murm;
using namespace murm::test;

namespace {

constexpr std::uint64_t kWorkers = 4;
constexpr std::uint64_t kSteps = 6;  // H
constexpr std::uint64_t kRounds = 10;

/// Workers of random speeds and three shards: what is equal must be so whoever comes first.
SimulationOptions outer_world(const std::string& algorithm) {
  SimulationOptions world = quadratic_world(algorithm, kWorkers, kWorkers * kSteps * kRounds);
  world.job.model.noise = 0.1;
  world.job.model.condition = 10;
  world.job.training.lr = 0.05;
  world.job.algorithm.local_steps = kSteps;
  world.job.algorithm.outer_lr = 0.3;
  world.job.algorithm.outer_momentum = 0.4;
  world.job.cluster.aggregators = 3;
  world.scenario.compute.distribution = "exponential";
  world.scenario.network.latency_ms = 40;
  return world;
}

SimulationOptions streaming(std::uint64_t fragments, std::uint64_t overlap, double mixing) {
  SimulationOptions world = outer_world("streaming-diloco");
  world.job.algorithm.fragments = fragments;
  world.job.algorithm.overlap = overlap;
  world.job.algorithm.mixing = mixing;
  return world;
}

std::string hash_of(const SimulationOptions& world) { return report_of(world).parameters_hash; }

double distance(const SimulationOptions& one, const SimulationOptions& other) {
  const std::vector<float> a = simulate(one).parameters;
  const std::vector<float> b = simulate(other).parameters;
  REQUIRE(a.size() == b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return most;
}

/// Counts the inner steps before each push of a worker on its own.
class Watching final : public ForwardingContext {
 public:
  void compute(const Lease& lease, std::span<const Tensor> parameters) override {
    ++steps;
    ForwardingContext::compute(lease, parameters);
  }
  void send(PeerId to, Message message) override {
    if (message.kind == MessageKind::push) pushes.emplace_back(steps, message.shard);
    ForwardingContext::send(to, std::move(message));
  }
  static inline std::uint64_t steps = 0;
  static inline std::vector<std::pair<std::uint64_t, std::uint32_t>> pushes;
};

class Watched final : public Machine {
 public:
  explicit Watched(std::unique_ptr<Machine> machine) : machine_(std::move(machine)) {}
  void on_start(Context& context) override { machine_->on_start(by(context)); }
  void on_lease(const Lease& lease, Context& context) override {
    machine_->on_lease(lease, by(context));
  }
  void on_gradient(const GradientReady& gradient, Context& context) override {
    machine_->on_gradient(gradient, by(context));
  }
  void on_message(const Message& message, Context& context) override {
    machine_->on_message(message, by(context));
  }

 private:
  Context& by(Context& context) {
    watching_.between(context);
    return watching_;
  }
  std::unique_ptr<Machine> machine_;
  Watching watching_;
};

}  // namespace

TEST_CASE("each fragment is sent at a step of its own, every H steps") {
  SimulationOptions world = streaming(2, 1, 0.5);
  world.job.cluster.workers = 1;
  world.job.job.samples = 2 * kSteps + 2;  // the last window is short, and sent as it is
  AlgorithmOptions named;
  named.name = "streaming-diloco";
  Algorithm watched = find_algorithm(named);
  watched.make_worker = [](const AlgorithmOptions& options) -> std::unique_ptr<Machine> {
    return std::make_unique<Watched>(find_algorithm(options).make_worker(options));
  };
  world.algorithm = &watched;
  Watching::steps = 0;
  Watching::pushes.clear();
  CHECK(report_of(world).ledger.applied == 3);
  // Shards 0 and 2 are the first fragment, shard 1 is the second.
  const decltype(Watching::pushes) expected = {{3, 0},  {3, 2},  {6, 1},  {9, 0}, {9, 2},
                                               {12, 1}, {14, 0}, {14, 1}, {14, 2}};
  CHECK(Watching::pushes == expected);
}

TEST_CASE("a merge keeps alpha of the local value") {
  constexpr double kAlpha = 0.25;
  SimulationOptions world = streaming(1, 1, kAlpha);
  world.job.cluster.workers = 1;
  world.job.model.noise = 0;
  world.job.algorithm.outer = "sgd";
  world.job.algorithm.overlap = kSteps;
  const auto run = [&](const char* name, double rate, std::uint64_t rounds) {
    world.job.algorithm.name = name;
    world.job.algorithm.outer_lr = rate;
    world.job.job.samples = kSteps * rounds;
    return simulate(world).parameters;
  };
  // F: what a window does to x, affine without noise. After the first, x = alpha F(x0) + (1 - alpha) x0, as the
  // reference is still x0; so the second gives r2 = r1 + 2 (F(x) - x0), with r1 = x0 + 2 (F(x0) - x0).
  const std::vector<float> first = run("diloco", 1, 1);    // F(x0)
  const std::vector<float> second = run("diloco", 1, 2);   // F(F(x0))
  const std::vector<float> doubled = run("diloco", 2, 1);  // r1, so x0 = 2 F(x0) - r1
  const std::vector<float> mixed = run("streaming-diloco", 2, 2);
  for (std::size_t i = 0; i < first.size(); ++i) {
    const auto f = static_cast<double>(first[i]);
    const auto r = static_cast<double>(doubled[i]);
    const double moved = kAlpha * static_cast<double>(second[i]) + (1 - kAlpha) * f;
    CHECK(static_cast<double>(mixed[i]) == Approx(r + 2 * (moved - (2 * f - r))).margin(1e-4));
  }
}

TEST_CASE("streaming in one fragment without overlap and mixing is diloco, bit for bit") {
  const std::string diloco = hash_of(outer_world("diloco"));
  CHECK(hash_of(streaming(1, 0, 0)) == diloco);
  CHECK(hash_of(streaming(3, 0, 0)) != diloco);
  CHECK(hash_of(streaming(1, 1, 0)) != diloco);
  CHECK(hash_of(streaming(1, 1, 0.5)) != diloco);
}

TEST_CASE("streaming with the overlap of a whole window is delayed diloco, bit for bit") {
  const std::string delayed = hash_of(outer_world("delayed-diloco"));
  CHECK(hash_of(streaming(1, kSteps, 0)) == delayed);
  CHECK(hash_of(streaming(1, kSteps - 1, 0)) != delayed);
}

TEST_CASE("speeds and delays change nothing, with any fragments, overlap and mixing") {
  for (const std::uint64_t overlap : {std::uint64_t{0}, std::uint64_t{2}, kSteps}) {
    SimulationOptions world = streaming(3, overlap, 0.5);
    const std::string hash = hash_of(world);
    INFO(overlap);
    world.scenario.network.latency_ms = 400;
    CHECK(hash_of(world) == hash);
    world.scenario.compute.slow = {{.worker = 1, .factor = 7}};
    CHECK(hash_of(world) == hash);
  }
}

TEST_CASE("a delayed outer step is one round late, never more, and the first window counts twice") {
  // On a quadratic without noise every worker does the same, and D = (1 - (1 - lr a)^H) (x - x*) element by element.
  SimulationOptions world = outer_world("delayed-diloco");
  world.job.model.noise = 0;
  const Report report = report_of(world);
  CHECK(report.staleness.max == 1);
  CHECK(report.staleness.mean == Approx((kRounds - 1.0) / kRounds));
  CHECK(report_of(streaming(1, 0, 0)).staleness.max == 0);
  // The outer loop in the eigenbasis is that of one number: it is the same on each worker, so one worker does.
  SimulationOptions alone = world;
  alone.job.cluster.workers = 1;
  alone.job.job.samples = kSteps * kRounds;
  CHECK(distance(world, alone) < 1e-5);
}

TEST_CASE("late means: the parameters of the round before the last, and hidden communication") {
  // Outer sgd: x(k+1) = x(k) - lr D(x(k-1)), D the same for all: known from two diloco runs of one round.
  SimulationOptions diloco = outer_world("diloco");
  diloco.job.model.noise = 0;
  diloco.job.algorithm.outer = "sgd";
  SimulationOptions delayed = diloco;
  delayed.job.algorithm.name = "delayed-diloco";
  const auto after = [](SimulationOptions world, std::uint64_t rounds) {
    world.job.job.samples = kWorkers * kSteps * rounds;
    return simulate(world).parameters;
  };
  const std::vector<float> one = after(diloco, 1);     // x0 - lr D(x0)
  const std::vector<float> two = after(delayed, 2);    // x0 - 2 lr D(x0)
  const std::vector<float> three = after(delayed, 3);  // x(2) - lr D(x(1))
  const std::vector<float> next = after(diloco, 2);    // x(1) - lr D(x(1))
  SimulationOptions doubled = diloco;
  doubled.job.algorithm.outer_lr *= 2;
  const std::vector<float> twice = after(doubled, 1);  // x0 - 2 lr D(x0)
  CHECK(after(delayed, 1) == one);
  for (std::size_t i = 0; i < one.size(); ++i) {
    const auto gain = static_cast<double>(next[i] - one[i]);
    CHECK(static_cast<double>(two[i]) == Approx(static_cast<double>(twice[i])).margin(1e-5));
    CHECK(static_cast<double>(three[i] - two[i]) == Approx(gain).margin(1e-5));
  }
  SimulationOptions slow = outer_world("diloco");
  slow.scenario.compute.distribution = "constant";
  slow.scenario.network.latency_ms = 100;
  slow.job.algorithm.overlap = 2;  // 200 ms, as long as an exchange
  CHECK(report_of(slow).wait_fraction == Approx(0.25).epsilon(0.05));
  for (const char* name : {"delayed-diloco", "eager-diloco", "streaming-diloco"}) {
    slow.job.algorithm.name = name;
    INFO(name);
    CHECK(report_of(slow).wait_fraction < 0.04);  // for the first parameters
  }
}

TEST_CASE("an eager worker on its own is diloco, as nobody else is late") {
  for (const char* outer : {"sgd", "nesterov"}) {
    SimulationOptions eager = outer_world("eager-diloco");
    eager.job.cluster.workers = 1;
    eager.job.algorithm.outer = outer;
    SimulationOptions diloco = eager;
    diloco.job.algorithm.name = "diloco";
    INFO(outer);
    CHECK(distance(eager, diloco) < 1e-5);
  }
}

TEST_CASE(
    "eager workers who agree see diloco's newest round to 1 / n, the one before to the rest") {
  // x(k+1) = x(k) - lr (D(k) / n + (1 - 1/n) D(k-1)) at the workers; the model has all of D(k). With outer sgd, after
  // two rounds: x0 - lr D(x0) - lr D(x0 - lr D(x0) / n).
  SimulationOptions eager = outer_world("eager-diloco");
  eager.job.model.noise = 0;
  eager.job.algorithm.outer = "sgd";
  eager.job.job.samples = kWorkers * kSteps * 2;
  const std::vector<float> two = simulate(eager).parameters;
  SimulationOptions diloco = eager;
  diloco.job.algorithm.name = "diloco";
  const double lr = diloco.job.algorithm.outer_lr;
  const auto run = [&](double rate, std::uint64_t rounds) {
    diloco.job.algorithm.outer_lr = rate;
    diloco.job.job.samples = kWorkers * kSteps * rounds;
    return simulate(diloco).parameters;
  };
  const std::vector<float> first = run(lr, 1);         // x0 - lr D(x0)
  const std::vector<float> a = run(lr / kWorkers, 1);  // y = x0 - lr D(x0) / n
  const std::vector<float> b = run(lr / kWorkers, 2);  // y - lr D(y) / n
  for (std::size_t i = 0; i < two.size(); ++i) {
    const auto step = static_cast<double>(b[i] - a[i]) * kWorkers;
    CHECK(static_cast<double>(two[i]) == Approx(static_cast<double>(first[i]) + step).margin(1e-5));
  }
}

TEST_CASE("diloco's outer rate and momentum are unstable one round late, the defaults are not") {
  // z^3 - (1 + mu) z^2 + (mu + (1 + mu) k) z - k mu, k = outer_lr (1 - (1 - lr a)^H): beyond k = 0.25 with mu = 0.9.
  SimulationOptions world = outer_world("delayed-diloco");
  world.job.job.samples = kWorkers * 40 * 300;
  world.job.algorithm.local_steps = 40;
  world.job.model.noise = 0;
  world.job.algorithm.outer_lr = 0.7;
  world.job.algorithm.outer_momentum = 0.9;
  CHECK(report_of(world).final.eval_loss > 1e3);
  world.job.algorithm.outer_lr = 0;
  world.job.algorithm.outer_momentum = -1;
  CHECK(report_of(world).final.eval_loss < 1e-4);
  world.job.algorithm.name = "eager-diloco";
  CHECK(report_of(world).final.eval_loss < 1e-4);
  world.job.algorithm.name = "streaming-diloco";
  CHECK(report_of(world).final.eval_loss < 1e-4);
}

TEST_CASE("fragments are made of shards, and merged before they are sent again") {
  CHECK_THROWS_AS(report_of(streaming(4, 1, 0.5)), InputError);
  CHECK_THROWS_AS(report_of(streaming(3, kSteps + 1, 0.5)), InputError);
}

TEST_CASE("what a lost worker had not sent is left out, and nobody waits for it") {
  for (const char* name : {"delayed-diloco", "eager-diloco", "streaming-diloco"}) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
      SimulationOptions world = outer_world(name);
      world.job.job.seed = seed;
      world.job.job.samples = 3000;
      world.job.cluster.workers = 3 + seed % 4;
      world.job.algorithm.overlap = seed % 3 == 0 ? kSteps : 0;
      world.scenario.network.latency_ms = 5 + 20.0 * static_cast<double>(seed % 5);
      world.scenario.churn = {{.event = "kill", .for_s = 3, .rate_per_hour = 600},
                              {.event = "freeze", .for_s = 4, .rate_per_hour = 300},
                              {.event = "leave",
                               .at_s = 2.0 + 0.37 * static_cast<double>(seed),
                               .worker = 0,
                               .for_s = 3},
                              {.event = "join", .at_s = 4, .worker = 9}};
      INFO(name << ", seed " << seed);
      const Report report = report_of(world);
      CHECK(report.ledger.dropped > 0);
      CHECK(report.ledger.applied + report.ledger.dropped == report.ledger.issued);
      CHECK(report.ledger.samples_skipped == 0);
      CHECK(report.final.eval_loss < 0.5);
    }
  }
}

TEST_CASE("a code of four bits between streaming workers and aggregators costs little") {
  SimulationOptions world = streaming(3, 1, 0.5);
  world.job.job.samples *= 4;
  const Report plain = report_of(world);
  world.job.compression.name = "fp4";
  const Report coded = report_of(world);
  CHECK(coded.parameters_hash != plain.parameters_hash);
  CHECK(coded.final.eval_loss < plain.final.eval_loss + 0.02);
}
