#include <limits>

#include "tests/unit/actors/coordinator_world.hpp"

using namespace murm;
using namespace murm::coordinator_world;

TEST_CASE("the run begins when every worker has reported that it is ready") {
  World world;
  CHECK(world.join(0, 1).run == 99);
  world.join(1, 2);
  CHECK(world.script.holds.empty());
  CHECK(world.script.memberships.empty());
  world.report(world.peers[0]);
  CHECK(world.script.holds.empty());
  REQUIRE(world.script.memberships.size() == 1);
  CHECK(world.script.memberships[0].change.epoch == 1);
  world.report(world.peers[0]);
  CHECK(world.script.memberships.size() == 1);
  world.report(world.peers[1]);
  REQUIRE(world.script.holds.size() == 1);
  CHECK(world.script.holds[0].boundary == 100);
  CHECK(world.script.memberships.size() == 2);
  CHECK(world.script.aggregator_memberships.size() == 2);
}

TEST_CASE("a seat that is taken is refused, and a fresh occupant gets a fresh name") {
  World world(World::two_workers(), true);
  world.begin();
  const PeerId before = world.peers[0];
  CHECK(!world.join(0, 3).welcome.has_value());
  world.tell(ProcessLost{1, 0, "killed"});
  const JoinAnswer again = world.join(0, 4);
  REQUIRE(again.welcome.has_value());
  CHECK(again.welcome->seats[0].peer != before);
  CHECK(again.epoch == 3);
}

TEST_CASE("a worker that comes later takes part, and does not begin the run again") {
  World world(World::two_workers(), true);
  world.begin();
  REQUIRE(world.join(2, 3).welcome.has_value());
  CHECK(world.script.memberships.size() == 2);
  world.report(world.peers[2]);
  CHECK(world.script.memberships.size() == 3);
  CHECK(world.script.aggregator_memberships.size() == 3);
  CHECK(world.script.memberships[2].change.epoch == 3);
  CHECK(world.script.holds.size() == 1);
}

TEST_CASE("a cut evaluates and goes on to the next boundary; the end ends the run") {
  World world;
  world.begin();
  world.drain(100);
  CHECK(world.script.evaluations.size() == 1);
  REQUIRE(world.script.holds.size() == 2);
  CHECK(world.script.holds[1].boundary == 200);
  CHECK(world.script.outcomes.empty());
  world.drain(150, true);
  CHECK(world.script.evaluations.size() == 2);
  CHECK(world.script.stopped.size() == 2);
  CHECK(world.script.outcomes.empty());  // the last reports are awaited
  world.finish();
  const RunOutcome& outcome = world.outcome();
  CHECK(outcome.status == RunStatus::finished);
  CHECK(outcome.evaluations.size() == 2);
  CHECK(outcome.evaluation.accuracy == 0.5);
  CHECK(outcome.shards.size() == 1);
  CHECK(outcome.workers.at(world.peers[0]).report.steps == 77);
}

TEST_CASE("workers that do not report at the end are not waited for") {
  World world;
  world.begin();
  world.drain(100, true);
  CHECK(world.script.outcomes.empty());
  world.stage.pass(milliseconds(600), milliseconds(100));
  CHECK(world.outcome().status == RunStatus::finished);
}

TEST_CASE("a cut at the first target accuracy ends the run") {
  Job job = World::two_workers();
  job.job.target_accuracy = 0.9;
  World world(job);
  world.begin();
  world.script.accuracy = 0.89;
  world.drain(100);
  CHECK(world.script.holds.size() == 2);
  world.script.accuracy = 0.9;
  world.drain(200);
  world.finish();
  CHECK(world.outcome().status == RunStatus::finished);
  CHECK(world.outcome().reason == "target reached");
  CHECK(world.script.holds.size() == 2);
}

TEST_CASE("a cut at the first target loss ends the run, also of a model without accuracy") {
  Job job = World::two_workers();
  job.job.target_loss = 0.25;
  job.checkpoint.every = 50;
  World world(job);
  world.begin();
  world.script.accuracy = std::numeric_limits<double>::quiet_NaN();
  world.script.loss = 0.26;
  world.drain(50);  // a checkpoint: not evaluated, nothing is known about the loss
  CHECK(world.script.holds.size() == 2);
  world.drain(100);
  CHECK(world.script.holds.size() == 3);
  world.script.loss = 0.25;
  world.drain(150);
  CHECK(world.script.holds.size() == 4);
  world.drain(200);
  world.finish();
  CHECK(world.outcome().status == RunStatus::finished);
  CHECK(world.outcome().reason == "target reached");
  CHECK(world.script.holds.size() == 4);
}

