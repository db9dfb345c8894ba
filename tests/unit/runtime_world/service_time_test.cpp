#include "runtime/world/service_time.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "algorithms/vocabulary.hpp"
#include "runtime/world/world_time.hpp"
#include "tests/catch.hpp"

using namespace murm;
using namespace std::chrono_literals;
using Time = std::chrono::nanoseconds;

namespace {

constexpr int kDraws = 100'000;

Scenario world(const std::string& distribution) {
  Scenario scenario;
  scenario.compute.distribution = distribution;
  if (distribution == "trace") {
    scenario.recorded = std::make_shared<RecordedTiming>(
        RecordedTiming{.compute = {{1ms, 2ms, 3ms}, {}, {7ms}}, .up = {}, .down = {}});
  }
  return scenario;
}

/// In units of the mean that was asked for, ascending.
std::vector<double> sorted_draws(const Scenario& scenario) {
  const ServiceTimes times(scenario, 42);
  std::vector<double> draws;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const Time time = times.step(i % 100, i / 100, Time{0});
    draws.push_back(static_cast<double>(time.count()) / (scenario.compute.mean_ms * 1e6));
  }
  std::sort(draws.begin(), draws.end());
  return draws;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// The share of draws below `quantile(p)` is p within four standard errors.
template <class Quantile>
void check_quantiles(const std::vector<double>& sorted, Quantile quantile) {
  for (const double p : {0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999}) {
    const auto below = std::lower_bound(sorted.begin(), sorted.end(), quantile(p)) - sorted.begin();
    INFO("p = " << p);
    CHECK(std::abs(static_cast<double>(below) / kDraws - p) < 4 * std::sqrt(p * (1 - p) / kDraws));
  }
}

}  // namespace

TEST_CASE("constant steps take the mean") {
  Scenario scenario = world("constant");
  scenario.compute.mean_ms = 0.0015;
  const ServiceTimes times(scenario, 1);
  CHECK(times.step(0, 0, Time{0}) == 1500ns);
  CHECK(times.step(9999, 1'000'000, 10h) == 1500ns);
}

TEST_CASE("exponential steps have the mean and quantiles of their distribution") {
  const auto draws = sorted_draws(world("exponential"));
  CHECK(std::abs(mean(draws) - 1) < 4 / std::sqrt(kDraws));
  check_quantiles(draws, [](double p) { return -std::log(1 - p); });
}

TEST_CASE("lognormal steps have the mean and quantiles of their distribution") {
  Scenario scenario = world("lognormal");
  scenario.compute.sigma = 0.8;
  const auto draws = sorted_draws(scenario);
  CHECK(std::abs(mean(draws) - 1) < 4 * std::sqrt(std::expm1(0.64) / kDraws));
  // Standard normal quantiles from a table, at the nine probabilities.
  check_quantiles(draws, [](double p) {
    static constexpr std::array<std::array<double, 2>, 5> table{
        {{0.001, 3.0902323}, {0.01, 2.3263479}, {0.1, 1.2815516}, {0.25, 0.6744898}, {0.5, 0}}};
    for (const auto& [probability, z] : table) {
      if (std::abs(p - probability) < 1e-9) return std::exp(-0.8 * z - 0.32);
      if (std::abs(p - 1 + probability) < 1e-9) return std::exp(0.8 * z - 0.32);
    }
    return 0.0;
  });
}

TEST_CASE("pareto steps have the mean and quantiles of their distribution") {
  Scenario scenario = world("pareto");
  const double alpha = scenario.compute.alpha = 4;
  const auto draws = sorted_draws(scenario);
  const double variance = 1 / (alpha * (alpha - 2));
  CHECK(std::abs(mean(draws) - 1) < 4 * std::sqrt(variance / kDraws));
  CHECK(draws.front() >= Approx(0.75));
  check_quantiles(draws,
                  [&](double p) { return (alpha - 1) / alpha * std::pow(1 - p, -1 / alpha); });
}

TEST_CASE("steps of a trace are repeated, and a slot without any borrows its neighbour's") {
  const ServiceTimes times(world("trace"), 1);
  CHECK(times.step(0, 0, Time{0}) == 1ms);
  CHECK(times.step(0, 2, Time{0}) == 3ms);
  CHECK(times.step(0, 4, Time{0}) == 2ms);
  CHECK(times.step(1, 5, Time{0}) == 7ms);
  CHECK(times.step(2, 5, Time{0}) == 7ms);
  CHECK(times.step(3, 1, Time{0}) == 2ms);
}

