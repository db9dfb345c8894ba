#include "actors/coordinator.hpp"

#include "tests/catch.hpp"
#include "tests/unit/actors/stage.hpp"

using namespace murm;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// How the rest of the cast behaves, and what it was told.
struct Script {
  bool snapshots_answered = true;  // otherwise the question stays open
  bool evaluation_answered = true;
  bool checkpoint_answered = true;
  double accuracy = 0.5;
  StewardView view;

  std::vector<SnapshotRequest> snapshots;
  std::vector<EvaluationRequest> evaluations;
  std::vector<CheckpointRequest> checkpoints;
  std::vector<LeaseRequest> requests;
  std::vector<Applied> applied;
  std::vector<Membership> memberships;  // the steward's
  std::vector<Membership> aggregator_memberships;
  std::vector<HoldAt> holds;
  std::vector<StopLeases> stops;
  std::vector<Evaluated> evaluated;
  std::vector<Notice> notices;
  std::vector<StopWorker> stopped;
  std::vector<RunOutcome> outcomes;
  std::vector<caf::response_promise> open;  // questions that are not answered
};

AggregatorActor::behavior_type fake_aggregator(AggregatorActor::pointer self, Script* script) {
  return {[](const Delivery&) {}, noted(script->aggregator_memberships),
          [self, script](const SnapshotRequest& request) -> caf::result<ShardSnapshot> {
            script->snapshots.push_back(request);
            if (!script->snapshots_answered) {
              script->open.push_back(self->make_response_promise());
              return caf::delegated<ShardSnapshot>();
            }
            ShardSnapshot snapshot;
            snapshot.state.tensors.emplace_back("parameters", Tensor());
            return snapshot;
          }};
}

StewardActor::behavior_type fake_steward(StewardActor::pointer /*self*/, Script* script) {
  return {noted(script->requests), noted(script->applied), noted(script->memberships),
          noted(script->holds),    noted(script->stops),
          [script](const ViewRequest&) { return script->view; }};
}

EvaluatorActor::behavior_type fake_evaluator(EvaluatorActor::pointer self, Script* script) {
  return {[self, script](const EvaluationRequest& request) -> caf::result<Evaluation> {
    script->evaluations.push_back(request);
    if (!script->evaluation_answered) {
      script->open.push_back(self->make_response_promise());
      return caf::delegated<Evaluation>();
    }
    return Evaluation{1.0, script->accuracy};
  }};
}

CheckpointerActor::behavior_type fake_checkpointer(CheckpointerActor::pointer self, Script* script) {
  return {[self, script](const CheckpointRequest& request) -> caf::result<CheckpointDone> {
    script->checkpoints.push_back(request);
    if (!script->checkpoint_answered) {
      script->open.push_back(self->make_response_promise());
      return caf::delegated<CheckpointDone>();
    }
    return CheckpointDone{false, "the disk is full"};
  }};
}

MonitorActor::behavior_type fake_monitor(MonitorActor::pointer /*self*/, Script* script) {
  return {[](const Applied&) {}, noted(script->evaluated), noted(script->notices),
          [](const MonitorSummaryRequest&) { return MonitorSummary{}; }};
}

WorkerActor::behavior_type fake_worker(WorkerActor::pointer /*self*/, Script* script) {
  return {[](const Delivery&) {}, [](const LeaseGrant&) {}, noted(script->stopped)};
}

struct World {
  Script script;
  Stage stage;
  Cast cast;
  CoordinatorSelf coordinator_actor;
  std::vector<PeerId> peers;

  explicit World(Job job = two_workers(), bool workers_can_come = false) {
    CoordinatorOptions options;
    options.job = std::move(job);
    options.run = 99;
    options.parameters = 10;
    options.evaluation_every = 100;
    options.workers_can_come = workers_can_come;
    options.finished = [this](RunOutcome outcome) { script.outcomes.push_back(std::move(outcome)); };
    const bool checkpoints = options.job.checkpoint.every > 0;
    coordinator_actor = stage.spawn(coordinator, std::move(options));
    cast.aggregators.push_back(stage.spawn(fake_aggregator, &script));
    cast.steward = stage.spawn(fake_steward, &script);
    cast.evaluator = stage.spawn(fake_evaluator, &script);
    if (checkpoints) cast.checkpointer = stage.spawn(fake_checkpointer, &script);
    cast.monitor = stage.spawn(fake_monitor, &script);
    stage.send(coordinator_actor, cast);
  }
  ~World() { script.open.clear(); }