TEST_CASE("a loss that is not a number reaches no target") {
  Job job = World::two_workers();
  job.job.target_loss = 0.25;
  World world(job);
  world.begin();
  world.script.loss = std::numeric_limits<double>::quiet_NaN();
  world.drain(100);
  CHECK(world.script.holds.size() == 2);
}

TEST_CASE("a boundary of checkpoints only is not evaluated") {
  Job job = World::two_workers();
  job.checkpoint.every = 150;
  World world(job);
  world.begin();
  world.drain(100);
  CHECK(world.script.holds.back().boundary == 150);
  world.drain(150);
  CHECK(world.script.evaluations.size() == 1);
  CHECK(world.script.checkpoints.size() == 1);
  CHECK(world.script.holds.back().boundary == 200);
}

TEST_CASE("a planned change of algorithm is made at the cut at its place, by everybody") {
  Job job = World::two_workers();
  job.algorithm.switches = {{0.05, "ad-psgd"}};  // epochs of 1000 samples
  World world(job);
  world.begin();
  REQUIRE(world.script.holds.size() == 1);
  CHECK(world.script.holds[0].boundary == 50);
  world.drain(50);
  CHECK(world.script.evaluations.size() == 1);  // how far the one before has come
  REQUIRE(world.script.courses.size() == 2);    // the aggregator's and the steward's
  CHECK(world.script.courses[0].course == 1);
  CHECK(world.script.courses[0].algorithm->name == "ad-psgd");
  REQUIRE(world.script.worker_courses.size() == 2);
  CHECK(world.script.worker_courses[1].course.worker == world.peers[1]);
  CHECK(world.script.worker_courses[1].course.to == "ad-psgd");
  REQUIRE(world.script.switched.size() == 1);
  CHECK(world.script.switched[0].from == "asp");
  REQUIRE(world.script.holds.size() == 2);
  CHECK(world.script.holds[1].boundary == 100);
  world.drain(100);
  CHECK(world.script.courses.size() == 2);
  CHECK(world.script.collected.size() == 3);  // the replicas of the algorithm that runs now
  const JoinAnswer later = world.join(2, 3);
  REQUIRE(later.welcome.has_value());
  CHECK(later.welcome->course == 1);
  CHECK(later.welcome->job.find("name = \"ad-psgd\"") != std::string::npos);
}

TEST_CASE("a change that is asked for takes place at the next cut, and is answered then") {
  World world;
  world.begin();
  caf::scoped_actor self(world.stage.system());
  std::vector<SwitchAnswer> answers;
  auto pending = self->request(caf::actor_cast<caf::actor>(world.coordinator_actor), caf::infinite,
                               SwitchRequest{"bsp"});
  world.stage.run();
  REQUIRE(world.script.holds.size() == 2);
  CHECK(world.script.holds[1].boundary == 1);  // what is handed out already is finished
  const auto refused = world.stage.ask<SwitchAnswer>(world.coordinator_actor, SwitchRequest{"ssp"});
  CHECK_FALSE(refused.done);
  bool done = false;
  SECTION("the cut comes") {
    world.drain(17);
    done = true;
  }
  SECTION("the run ends before") { world.tell(Interrupt{2}); }
  if (!done) world.stage.pass(milliseconds(2000), milliseconds(100));
  pending.receive([&](const SwitchAnswer& answer) { answers.push_back(answer); },
                  [](const caf::error&) {});
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].done == done);
  CHECK(world.script.courses.size() == (done ? 2 : 0));
}

TEST_CASE("before the run begins no change can be asked for") {
  World world;
  const auto answer = world.stage.ask<SwitchAnswer>(world.coordinator_actor, SwitchRequest{"bsp"});
  CHECK_FALSE(answer.done);
  CHECK(answer.text == "the run has not begun");
}
