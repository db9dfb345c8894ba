#include <functional>

#include "tests/unit/actors/coordinator_world.hpp"

using namespace murm;
using namespace murm::coordinator_world;

TEST_CASE("losing all workers fails the run, losing one does not") {
  World world;
  world.begin();
  world.tell(ProcessLost{1, 0, "killed"});
  CHECK(world.script.outcomes.empty());
  REQUIRE(world.script.memberships.size() == 3);
  CHECK(world.script.memberships[2].change.left == std::vector<PeerId>{world.peers[0]});
  CHECK(world.script.notices.size() == 1);
  world.tell(ProcessLost{0, 1001, "exited"});  // the same loss, seen by its parent
  CHECK(world.script.memberships.size() == 3);
  world.tell(ProcessLost{0, 1002, "exited"});
  CHECK(world.outcome().status == RunStatus::failed);
  CHECK(world.outcome().reason == "all workers were lost");
  CHECK(world.outcome().workers.at(world.peers[1]).lost);
  world.finish();
}

TEST_CASE("where workers can come, losing all waits for one that does, for a while") {
  World world(World::two_workers(), true);
  world.begin();
  world.tell(ProcessLost{1, 0, "killed"});
  world.tell(ProcessLost{2, 0, "killed"});
  world.stage.pass(seconds(20), seconds(1));
  CHECK(world.script.outcomes.empty());
  SECTION("nobody comes") {
    world.stage.pass(seconds(11), seconds(1));
    CHECK(world.outcome().status == RunStatus::failed);
  }
  SECTION("somebody comes") {
    REQUIRE(world.join(0, 5).welcome.has_value());
    world.report(world.peers.back());
    world.stage.pass(seconds(60), seconds(1));
    CHECK(world.script.outcomes.empty());
    world.drain(100, true);
    world.finish();
    CHECK(world.outcome().status == RunStatus::finished);
  }
}

TEST_CASE("a child that ends before the run begins fails it") {
  World world;
  world.join(0, 1);
  SECTION("before it had a seat") { world.tell(ProcessLost{0, 1002, "exited with code 2"}); }
  SECTION("after it had one") { world.tell(ProcessLost{1, 0, "exited with code 2"}); }
  world.finish();
  CHECK(world.outcome().status == RunStatus::failed);
  CHECK(world.outcome().reason.find("exited with code 2") != std::string::npos);
}

TEST_CASE("an interrupt ends the run once, whatever it is doing") {
  SECTION("gathering") {
    World world;
    world.join(0, 1);
    world.tell(Interrupt{2});
    world.finish();
    CHECK(world.outcome().status == RunStatus::interrupted);
    CHECK(world.outcome().signal == 2);
  }
  SECTION("running: what is in flight lands") {
    World world;
    world.begin();
    world.tell(Interrupt{2});
    CHECK(world.script.stops.size() == 1);
    CHECK(world.script.outcomes.empty());
    world.drain(40);
    CHECK(world.script.evaluations.empty());  // not for somebody who wants to leave
    world.finish();
    CHECK(world.outcome().status == RunStatus::interrupted);
    CHECK(world.outcome().view.position == 40);
  }
  SECTION("running: what is in flight does not land") {
    World world;
    world.begin();
    world.tell(Interrupt{15});
    world.stage.pass(milliseconds(1900), milliseconds(100));
    CHECK(world.outcome().status == RunStatus::interrupted);
    CHECK(world.outcome().signal == 15);
    world.finish();
  }
  SECTION("running, and then all workers end with the signal as well") {
    World world;
    world.begin();
    world.tell(Interrupt{2});
    world.tell(ProcessLost{1, 0, "gone"});
    world.tell(ProcessLost{2, 0, "gone"});
    world.finish();
    CHECK(world.outcome().status == RunStatus::interrupted);
  }
  SECTION("waiting for an evaluation") {
    World world;
    world.script.evaluation_answered = false;
    world.begin();
    world.drain(100);
    CHECK(world.script.evaluations.size() == 1);
    world.tell(Interrupt{2});
    world.stage.pass(milliseconds(1900), milliseconds(100));
    CHECK(world.outcome().status == RunStatus::interrupted);
    CHECK(world.outcome().shards.size() == 1);
    CHECK(world.script.snapshots.size() == 1);  // those of the cut are good enough
    world.finish();
  }
  SECTION("waiting for snapshots that never come") {
    World world;
    world.script.snapshots_answered = false;
    world.begin();
    world.drain(100);
    world.tell(Interrupt{2});
    world.stage.pass(seconds(70), milliseconds(500));
    CHECK(world.outcome().status == RunStatus::interrupted);
    world.finish();
  }
  SECTION("twice") {
    World world;
    world.begin();
    world.tell(Interrupt{2});
    world.tell(Interrupt{15});
    CHECK(world.script.stops.size() == 1);
    world.drain(40);
    world.finish();
    CHECK(world.outcome().signal == 2);
  }
}

