// What theory predicts of staleness, speed, stability and waiting, measured in virtual time.
#include <array>
#include <cmath>
#include <numbers>

#include "tests/catch.hpp"
#include "tests/simulation/small_world.hpp"

using namespace murm;
using namespace murm::test;

namespace {

/// Gradients per second, in units of one worker of normal speed.
double speed_of(const std::string& algorithm, double slowdown, std::uint64_t workers) {
  SimulationOptions world = phantom_world(algorithm, workers, 0);
  world.scenario.compute.slow = {{.worker = 0, .factor = slowdown}};
  world.until = seconds_of(2000 * kStepSeconds);
  const Report report = report_of(world);
  CHECK(report.status == "time is up");
  CHECK(report.simulation->virtual_seconds == Approx(2000 * kStepSeconds));
  return report.simulation->gradients_per_virtual_second * kStepSeconds;
}

constexpr std::uint64_t stability_steps(std::uint64_t delay) { return 1500 * (delay + 1); }

/// Gradient descent on x^2 / 2, in which every gradient is `delay` updates old when it is applied.
SimulationOptions delayed_descent(std::uint64_t delay, double lr) {
  SimulationOptions world = quadratic_world("asp", delay + 1, stability_steps(delay));
  world.job.model.dim = 1;
  world.job.model.condition = 1;
  world.job.training.lr = lr;
  world.job.evaluation.every = world.job.job.samples;
  return world;
}

bool descends(std::uint64_t delay, double lr) {
  try {
    const auto curve = simulate(delayed_descent(delay, lr)).curve;
    // Each point is a mean over more than a swing; the first ones still forget how the run began.
    const double early = curve.at(curve.size() / 4).train_loss;
    const double late = curve.at(curve.size() - 2).train_loss;
    constexpr double kNothing = 1e-60;  // where single precision loses x, it no longer falls
    return late < kNothing || late < early;
  } catch (const RunError& error) {
    CHECK(std::string(error.what()).find("loss is not finite") != std::string::npos);
    return false;
  }
}

double largest_stable_rate(std::uint64_t delay) {
  double stable = 0.01;
  double unstable = 4;
  CHECK(descends(delay, stable));
  CHECK_FALSE(descends(delay, unstable));
  while (unstable / stable > 1.002) {
    const double middle = std::sqrt(stable * unstable);
    (descends(delay, middle) ? stable : unstable) = middle;
  }
  return std::sqrt(stable * unstable);
}

double harmonic(std::uint64_t n) {
  double sum = 0;
  for (std::uint64_t k = n; k > 0; --k) sum += 1.0 / static_cast<double>(k);
  return sum;
}

/// Virtual seconds that one more synchronous step takes, all of them alike.
double step_seconds(SimulationOptions world) {
  const std::uint64_t workers = world.job.cluster.workers;
  const auto until_step = [&](std::uint64_t steps) {
    world.job.job.samples = steps * workers;
    return report_of(world).simulation->virtual_seconds;
  };
  const double step = until_step(7) - until_step(6);
  CHECK(until_step(8) - until_step(7) == Approx(step).epsilon(1e-9));
  return step;
}

}  // namespace

TEST_CASE("asp is stale by n - 1 in the mean, with equal workers and with one ten times slower") {
  SimulationOptions world = phantom_world("asp", 16, 30000);
  const double factor = GENERATE(1.0, 10.0);
  world.scenario.compute.slow = {{.worker = 3, .factor = factor}};
  const Report report = report_of(world);
  CHECK(report.staleness.mean == Approx(15).epsilon(0.005));
  CHECK(report.staleness.max == (factor == 1 ? 15U : 150U));
}

