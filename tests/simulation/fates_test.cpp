// Workers that come, go, die, stand still and are cut off: when it is noticed, and what becomes of their work.
#include <algorithm>
#include <cmath>

#include "actors/virtual/laws.hpp"
#include "tests/catch.hpp"
#include "tests/simulation/small_world.hpp"
#include "tests/simulation/tampered.hpp"

using namespace murm;
using namespace murm::test;

namespace {

bool somebody_left(const MembershipChange& change) { return !change.left.empty(); }
/// The upper half of a worker's ordinal counts the earlier lives in its slot.
bool somebody_came_back(const MembershipChange& change) {
  return !change.joined.empty() && change.joined.front().ordinal() >> 32U > 0;
}

/// An aggregator that ends the run at the sight of a change, so that the simulator says when it was.
template <bool (*sight)(const MembershipChange&)>
class Witness final : public Machine {
 public:
  explicit Witness(std::unique_ptr<Machine> machine) : machine_(std::move(machine)) {}
  void on_start(Context& context) override { machine_->on_start(context); }
  void on_message(const Message& message, Context& context) override {
    machine_->on_message(message, context);
  }
  void on_membership(const MembershipChange& change, Context& context) override {
    if (sight(change)) throw LawBroken("seen");
    machine_->on_membership(change, context);
  }

 private:
  std::unique_ptr<Machine> machine_;
};

/// Virtual seconds at which the aggregator first sees it.
template <bool (*sight)(const MembershipChange&)>
double time_of(SimulationOptions world) {
  Algorithm algorithm = registered(world.job.algorithm.name);
  algorithm.make_aggregator = [](const AlgorithmOptions& options,
                                 std::uint32_t shard) -> std::unique_ptr<Machine> {
    return std::make_unique<Witness<sight>>(
        registered(options.name).make_aggregator(options, shard));
  };
  world.algorithm = &algorithm;
  try {
    simulate(world);
  } catch (const LawBroken& law) {
    const std::string text = law.what();
    const std::string before = "a law is broken: seen; seed 1, ";
    REQUIRE(text.starts_with(before));
    return std::stod(text.substr(before.size()));
  }
  FAIL("nobody saw it");
  return 0;
}

ChurnEvent happens(const std::string& event, std::uint64_t worker, double at, double lasts) {
  ChurnEvent churn;
  churn.event = event;
  churn.worker = worker;
  churn.at_s = at;
  churn.for_s = lasts;
  return churn;
}

std::uint64_t steps_of(const Report& report, std::uint64_t slot, std::size_t life) {
  for (const auto& worker : report.per_worker) {
    if (worker.id == slot && life-- == 0) return worker.steps;
  }
  FAIL("worker " << slot << " had no such life");
  return 0;
}

void require_whole(const Report& report, std::uint64_t gradients) {
  CHECK(report.status == "finished");
  CHECK(report.samples == gradients);
  CHECK(report.ledger.issued == gradients);
  CHECK(report.ledger.applied == gradients);
  CHECK(report.ledger.lost == 0);
  CHECK(report.ledger.samples_skipped == 0);
}

}  // namespace

TEST_CASE("a crashed worker is lost four to five heartbeats after its last one") {
  for (const double heartbeat : {0.1, 0.5}) {
    for (int i = 0; i < 25; ++i) {
      SimulationOptions world = phantom_world("asp", 3, 100);
      world.scenario.compute.mean_ms = 1e6;  // nobody says anything but heartbeats
      world.scenario.detection.heartbeat_ms = heartbeat * 1e3;
      const double crash = 1 + 0.0377 * i;
      world.scenario.churn = {happens("crash", 1, crash, forever)};
      const double heard = std::floor(crash / heartbeat) * heartbeat;
      const double lost = time_of<somebody_left>(world);
      INFO("crash at " << crash << ", lost at " << lost);
      CHECK(lost > heard + 4 * heartbeat - 1e-6);
      CHECK(lost < heard + 5 * heartbeat + 1e-6);
    }
  }
}

TEST_CASE("a crashed worker that was at work is lost four to six heartbeats after its last word") {
  for (int i = 0; i < 25; ++i) {
    SimulationOptions world = phantom_world("bsp", 3, 1000);
    world.scenario.compute.mean_ms = 50;
    world.scenario.network.latency_ms = 20;
    world.scenario.detection.heartbeat_ms = 300;
    const double crash = 1 + 0.0377 * i;
    world.scenario.churn = {happens("crash", 1, crash, forever)};
    const double lost = time_of<somebody_left>(world);
    INFO("crash at " << crash << ", lost at " << lost);
    CHECK(lost > crash - 0.09 + 4 * 0.3);  // its last push was sent in the 90 ms before
    CHECK(lost <= crash + 0.02 + 6 * 0.3);
  }
}