TEST_CASE("an interrupt writes a checkpoint, and a disk that is full does not end a run") {
  Job job = World::two_workers();
  job.checkpoint.every = 1000;
  World world(job);
  world.begin();
  SECTION("at an interrupt") {
    world.tell(Interrupt{2});
    world.drain(40);
    REQUIRE(world.script.checkpoints.size() == 1);
    CHECK(world.script.checkpoints[0].view.position == 40);
    CHECK(world.script.snapshots.at(0).with_optimizer);
    world.finish();
    CHECK(world.outcome().status == RunStatus::interrupted);
  }
  SECTION("a boundary of evaluation only") {
    world.drain(100);
    CHECK(world.script.checkpoints.empty());
    CHECK(!world.script.snapshots.at(0).with_optimizer);
  }
  SECTION("its own boundary") {
    world.drain(1000);
    CHECK(world.script.checkpoints.size() == 1);
    CHECK(world.script.notices.size() == 1);
    CHECK(world.script.holds.back().boundary == 1100);
    CHECK(world.script.outcomes.empty());
    world.drain(1100);
    CHECK(world.script.checkpoints.size() == 1);
  }
}

TEST_CASE("a failure ends the run with its sentence, exactly once, in every phase") {
  World world;
  std::function<void()> answer_late = [] {};
  SECTION("gathering") { world.join(0, 1); }
  SECTION("running") { world.begin(); }
  SECTION("cutting, snapshots open") {
    world.script.snapshots_answered = false;
    world.begin();
    world.drain(100);
    REQUIRE(world.script.snapshots.size() == 1);
    world.script.snapshots_answered = true;  // for the report
    answer_late = [&] { world.stage.send(world.cast.aggregators[0], AnswerNow{}); };
  }
  SECTION("cutting, evaluation open") {
    world.script.evaluation_answered = false;
    world.begin();
    world.drain(100);
    REQUIRE(world.script.evaluations.size() == 1);
    answer_late = [&] { world.stage.send(world.cast.evaluator, AnswerNow{}); };
  }
  world.tell(Failure{PeerId::worker(0), "the loss is not finite"});
  answer_late();
  world.tell(Failure{PeerId::worker(1), "the loss is not finite there either"});
  world.finish();
  CHECK(world.outcome().status == RunStatus::failed);
  CHECK(world.outcome().reason == "the loss is not finite");
  CHECK(world.script.holds.size() <= 1);
  CHECK(world.outcome().shards.size() == 1);
  CHECK(world.outcome().workers.size() == world.peers.size());
}

TEST_CASE("an actor of the run that ends or stays silent fails the run with one sentence") {
  World world;
  world.begin();
  SECTION("the evaluator ends") {
    caf::anon_send_exit(world.cast.evaluator, caf::exit_reason::kill);
  }
  SECTION("the steward ends") { caf::anon_send_exit(world.cast.steward, caf::exit_reason::kill); }
  SECTION("an aggregator ends") {
    caf::anon_send_exit(world.cast.aggregators[0], caf::exit_reason::kill);
  }
  SECTION("an aggregator does not answer") {
    world.script.snapshots_answered = false;
    world.drain(100);
    world.stage.pass(seconds(31), seconds(1));
  }
  world.stage.run();
  world.stage.pass(seconds(100), seconds(1));
  world.finish();
  CHECK(world.outcome().status == RunStatus::failed);
  CHECK(!world.outcome().reason.empty());
}

TEST_CASE(
    "a worker that talks nonsense is dropped when it is remote, and our bug when it is local") {
  World world;
  SECTION("remote") {
    world.begin();
    world.tell(PeerRejected{world.peers[0], "worker 0 sent a gradient twice"});
    CHECK(world.script.outcomes.empty());
    CHECK(world.script.stopped.size() == 1);
    CHECK(world.script.memberships.back().change.left == std::vector<PeerId>{world.peers[0]});
    world.tell(PeerRejected{world.peers[0], "again"});
    CHECK(world.script.memberships.size() == 3);
    CHECK(world.script.stopped.size() == 1);
    world.drain(100);
    CHECK(world.script.holds.size() == 2);
  }
  SECTION("local") {
    world.join(0, 0);
    world.tell(PeerRejected{world.peers[0], "worker 0 sent a gradient twice"});
    world.finish();
    CHECK(world.outcome().status == RunStatus::failed);
  }
}

