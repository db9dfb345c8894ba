#include "tools/murm/compare_curves.hpp"

#include <cmath>
#include <limits>

#include "tests/catch.hpp"
#include "tests/unit/tools/made_up_runs.hpp"

using namespace murm;
using namespace murm::test;

namespace {

svg::Points line(double from, double to, double height) {
  return {{from, height + from}, {to, height + to}};
}

}  // namespace

TEST_CASE("pooled curves are the median and the extremes at each place") {
  const auto samples = pooled({line(0, 10, 1), line(0, 10, 5), line(0, 10, 2)}, false);
  REQUIRE(samples.size() > 100);
  CHECK(samples.front().x == 0);
  CHECK(samples.back().x == 10);
  for (const auto& sample : samples) {
    CHECK(sample.median == Approx(sample.x + 2));
    CHECK(sample.low == Approx(sample.x + 1));
    CHECK(sample.high == Approx(sample.x + 5));
  }
}

TEST_CASE("a pooled curve ends where half of the runs have ended") {
  const auto three = pooled({line(0, 10, 0), line(1, 20, 0), line(2, 90, 0)}, false);
  CHECK(three.front().x == 2);
  CHECK(three.back().x == 20);
  CHECK(three.back().low == 10);  // the last value of the run that ended first
  CHECK(three.back().median == 20);
  const auto two = pooled({line(0, 10, 0), line(1, 20, 0)}, false);
  CHECK(two.front().x == 1);
  CHECK(two.back().x == 10);
  CHECK(pooled({line(0, 1, 0), line(5, 6, 0)}, false).empty());
}

TEST_CASE("one run keeps its own points, none gives none") {
  const auto one = pooled({line(3, 7, 0)}, false);
  REQUIRE(one.size() == 2);
  CHECK(one[1].x == 7);
  CHECK(one[1].low == one[1].high);
  CHECK(pooled({}, false).empty());
  CHECK(pooled({{}, {}}, true).empty());
}

TEST_CASE("a geometric grid has as many points in each decade and leaves zero out") {
  const auto samples = pooled({{{0, 1}, {1, 1}, {1000, 1}}, {{0, 1}, {1, 1}, {1000, 1}}}, true);
  REQUIRE(samples.size() > 100);
  CHECK(samples.front().x == 1);
  CHECK(samples.back().x == 1000);
  CHECK(samples[samples.size() / 2].x == Approx(31.6).epsilon(0.05));
}

TEST_CASE("losses that are not finite are left out of a run's points") {
  CompareResult run = made_up_run(2, 1000);
  run.simulation.curve[10].train_loss = std::numeric_limits<double>::quiet_NaN();
  const auto points = run_points(run.simulation, CurveAxis::updates, CurveValue::train_loss);
  REQUIRE(points.size() == 199);
  CHECK(points.front().x == 2);
  CHECK(points.back().x == 400);
}

TEST_CASE("evaluations stand where the run's curve was at their samples") {
  const CompareResult run = made_up_run(2, 1000);
  const auto seconds = run_points(run.simulation, CurveAxis::seconds, CurveValue::accuracy);
  REQUIRE(seconds.size() == 10);
  CHECK(seconds[0].x == Approx(1));
  CHECK(seconds[9].x == Approx(10));
  CHECK(seconds[9].y == Approx(0.9));
  const auto bytes = run_points(run.simulation, CurveAxis::bytes, CurveValue::eval_loss);
  CHECK(bytes[4].x == Approx(400000));
}

TEST_CASE("staleness of all seeds is pooled, into bins that suit every algorithm") {
  AlgorithmSummary algorithm;
  algorithm.runs = {made_up_run(1, 1), made_up_run(1, 1), diverged_run()};
  algorithm.runs[1].simulation.report.staleness.histogram = {100};
  const auto shares = staleness_shares(algorithm);
  CHECK(shares == std::vector<double>{0.625, 0.25, 0.125});
  CHECK(staleness_bins({shares}).width == 1);
  CHECK(staleness_bins({shares}).count == 3);

  std::vector<double> wide(1001, 0);
  wide[0] = 0.5;
  wide[799] = 0.498;
  wide[1000] = 0.002;  // too little to set the axis
  const auto bins = staleness_bins({shares, wide});
  CHECK(bins.width == 20);
  CHECK(bins.count == 40);
  const auto result = binned(wide, bins);
  REQUIRE(result.size() == 40);
  CHECK(result.front() == 0.5);
  CHECK(result.back() == Approx(0.5));
  CHECK(staleness_bins({{}}).count == 1);
}