TEST_CASE("a step is a pure function of seed, slot and number") {
  const std::string distribution = GENERATE("constant", "exponential", "lognormal", "pareto");
  const ServiceTimes forwards(world(distribution), 7);
  const ServiceTimes backwards(world(distribution), 7);
  std::vector<Time> first;
  for (std::uint64_t i = 0; i < 1000; ++i) first.push_back(forwards.step(i % 10, i / 10, 1s));
  for (std::uint64_t i = 1000; i-- > 0;) {
    REQUIRE(backwards.step(i % 10, i / 10, 1s) == first[i]);
  }
}

TEST_CASE("seed, slot and number each make a step another one") {
  const Time one = ServiceTimes(world("exponential"), 1).step(0, 0, Time{0});
  CHECK(ServiceTimes(world("exponential"), 2).step(0, 0, Time{0}) != one);
  CHECK(ServiceTimes(world("exponential"), 1).step(1, 0, Time{0}) != one);
  CHECK(ServiceTimes(world("exponential"), 1).step(0, 1, Time{0}) != one);
  CHECK(ServiceTimes(world("exponential"), 1 + (std::uint64_t{1} << 40U)).step(0, 0, Time{0}) !=
        one);
}

TEST_CASE("steps are the same integers on every machine") {
  // Computed apart from this code with 120 bits (mpmath) from the same Philox numbers.
  struct Golden {
    std::uint64_t seed, slot, k;
    std::int64_t exponential, lognormal, pareto;
  };
  const std::array<Golden, 4> golden{{
      {1, 0, 0, 36600366, 113643740, 69459651},
      {1, 0, 1, 49309627, 101573685, 73082071},
      {1, 9999, 3'600'000, 18681947, 142088516, 64655447},
      {0xfeedfacecafebeef, 7, std::uint64_t{1} << 40U, 21339843, 136338622, 65346504},
  }};
  for (const auto& [seed, slot, k, exponential, lognormal, pareto] : golden) {
    CHECK(ServiceTimes(world("exponential"), seed).step(slot, k, Time{0}).count() == exponential);
    CHECK(ServiceTimes(world("lognormal"), seed).step(slot, k, Time{0}).count() == lognormal);
    CHECK(ServiceTimes(world("pareto"), seed).step(slot, k, Time{0}).count() == pareto);
  }
}

TEST_CASE("a slow worker is slow for steps that begin in its interval, others are not") {
  const std::string distribution = GENERATE("constant", "exponential", "trace");
  const ServiceTimes even(world(distribution), 3);
  Scenario scenario = world(distribution);
  scenario.compute.slow = {{.worker = 5, .factor = 4, .from_s = 0, .to_s = forever},
                           {.worker = 2, .factor = 10, .from_s = 1, .to_s = 2},
                           {.worker = 2, .factor = 3, .from_s = 1.5, .to_s = forever}};
  const ServiceTimes times(scenario, 3);
  const auto factor = [&](std::uint64_t slot, Time begins) {
    return static_cast<double>(times.step(slot, 6, begins).count()) /
           static_cast<double>(even.step(slot, 6, begins).count());
  };
  CHECK(factor(5, Time{0}) == Approx(4));
  CHECK(factor(5, 1000h) == Approx(4));
  CHECK(factor(2, 1s - 1ns) == Approx(1));
  CHECK(factor(2, 1s) == Approx(10));
  CHECK(factor(2, 1500ms) == Approx(30));
  CHECK(factor(2, 2s - 1ns) == Approx(30));
  CHECK(factor(2, 2s) == Approx(3));
  for (const std::uint64_t slot : {0, 1, 3, 4, 6, 10'000}) CHECK(factor(slot, 1500ms) == 1);
}

TEST_CASE("the heaviest tail still fits into the clock") {
  Scenario scenario = world("constant");
  scenario.compute.mean_ms = 1e9;
  scenario.compute.slow = {{.worker = 0, .factor = 1e300}};
  CHECK(ServiceTimes(scenario, 1).step(0, 0, Time{0}) == longest_duration);
}

TEST_CASE("a slow worker with an absurd number is refused in a sentence") {
  Scenario scenario = world("constant");
  scenario.compute.slow = {{.worker = std::uint64_t{1} << 60U, .factor = 2}};
  CHECK_THROWS_AS(ServiceTimes(scenario, 1), InputError);
}