TEST_CASE("a message is a word, too: who was heard between two heartbeats is lost later") {
  SimulationOptions world = phantom_world("asp", 1, 1000);
  world.scenario.compute.mean_ms = 1e6;
  world.scenario.compute.slow = {{.worker = 1, .factor = 1e-3}};  // steps of 1 s
  // Joined at 1.2, its heartbeats are heard at 1.7, 2.2, 2.7; its pushes at 2.2 and 3.2.
  const auto crash = [](double at) {
    return std::vector<ChurnEvent>{happens("join", 1, 1.2, forever),
                                   happens("crash", 1, at, forever)};
  };
  world.scenario.churn = crash(3.1);
  CHECK(time_of<somebody_left>(world) == Approx(5.0).epsilon(1e-9));  // 2.7, four more: 4.7
  world.scenario.compute.slow.front().factor = 0.9e-3;                // pushes at 2.1 and 3.0
  CHECK(time_of<somebody_left>(world) == Approx(5.5).epsilon(1e-9));  // 3.0, four more: 5.0
}

TEST_CASE("who is killed or says goodbye is missed after one latency") {
  const std::string event = GENERATE("kill", "leave");
  SimulationOptions world = phantom_world("asp", 3, 1000);
  world.scenario.churn = {happens(event, 2, 1.25, forever)};
  CHECK(time_of<somebody_left>(world) == Approx(1.25).epsilon(1e-9));
  world.scenario.network.latency_ms = 40;
  CHECK(time_of<somebody_left>(world) == Approx(1.29).epsilon(1e-9));
}

TEST_CASE("a freeze shorter than four heartbeats costs its time and nothing else") {
  SimulationOptions world = phantom_world("bsp", 2, 40);
  world.scenario.churn = {happens("freeze", 0, 0.55, 1.5)};
  Report report = report_of(world);
  CHECK(report.simulation->virtual_seconds == Approx(2.0 + 1.5).epsilon(1e-9));
  CHECK(report.per_worker.size() == 2);
  CHECK(report.ledger.reissued == 0);
  require_whole(report, 40);

  // Not even when nothing but heartbeats is heard of it for long.
  world.scenario.compute.mean_ms = 1e4;
  world.job.job.samples = 8;
  CHECK(report_of(world).ledger.reissued == 0);
  world.scenario.compute.mean_ms = 100;
  world.job.job.samples = 40;

  // One that waits for parameters when it freezes, and takes them when it goes on.
  world.scenario.compute.slow = {{.worker = 1, .factor = 2}};
  world.scenario.churn = {happens("freeze", 0, 0.15, 0.04)};
  CHECK(report_of(world).simulation->virtual_seconds == Approx(4.0).epsilon(1e-9));
  world.scenario.churn = {happens("freeze", 0, 0.15, 0.25)};  // until 0.4, instead of 0.2
  report = report_of(world);
  CHECK(report.simulation->virtual_seconds == Approx(4.1).epsilon(1e-9));
  CHECK(report.per_worker.size() == 2);
}

TEST_CASE("each freeze in a step makes it longer by what it took of it") {
  SimulationOptions world = phantom_world("asp", 1, 3);
  world.scenario.compute.mean_ms = 1000;
  world.scenario.churn = {happens("freeze", 0, 0.2, 0.3), happens("freeze", 0, 0.8, 0.3),
                          happens("freeze", 0, 2.5, 0.75)};
  CHECK(report_of(world).simulation->virtual_seconds == Approx(3 + 1.35).epsilon(1e-9));
}

TEST_CASE("one that stands still can die, but not leave") {
  SimulationOptions world = phantom_world("asp", 2, 100);
  world.scenario.churn = {happens("freeze", 1, 1.05, 1), happens("leave", 1, 1.5, forever)};
  CHECK(report_of(world).ledger.reissued == 0);
  world.scenario.churn[1].event = "kill";
  CHECK(time_of<somebody_left>(world) == Approx(1.5).epsilon(1e-9));
  world.scenario.churn[1].event = "crash";
  CHECK(time_of<somebody_left>(world) ==
        Approx(3.5).epsilon(1e-9));  // heard at 1.0: the look after 3.0
  CHECK(report_of(world).per_worker.size() == 2);
  world.scenario.churn[0].for_s = 3;  // the dead do not go on when the time is over
  const Report report = report_of(world);
  CHECK(report.simulation->virtual_seconds > 5);
  CHECK(report.per_worker.size() == 2);
  require_whole(report, 100);
}

