// A coordinator whose whole cast is fake: what it was told is written down, what it hears is scripted.
// Room: tests.
// Caller: tests/unit/actors/coordinator_test, coordinator_end_test.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "actors/coordinator.hpp"
#include "tests/catch.hpp"
#include "tests/unit/actors/stage.hpp"

namespace murm::coordinator_world {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How the rest of the cast behaves, and what it was told.
struct Script {
  bool snapshots_answered = true;  // otherwise the question stays open
  bool replicas_answered = true;
  bool evaluation_answered = true;
  bool checkpoint_answered = true;
  double accuracy = 0.5;
  double loss = 1;
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
  std::vector<std::string> collected;  // "aggregator", then workers, in the order of asking
  std::vector<NextCourse> courses;     // the aggregators' and the steward's
  std::vector<WorkerCourse> worker_courses;
  std::vector<Switched> switched;
  std::vector<RunOutcome> outcomes;
  std::vector<caf::response_promise> open;  // questions that are not answered
};

/// Answers what has been left open so far; the answers are those of an actor, so it must give them.
struct AnswerNow {};
using LateAggregator = AggregatorActor::extend<Takes<AnswerNow>>;
using LateEvaluator = EvaluatorActor::extend<Takes<AnswerNow>>;

inline LateAggregator::behavior_type fake_aggregator(LateAggregator::pointer self, Script* script) {
  return {[](const Delivery&) {},
          noted(script->aggregator_memberships),
          [self, script](const SnapshotRequest& request) -> caf::result<ShardSnapshot> {
            script->snapshots.push_back(request);
            if (!script->snapshots_answered) {
              script->open.push_back(self->make_response_promise());
              return caf::delegated<ShardSnapshot>();
            }
            ShardSnapshot snapshot;
            snapshot.state.tensors.emplace_back("parameters", Tensor());
            return snapshot;
          },
          [self, script](const CollectRequest&) -> caf::result<Collected> {
            script->collected.push_back("aggregator");
            if (script->replicas_answered) return Collected{};
            script->open.push_back(self->make_response_promise());
            return caf::delegated<Collected>();
          },
          noted(script->courses),
          [script](const AnswerNow&) {
            if (script->collected.empty()) return script->open.at(0).deliver(ShardSnapshot{});
            script->open.at(0).deliver(Collected{});
          }};
}

inline StewardActor::behavior_type fake_steward(StewardActor::pointer /*self*/, Script* script) {
  return {noted(script->requests),
          noted(script->applied),
          noted(script->memberships),
          noted(script->holds),
          noted(script->stops),
          noted(script->courses),
          [script](const ViewRequest&) { return script->view; }};
}

inline LateEvaluator::behavior_type fake_evaluator(LateEvaluator::pointer self, Script* script) {
  return {[self, script](const EvaluationRequest& request) -> caf::result<Evaluation> {
            script->evaluations.push_back(request);
            if (!script->evaluation_answered) {
              script->open.push_back(self->make_response_promise());
              return caf::delegated<Evaluation>();
            }
            return Evaluation{script->loss, script->accuracy};
          },
          [script](const AnswerNow&) {
            script->open.at(0).deliver(Evaluation{1.0, 0.5});
          }};
}

inline CheckpointerActor::behavior_type fake_checkpointer(CheckpointerActor::pointer self,
                                                          Script* script) {
  return {[self, script](const CheckpointRequest& request) -> caf::result<CheckpointDone> {
    script->checkpoints.push_back(request);
    if (!script->checkpoint_answered) {
      script->open.push_back(self->make_response_promise());
      return caf::delegated<CheckpointDone>();
    }
    return CheckpointDone{false, "the disk is full"};
  }};
}

inline MonitorActor::behavior_type fake_monitor(MonitorActor::pointer /*self*/, Script* script) {
  return {[](const Applied&) {}, noted(script->evaluated), noted(script->notices),
          noted(script->switched), [](const MonitorSummaryRequest&) { return MonitorSummary{}; }};
}

inline WorkerActor::behavior_type fake_worker(WorkerActor::pointer /*self*/, Script* script) {
  return {
      [](const Delivery&) {},
      [](const LeaseGrant&) {},
      noted(script->stopped),
      [](const PeerNews&) {},
      [script](const Collect& collect) { script->collected.push_back(to_string(collect.worker)); },
      noted(script->worker_courses)};
}

/// The coordinator on a stage of its own, with a cast that does what the script says.
struct World {
  Script script;
  Stage stage;
  Cast cast;
  CoordinatorSelf coordinator_actor;
  std::vector<PeerId> peers;

  explicit World(Job job = two_workers(), bool workers_can_come = false, bool replicas = false) {
    CoordinatorOptions options;
    options.job = std::move(job);
    if (replicas) options.job.algorithm.name = "ad-psgd";
    options.shape = DataShape{1000, 784, 10};
    options.run = 99;
    options.parameters = 10;
    options.samples = 12345;
    options.evaluation_every = 100;
    options.workers_can_come = workers_can_come;
    options.finished = [this](RunOutcome outcome) {
      script.outcomes.push_back(std::move(outcome));
    };
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

}  // namespace murm::coordinator_world

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::coordinator_world::AnswerNow)
