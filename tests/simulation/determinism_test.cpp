// The same seed goes the same way: twice, in two threads, watched or not, with numbers or without.
#include <thread>

#include "runtime/world/scenario_file.hpp"
#include "tests/catch.hpp"
#include "tests/simulation/small_world.hpp"

using namespace murm;
using namespace murm::test;

namespace {

/// Something of everything.
SimulationOptions eventful_world(const std::string& algorithm) {
  SimulationOptions world = quadratic_world(algorithm, 6, 1500);
  world.job.model.noise = 0.1;
  world.job.training.lr = 0.01;
  world.job.cluster.aggregators = 2;
  Scenario& scenario = world.scenario;
  scenario.compute.distribution = "lognormal";
  scenario.compute.apply_ms = 1;
  scenario.network.latency_ms = 3;
  scenario.network.bandwidth_gbit = 0.01;
  scenario.network.loss = 0.02;
  scenario.network.duplication = 0.02;
  scenario.network.reordering = 0.1;
  scenario.churn = {{.event = "crash", .for_s = 3, .rate_per_hour = 600},
                    {.event = "freeze", .for_s = 2.5, .rate_per_hour = 300},
                    {.event = "join", .at_s = 4}};
  scenario.partition = {{.from_s = 8, .to_s = 11, .workers = {2, 3}}};
  return world;
}

struct Way {
  std::string trace;
  std::string parameters;
  friend bool operator==(const Way&, const Way&) = default;
};

Way way_of(const SimulationOptions& world) {  // in any thread: nothing is checked here
  const Report report = report_of(world);
  return {report.simulation->trace_hash, report.parameters_hash};
}

}  // namespace

TEST_CASE("a world goes the same way twice, in two threads at once, and when it is watched") {
  SimulationOptions world = eventful_world(GENERATE("bsp", "asp", "ssp"));
  const Way once = way_of(world);
  CHECK(once.trace.size() == 16);
  CHECK(once.parameters.size() == 32);
  CHECK(way_of(world) == once);

  Way left;
  Way right;
  {
    const std::jthread one([&] { left = way_of(world); });
    const std::jthread other([&] { right = way_of(world); });
  }
  CHECK(left == once);
  CHECK(right == once);

  int seen = 0;
  world.progress = [&](const CurvePoint& point) {
    CHECK(point.virtual_seconds > 0);
    ++seen;
    return true;
  };
  CHECK(way_of(world) == once);
  CHECK(seen > 0);
}

TEST_CASE("another seed goes another way") {
  SimulationOptions world = eventful_world("asp");
  const Way one = way_of(world);
  world.job.job.seed = 2;
  const Way other = way_of(world);
  CHECK(one.trace != other.trace);
  CHECK(one.parameters != other.parameters);
}

TEST_CASE("the hash of the trace is of all events and their times") {
  const auto trace_of = [](std::vector<std::chrono::nanoseconds> steps) {
    SimulationOptions world = phantom_world("asp", 1, 3);
    auto timing = std::make_shared<RecordedTiming>();
    timing->compute = {std::move(steps)};
    world.scenario.compute.distribution = "trace";
    world.scenario.recorded = std::move(timing);
    const Report report = report_of(world);
    CHECK(report.simulation->virtual_seconds == Approx(6e-9));
    return report.simulation->trace_hash;
  };
  using std::chrono::nanoseconds;
  const std::string hash = trace_of({nanoseconds(1), nanoseconds(2), nanoseconds(3)});
  CHECK(hash == trace_of({nanoseconds(1), nanoseconds(2), nanoseconds(3)}));
  CHECK(hash != trace_of({nanoseconds(2), nanoseconds(1), nanoseconds(3)}));
}

TEST_CASE("without numbers a world goes the same way as with them") {
  SimulationOptions world = eventful_world(GENERATE("bsp", "asp", "ssp"));
  const Report numeric = report_of(world);
  world.phantom = true;
  const SimulationResult phantom = simulate(world);
  CHECK(numeric.status == "finished");
  CHECK(phantom.report.simulation->trace_hash == numeric.simulation->trace_hash);
  CHECK(phantom.report.simulation->events == numeric.simulation->events);
  CHECK(phantom.report.bytes.sent == numeric.bytes.sent);
  CHECK(phantom.parameters.empty());
  CHECK(phantom.report.parameters_hash.empty());
}

TEST_CASE("a run can be stopped by who watches it") {
  SimulationOptions world = phantom_world("asp", 4, 1'000'000'000);
  int left = 3;
  world.progress = [&](const CurvePoint& /*point*/) { return --left > 0; };
  const Report report = report_of(world);
  CHECK(report.interrupted);
  CHECK(report.status == "interrupted");
  CHECK(left == 0);
}

TEST_CASE("every shipped scenario is lived through, whatever the algorithm") {
  for (const std::string name :
       {"uniform", "one-slow", "heterogeneous", "two-regions", "lossy", "churn", "partition"}) {
    for (const char* algorithm : {"bsp", "asp", "ssp"}) {
      INFO(name << ", " << algorithm);
      SimulationOptions world = phantom_world(algorithm, 8, 8 * 600);  // about a minute
      world.scenario = load_scenario("examples/scenarios/" + name + ".toml").scenario;
      const Report report = report_of(world);
      CHECK(report.status == "finished");
      CHECK(report.samples == 8 * 600);
      CHECK(report.ledger.lost == 0);
      CHECK(report.simulation->virtual_seconds > 45);
      const bool deadly = name == "churn" || name == "partition";
      CHECK((report.per_worker.size() > 8) == deadly);
      if (deadly) CHECK(report.ledger.reissued > 0);
      if (name == "lossy") CHECK(report.refused.at("arrived twice") > 0);
    }
  }
}