TEST_CASE(
    "a worker whose device fails leaves its work to the others, and the last one ends the run") {
  World world;
  const bool local = GENERATE(true, false);
  world.join(0, local ? 0 : 1);
  world.join(1, local ? 0 : 2);
  for (const PeerId peer : world.peers) world.report(peer);
  const auto fail = [&](std::size_t i) {
    world.tell(Failure{world.peers[i], "the device is lost", true});
  };
  fail(0);
  CHECK(world.script.outcomes.empty());
  CHECK(world.script.memberships.back().change.left == std::vector<PeerId>{world.peers[0]});
  CHECK(world.script.memberships.size() == 3);
  CHECK(world.script.notices.size() == 1);
  CHECK(world.script.stopped.size() == (local ? 1 : 0));  // a process elsewhere ends by itself
  fail(0);
  if (!local) world.tell(ProcessLost{1, 0, "it left"});
  CHECK(world.script.memberships.size() == 3);
  world.drain(100);
  CHECK(world.script.holds.size() == 2);
  fail(1);
  world.finish();
  CHECK(world.outcome().status == RunStatus::failed);
  CHECK(world.outcome().reason == "the device is lost");
  CHECK(world.outcome().workers.at(world.peers[0]).lost);
}

TEST_CASE("a device that fails before the run began ends it: the job cannot be had as it is") {
  World world;
  world.join(0, 1);
  world.tell(Failure{world.peers[0], "the device's memory is full", true});
  world.finish();
  CHECK(world.outcome().status == RunStatus::failed);
  CHECK(world.outcome().reason == "the device's memory is full");
}

TEST_CASE("after the end nobody is let in") {
  World world;
  world.begin();
  world.drain(100, true);
  world.finish();
  CHECK(world.join(0, 9).refusal == "the run is over");
}

TEST_CASE("a connection that never had a seat does not end a run that is gathering") {
  World world;
  world.join(0, 1);
  world.tell(ProcessLost{77, 0, "it sent a message that was refused"});
  world.stage.pass(seconds(2), milliseconds(100));
  CHECK(world.script.stopped.empty());
  CHECK(world.script.outcomes.empty());
}

TEST_CASE("a run without replicas asks for none") {
  World world;
  CHECK(world.join(0, 1).welcome.value().samples == 12345);
  world.join(1, 2);
  for (const PeerId peer : world.peers) world.report(peer);
  world.drain(100, true);
  world.finish();
  CHECK(world.script.snapshots.size() == 1);
  CHECK(world.script.collected.empty());
}

TEST_CASE("at a cut of replicas the aggregators hear of it before the workers, and all wait") {
  World world(World::two_workers(), false, true);
  world.script.replicas_answered = false;
  world.begin();
  world.drain(100);
  CHECK(world.script.collected == std::vector<std::string>{"aggregator", to_string(world.peers[0]),
                                                           to_string(world.peers[1])});
  CHECK(world.script.snapshots.empty());
  SECTION("until the replicas have come") {
    world.stage.send(world.cast.aggregators[0], AnswerNow{});
    CHECK(world.script.snapshots.size() == 1);
    CHECK(world.script.evaluations.size() == 1);
    CHECK(world.script.holds.size() == 2);  // and the run goes on
    CHECK(world.script.outcomes.empty());
    world.tell(Failure{PeerId{}, "enough"});
    world.finish();
  }
  SECTION("but not for ever") {
    world.stage.pass(seconds(31), seconds(1));
    CHECK(world.outcome().status == RunStatus::failed);
    CHECK(world.outcome().reason.find("replica") != std::string::npos);
    world.finish();
  }
}

TEST_CASE("after an interrupt replicas are asked for, and awaited for a moment") {
  World world(World::two_workers(), false, true);
  world.begin();
  SECTION("what is in flight lands") {
    world.tell(Interrupt{2});
    world.drain(40);
    CHECK(world.script.collected.size() == 3);
    world.finish();
    CHECK(world.script.collected.size() == 3);
  }
  SECTION("what is in flight does not land") {
    world.tell(Interrupt{2});
    world.stage.pass(milliseconds(600), milliseconds(100));
    CHECK(world.script.collected.empty());
    world.stage.pass(milliseconds(200), milliseconds(100));
    CHECK(world.script.collected.size() == 3);
    CHECK(world.script.snapshots.size() == 1);  // those after the replicas came
    world.finish();
  }
  SECTION("nor do the replicas come") {
    world.script.replicas_answered = false;
    SECTION("that nobody had asked for") { world.tell(Interrupt{2}); }
    SECTION("of the cut in progress") {
      world.drain(40);
      world.tell(Interrupt{2});
    }
    world.stage.pass(milliseconds(1300), milliseconds(100));
    CHECK(world.script.snapshots.empty());
    world.stage.pass(milliseconds(700), milliseconds(100));
    CHECK(world.script.snapshots.size() == 1);  // as they are
    world.finish();
  }
  CHECK(world.outcome().status == RunStatus::interrupted);
}