  static Job two_workers() {
    Job job;
    job.cluster.workers = 2;
    return job;
  }

  /// A process with one worker asks for a seat; connection 0: of this process.
  JoinAnswer join(std::uint32_t slot, std::uint64_t connection) {
    JoinRequest request;
    request.hello.process_id = 1000 + connection;
    request.hello.slots = {slot};
    request.connection = connection;
    request.workers = {stage.spawn(fake_worker, &script)};
    JoinAnswer answer = stage.ask<JoinAnswer>(coordinator_actor, std::move(request));
    if (answer.welcome) peers.push_back(answer.welcome->seats.at(0).peer);
    return answer;
  }
  void report(PeerId peer, std::uint64_t steps = 0) {
    WorkerReport report;
    report.worker = peer;
    report.steps = steps;
    stage.send(coordinator_actor, report);
  }
  /// Two workers in processes of their own, at work.
  void begin() {
    join(0, 1);
    join(1, 2);
    report(peers[0]);
    report(peers[1]);
  }
  void drain(SampleCount position, bool finished = false) {
    script.view.position = position;
    script.view.finished = finished;
    stage.send(coordinator_actor, Drained{script.view});
  }
  template <class Message>
  void tell(Message message) {
    stage.send(coordinator_actor, std::move(message));
  }
  const RunOutcome& outcome() {
    REQUIRE(script.outcomes.size() == 1);
    return script.outcomes.front();
  }
  /// The workers' last reports; then nothing that still comes may end the run again.
  void finish() {
    for (const PeerId peer : peers) report(peer, 77);
    stage.pass(seconds(2), milliseconds(100));
    tell(Failure{PeerId{}, "too late"});
    tell(Interrupt{15});
    tell(ProcessLost{1, 0, "too late"});
    drain(script.view.position, true);
    stage.pass(seconds(40), seconds(1));
    REQUIRE(script.outcomes.size() == 1);
  }
};

}  // namespace

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
  CHECK(world.outcome().reason == "target accuracy reached");
  CHECK(world.script.holds.size() == 2);
}

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
  }
}

TEST_CASE("a failure ends the run with its sentence, exactly once, in every phase") {
  World world;
  SECTION("gathering") { world.join(0, 1); }
  SECTION("running") { world.begin(); }
  SECTION("cutting, snapshots open") {
    world.script.snapshots_answered = false;
    world.begin();
    world.drain(100);
    REQUIRE(world.script.snapshots.size() == 1);
    world.script.snapshots_answered = true;  // for the report
  }
  SECTION("cutting, evaluation open") {
    world.script.evaluation_answered = false;
    world.begin();
    world.drain(100);
    REQUIRE(world.script.evaluations.size() == 1);
  }
  world.tell(Failure{PeerId::worker(0), "the loss is not finite"});
  world.tell(Failure{PeerId::worker(1), "the loss is not finite there either"});
  world.finish();
  CHECK(world.outcome().status == RunStatus::failed);
  CHECK(world.outcome().reason == "the loss is not finite");
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

TEST_CASE("a worker that talks nonsense is dropped when it is remote, and our bug when it is local") {
  World world;
  SECTION("remote") {
    world.begin();
    world.tell(PeerRejected{world.peers[0], "worker 0 sent a gradient twice"});
    CHECK(world.script.outcomes.empty());
    CHECK(world.script.stopped.size() == 1);
    CHECK(world.script.memberships.back().change.left == std::vector<PeerId>{world.peers[0]});
    world.tell(PeerRejected{world.peers[0], "again"});
    CHECK(world.script.memberships.size() == 3);
  }
  SECTION("local") {
    world.join(0, 0);
    world.tell(PeerRejected{world.peers[0], "worker 0 sent a gradient twice"});
    world.finish();
    CHECK(world.outcome().status == RunStatus::failed);
  }
}

TEST_CASE("after the end nobody is let in") {
  World world;
  world.begin();
  world.drain(100, true);
  world.finish();
  CHECK(world.join(0, 9).refusal == "the run is over");
}