TEST_CASE("bsp goes at the pace of the slowest, asp at the sum of all paces") {
  const std::array slowdowns{1.0, 2.0, 10.0, 100.0};
  const std::array together{16.0, 8.0, 1.6, 0.16};
  const std::array apart{16.0, 15.5, 15.1, 15.01};
  for (std::size_t i = 0; i < slowdowns.size(); ++i) {
    INFO("one of 16 workers " << slowdowns[i] << " times slower");
    CHECK(speed_of("bsp", slowdowns[i], 16) == Approx(together[i]).epsilon(0.01));
    CHECK(speed_of("asp", slowdowns[i], 16) == Approx(apart[i]).epsilon(0.01));
  }
}

TEST_CASE("the largest stable rate of delayed descent is 2 sin(pi / (2 (2 d + 1)))") {
  for (const std::uint64_t delay : {0U, 1U, 2U, 5U, 15U}) {
    INFO("delay " << delay);
    const Report report = report_of(delayed_descent(delay, 0.01));
    std::vector<std::uint64_t> histogram(delay, 1);  // the first ones meet fewer updates
    histogram.push_back(stability_steps(delay) - delay);
    CHECK(report.staleness.histogram == histogram);
    const double limit = 2 * std::sin(std::numbers::pi / static_cast<double>(2 * (2 * delay + 1)));
    CHECK(largest_stable_rate(delay) == Approx(limit).epsilon(0.01));
  }
}

TEST_CASE("ssp without staleness is bsp to the bit, and with boundless staleness asp") {
  SimulationOptions world = quadratic_world("bsp", 8, 400);
  world.job.model.noise = 0.1;
  world.job.training.optimizer = "momentum";
  world.job.training.lr = 0.01;
  const auto hash = [&](const char* algorithm, std::uint64_t staleness) {
    world.job.algorithm.name = algorithm;
    world.job.algorithm.staleness = staleness;
    return report_of(world).parameters_hash;
  };
  SECTION("steps of random length") {
    world.scenario.compute.distribution = "exponential";
    CHECK(hash("ssp", 0) == hash("bsp", 0));
    CHECK(hash("ssp", 0) != hash("ssp", 1));
  }
  SECTION("equal steps, noisy samples") {
    CHECK(hash("ssp", 1'000'000) == hash("asp", 0));
    CHECK(hash("ssp", 0) != hash("asp", 0));
  }
  SECTION("steps of random length, samples that are all alike, a given time") {
    world.job.model.noise = 0;
    world.job.job.samples = 0;
    world.until = seconds_of(20);
    world.scenario.compute.distribution = "exponential";
    CHECK(hash("ssp", 1'000'000) == hash("asp", 0));
    CHECK(hash("ssp", 2) != hash("asp", 0));
  }
}

TEST_CASE("workers of ssp wait the less the staler they may be") {
  double before = 1;
  for (const std::uint64_t staleness : {0U, 1U, 2U, 4U, 8U, 16U}) {
    SimulationOptions world = phantom_world("ssp", 8, 8 * 2000);
    world.job.algorithm.staleness = staleness;
    world.scenario.compute.distribution = "exponential";
    const Report report = report_of(world);
    INFO("staleness " << staleness);
    CHECK(report.wait_fraction < before);
    CHECK(report.wait_fraction > 0);
    before = report.wait_fraction;
  }
  CHECK(before < 0.15);
}

TEST_CASE("a bsp step of n exponential times lasts H_n of their means") {
  for (const std::uint64_t workers : {2U, 8U, 32U}) {
    SimulationOptions world = phantom_world("bsp", workers, workers * 10000);
    world.scenario.compute.distribution = "exponential";
    const Report report = report_of(world);
    CHECK(report.seconds / 10000 == Approx(kStepSeconds * harmonic(workers)).epsilon(0.02));
    // Working one of H_n parts of its time, a worker waits for the rest.
    CHECK(report.wait_fraction == Approx(1 - 1 / harmonic(workers)).epsilon(0.02));
  }
}