TEST_CASE("a worker that stands still for long is lost, and comes back as a new one in its slot") {
  SimulationOptions world = phantom_world("asp", 3, 300);
  world.scenario.network.latency_ms = 10;
  world.scenario.churn = {happens("freeze", 1, 1.05, 3)};
  const double lost = time_of<somebody_left>(world);
  CHECK(lost > 1 + 4 * 0.5);
  CHECK(lost < 1.05 + 5 * 0.5 + 0.02);
  CHECK(time_of<somebody_came_back>(world) == Approx(4.05 + 3 * 0.01).epsilon(1e-9));
  const Report report = report_of(world);
  REQUIRE(report.per_worker.size() == 4);
  CHECK(report.per_worker.back().id == 1);
  CHECK(steps_of(report, 1, 0) < 12);
  CHECK(steps_of(report, 1, 1) > 40);
  CHECK(report.ledger.reissued == 1);
  require_whole(report, 300);
}

TEST_CASE("a partition longer than detection loses its workers until it heals") {
  SimulationOptions world = phantom_world("asp", 4, 600);
  world.scenario.network.latency_ms = 10;
  world.scenario.partition = {{.from_s = 2.1, .to_s = 7.3, .workers = {1, 2}}};
  const double lost = time_of<somebody_left>(world);
  CHECK(lost > 2 + 4 * 0.5);
  CHECK(lost < 2.1 + 5 * 0.5 + 0.02);
  CHECK(time_of<somebody_came_back>(world) == Approx(7.3 + 3 * 0.01).epsilon(1e-9));
  const Report report = report_of(world);
  REQUIRE(report.per_worker.size() == 6);
  for (const std::uint64_t slot : {1U, 2U}) CHECK(steps_of(report, slot, 1) > 40);
  CHECK(report.ledger.reissued == 2);
  require_whole(report, 600);
}

TEST_CASE("a partition shorter than detection loses nobody") {
  SimulationOptions world = phantom_world("bsp", 4, 400);
  world.scenario.network.latency_ms = 10;
  world.scenario.partition = {{.from_s = 2.1, .to_s = 3.1, .workers = {1, 2}}};
  const Report report = report_of(world);
  CHECK(report.per_worker.size() == 4);
  CHECK(report.ledger.reissued == 0);
  // 100 steps of 120 ms and 20 ms for the first lease; the second try of what was lost comes in time or late.
  CHECK(report.simulation->virtual_seconds > 12 + 0.9);
  CHECK(report.simulation->virtual_seconds < 12 + 2.5);
  require_whole(report, 400);
}

TEST_CASE("a run in which all are lost waits thirty seconds for somebody") {
  const std::string event = GENERATE("kill", "leave");
  SimulationOptions world = phantom_world("asp", 2, 300);
  world.scenario.churn = {happens(event, 0, 1.05, 29.9), happens(event, 1, 1.05, forever)};
  const Report report = report_of(world);
  require_whole(report, 300);
  CHECK(report.per_worker.size() == 3);
  CHECK(report.simulation->virtual_seconds == Approx(1.05 + 29.9 + 28).epsilon(1e-9));

  world.scenario.churn[0].for_s = 30.1;
  CHECK_THROWS_WITH(simulate(world), "no worker came back within 30 s after all were lost");
  world.scenario.churn[0].for_s = forever;
  CHECK_THROWS_AS(simulate(world), RunError);
}

TEST_CASE("the thirty seconds begin anew each time that all are lost") {
  SimulationOptions world = phantom_world("asp", 1, 200);
  world.scenario.churn = {happens("kill", 0, 1.05, 19), happens("kill", 0, 30.95, 20)};
  const Report report = report_of(world);
  CHECK(report.per_worker.size() == 3);
  require_whole(report, 200);
}

