// The coordinator: membership, and the course of a run from gathering to the last report.
// Room: actors. Never on a gradient's path; contains no algorithm.
// Caller: actors/training_node spawns one.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "actors/cast.hpp"
#include "actors/job_plan.hpp"
#include "actors/membership.hpp"
#include "runtime/job.hpp"

namespace murm {

enum class RunStatus : std::uint8_t { finished, interrupted, failed };

/// Everything the report of a run is made of.
struct RunOutcome {
  RunStatus status = RunStatus::failed;
  std::string reason;              // why it failed or stopped
  int signal = 0;                  // that interrupted it
  SampleCount samples_before = 0;  // applied before this process began (resumed run)
  StewardView view;
  MonitorSummary summary;
  std::vector<ShardSnapshot> shards;  // final parameters, by shard
  Evaluation evaluation;              // latest
  std::vector<Evaluated> evaluations;
  std::map<PeerId, WorkerRecord> workers;
};

struct CoordinatorOptions {
  Job job;
  std::uint64_t run = 0;
  DataShape shape;
  std::uint32_t course = 0;  // changes of algorithm already made (resumed run)
  bool recorded = false;     // with the one algorithm it begins with
  bool one_process = false;  // all workers live in this process
  std::uint64_t parameters = 0;
  SampleCount samples = 0;  // of the whole run; 0: without a known end
  SampleCount evaluation_every = 0;
  SampleCount position = 0;       // samples already applied (resumed run)
  bool workers_can_come = false;  // further processes may join: losing all workers is not the end
  std::function<void(RunOutcome)> finished;  // called once, on the coordinator's thread
};

/// The rest of the cast, made known once all are spawned.
struct Cast {
  std::vector<AggregatorActor> aggregators;
  StewardActor steward;
  EvaluatorActor evaluator;
  CheckpointerActor checkpointer;  // may be null
  MonitorActor monitor;
};
struct Deadline {
  std::uint64_t generation = 0;  // stale deadlines are recognised by it
};

using CoordinatorSelf = CoordinatorActor::extend<Takes<Cast>, Takes<Deadline>>;

/// In:    JoinRequest, ProcessLost, Failure, Drained, WorkerReport, Interrupt, SwitchRequest.
/// Out:   Membership, HoldAt, StopLeases, CollectRequest, Collect, SnapshotRequest, EvaluationRequest,
///        CheckpointRequest, NextCourse, WorkerCourse, StopWorker.
/// State: seats of the workers, the phase of the run, the pieces of the cut in progress.
/// A worker is lost: a new membership epoch without it. An aggregator, the steward or the evaluator is
/// lost: the run fails with one sentence.
CoordinatorSelf::behavior_type coordinator(CoordinatorSelf::pointer self,
                                           CoordinatorOptions options);

}  // namespace murm

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::Cast)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::Deadline)