TEST_CASE("a bsp step lasts its computing, two latencies and the transfers, to the nanosecond") {
  SimulationOptions world = phantom_world("bsp", 4, 0);
  CHECK(step_seconds(world) == Approx(0.1).epsilon(1e-9));
  world.scenario.network.latency_ms = 7;
  CHECK(step_seconds(world) == Approx(0.114).epsilon(1e-9));

  world.scenario.network.bandwidth_gbit = 1;  // 8 ns a byte
  const double transfer = (128 + 4 * 7850) * 8e-9;
  world.job.cluster.workers = 1;
  CHECK(step_seconds(world) == Approx(0.114 + 2 * transfer).epsilon(1e-9));
  // The server's card sends four answers one after the other; so the pushes come one by one as well.
  world.job.cluster.workers = 4;
  CHECK(step_seconds(world) == Approx(0.114 + 5 * transfer).epsilon(1e-9));
}

TEST_CASE("the first bsp step waits for a lease and for parameters, one round trip each") {
  SimulationOptions world = phantom_world("bsp", 3, 3);
  world.scenario.network.latency_ms = 10;
  const Report report = report_of(world);
  CHECK(report.simulation->virtual_seconds == Approx(0.1 + 5 * 0.01).epsilon(1e-9));
  CHECK(report.simulation->gradients == 3);
}

TEST_CASE("an aggregator that is busy applying bounds the rate of asp") {
  SimulationOptions world = phantom_world("asp", 16, 5000);
  world.scenario.compute.apply_ms = 20;  // 16 workers make 160 gradients a second, it applies 50
  const Report busy = report_of(world);
  CHECK(busy.simulation->gradients_per_virtual_second == Approx(50).epsilon(0.01));
  CHECK(busy.staleness.mean == Approx(15).epsilon(0.01));
  world.job.cluster.aggregators = 4;  // each has a quarter of the work
  const Report shared = report_of(world);
  CHECK(shared.simulation->gradients_per_virtual_second > 125);
}

TEST_CASE("leases that are in hand when the time is up are neither lost nor skipped") {
  SimulationOptions world = phantom_world("asp", 4, 0);
  world.job.algorithm.name = GENERATE("asp", "bsp", "ssp");
  world.until = seconds_of(2.05);
  const Report report = report_of(world);
  CHECK(report.simulation->virtual_seconds == Approx(2.05).epsilon(1e-9));
  CHECK(report.samples == 80);
  CHECK(report.ledger.issued == 84);
  CHECK(report.ledger.applied == 80);
  CHECK(report.ledger.lost == 0);
  CHECK(report.ledger.samples_skipped == 0);
}

TEST_CASE("the curve is the mean loss of all gradients, in at most 512 points") {
  const SimulationOptions world = delayed_descent(3,
                                                  0.02);  // 6000 gradients: the curve was thinned
  const SimulationResult result = simulate(world);
  REQUIRE(result.curve.size() > 255);
  REQUIRE(result.curve.size() <= 512);
  double sum = 0;
  double virtual_seconds = 0;
  SampleCount samples = 0;
  for (const CurvePoint& point : result.curve) {
    sum += point.train_loss * static_cast<double>(point.samples - samples);
    CHECK(point.samples > samples);
    CHECK(point.virtual_seconds > virtual_seconds);
    samples = point.samples;
    virtual_seconds = point.virtual_seconds;
  }
  CHECK(samples > 6000 - 16);
  CHECK(sum / static_cast<double>(samples) ==
        Approx(result.report.final.train_loss * 6000 / static_cast<double>(samples)));
}

TEST_CASE("a run that is cut off is evaluated where it stands") {
  SimulationOptions world = quadratic_world("bsp", 2, 0);
  world.job.evaluation.every = 7;
  world.until = seconds_of(1.05);
  const Report report = report_of(world);
  CHECK(report.samples == 20);
  REQUIRE(report.evaluations.size() == 3);
  CHECK(report.evaluations.back().samples == 20);
  CHECK(report.final.eval_loss == report.evaluations.back().loss);
}