TEST_CASE("who comes back goes on where its slot was in the sequence of its times") {
  SimulationOptions world = phantom_world("asp", 1, 2);
  auto timing = std::make_shared<RecordedTiming>();
  timing->compute = {{seconds_of(0.1), seconds_of(0.2), seconds_of(0.4), seconds_of(0.8)}};
  world.scenario.compute.distribution = "trace";
  world.scenario.recorded = std::move(timing);
  world.scenario.churn = {happens("kill", 0, 0.05, 1)};
  CHECK(report_of(world).simulation->virtual_seconds == Approx(1.05 + 0.2 + 0.4).epsilon(1e-9));
}

TEST_CASE("workers that come beyond those of the job take part") {
  SimulationOptions world = phantom_world("asp", 2, 400);
  world.job.algorithm.name = GENERATE("asp", "bsp", "ssp");
  world.scenario.network.latency_ms = 1;
  world.scenario.churn = {happens("join", 2, 1, forever), happens("join", 0, 2, forever)};
  const Report report = report_of(world);
  REQUIRE(report.per_worker.size() == 4);
  CHECK(report.per_worker[2].id == 2);
  CHECK(report.per_worker[3].id == 3);
  CHECK(report.per_worker[3].steps > 60);
  CHECK(report.per_worker[2].steps >= report.per_worker[3].steps);
  CHECK(report.per_worker[0].steps >= report.per_worker[2].steps);
  CHECK(report.simulation->virtual_seconds < 14);  // two alone: 20
  require_whole(report, 400);
}

TEST_CASE("what the dead had in hand is handed out again, and every lease is applied once") {
  SimulationOptions world = phantom_world("asp", 4, 800);
  world.job.algorithm.name = GENERATE("asp", "bsp", "ssp");
  world.job.cluster.aggregators = GENERATE(1, 3);
  world.scenario.network.latency_ms = 5;
  world.scenario.compute.distribution = "exponential";
  world.scenario.churn = {happens("kill", 0, 1, 3), happens("crash", 1, 2, 6),
                          happens("leave", 2, 3, forever), happens("crash", 3, 4, 0.2)};
  const Report report = report_of(world);
  CHECK(report.ledger.reissued >= 4);
  CHECK(report.per_worker.size() == 7);
  for (const auto& worker : report.per_worker) CHECK(worker.id < 4);  // each in its own slot again
  require_whole(report, 800);
}

TEST_CASE("what has left the worker counts if it arrives before the bad news") {
  // A tensor needs a quarter of a second on a card. Worker 0 gets its first parameters one transfer before
  // worker 1 and needs one longer to compute: both push at once, and the server's card takes worker 0 first.
  SimulationOptions world = phantom_world("asp", 2, 40);
  world.scenario.network.latency_ms = 10;
  world.scenario.network.bandwidth_gbit = 0.001;
  const double pull = 128 * 8e-6;
  const double transfer = (128 + 4 * 7850) * 8e-6;
  world.scenario.compute.slow = {{.worker = 0, .factor = 1 + transfer / kStepSeconds, .to_s = 0.5}};
  const double push = 4 * 0.01 + pull + 2 * transfer + kStepSeconds;
  const auto with_kill = [&](std::uint64_t worker, double at) {
    world.scenario.churn = {happens("kill", worker, at, forever)};
    const Report report = report_of(world);
    require_whole(report, 40);
    return report;
  };
  // In the middle of a push: the next lease was asked for when it began.
  Report report = with_kill(0, push + transfer / 2);
  CHECK(report.ledger.reissued == 2);
  CHECK(report.refused.count("of lost workers") == 0);
  // It has left worker 0 and is taken; that of worker 1 waits before the card, and the goodbye overtakes it.
  report = with_kill(0, push + transfer + 0.001);
  CHECK(report.ledger.reissued == 1);
  CHECK(report.refused.count("of lost workers") == 0);
  report = with_kill(1, push + transfer + 0.001);
  CHECK(report.ledger.reissued == 2);
  CHECK(report.refused.at("of lost workers") == 1);
}

TEST_CASE("a gradient that waits for a busy aggregator counts, though its worker has died") {
  SimulationOptions world = phantom_world("asp", 2, 40);
  world.scenario.compute.apply_ms = 50;  // both push at 0.1; the second is applied from 0.15 on
  world.scenario.churn = {happens("kill", 1, 0.12, forever)};
  const Report report = report_of(world);
  CHECK(report.ledger.reissued == 1);  // what it had asked for next
  CHECK(report.refused.at("not of this run's members") == 0);
  require_whole(report, 40);
}
