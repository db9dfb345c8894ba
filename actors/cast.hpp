// Who talks to whom inside a process: the messages of the cast and its typed interfaces.
// Room: actors. Structs and handle types only.
// Caller: every actor. What crosses processes is in serialization/messages.hpp.
#pragma once
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/caf.hpp"
#include "algorithms/algorithm_options.hpp"
#include "algorithms/lease_plan.hpp"
#include "algorithms/machine.hpp"
#include "models/evaluation.hpp"
#include "runtime/clock.hpp"
#include "runtime/report.hpp"
#include "serialization/messages.hpp"

namespace murm {

// -- between machines, local or through a link
struct Delivery {
  PeerId to;
  Message message;
};

// -- worker, device -> data reader
struct ReadLease {
  SampleCount position = 0;
  SampleCount samples = 0;
};
struct BufferFree {};  // there is room for a batch
using DataReader = caf::typed_actor<Takes<ReadLease>, Takes<BufferFree>>;

// -- worker <-> device
struct ComputeJob {
  Lease lease;
  std::vector<Tensor> parameters;  // consecutive parts of the flat vector, immutable
  std::uint64_t number = 0;        // of this job, so that one given up is known
};
struct DeviceReady {     // its data and memory are there
  DataReader reader{};   // to be told of leases; none: the model reads no data
  std::string device{};  // "cpu", "cuda:0"
};
struct ComputeDone {
  GradientReady gradient;
  Nanoseconds began{0};
  Nanoseconds ended{0};
  std::uint64_t number = 0;  // of its job
  Nanoseconds data_wait{0};  // of the time between them: waiting for samples, or reading them
};

// -- aggregator -> data steward, monitor
struct Applied {
  std::uint32_t shard = 0;
  Lease lease;
  PeerId worker;
  double loss_sum = 0;
  Version staleness = 0;
  Version version = 0;   // after the update
  bool dropped = false;  // not applied: the algorithm does without it
};

/// A worker as the coordinator's process sees it, local or behind a link.
struct StopWorker {
  PeerId worker;
};
using DeliveryActor = caf::typed_actor<Takes<Delivery>>;

// -- data steward -> worker, where workers talk to each other
struct PeerNews {
  Members members;
  std::vector<std::pair<PeerId, DeliveryActor>>
      routes;  // to the joined; none on their way to a link
};
// -- coordinator -> worker, at a cut: another algorithm from now on
struct WorkerCourse {
  Course course;
  std::shared_ptr<const AlgorithmOptions> algorithm;
};
using WorkerActor = caf::typed_actor<Takes<Delivery>, Takes<LeaseGrant>, Takes<StopWorker>,
                                     Takes<PeerNews>, Takes<Collect>, Takes<WorkerCourse>>;

// -- coordinator -> aggregators, data steward: who takes part from now on
struct Membership {
  MembershipChange change;
  std::vector<std::pair<PeerId, WorkerActor>> routes;  // of the joined
};

// -- coordinator -> aggregators, data steward, at a cut: another algorithm from now on
struct NextCourse {
  std::uint32_t course = 0;  // changes of algorithm so far, this one included
  std::shared_ptr<const AlgorithmOptions> algorithm;
  LeasePlanOptions leases;
};

// -- coordinator <-> aggregator
struct CollectRequest {};  // answered once the aggregator's parameters are those of all replicas
struct Collected {};
struct SnapshotRequest {
  bool with_optimizer = false;
};
struct ShardSnapshot {
  std::uint32_t shard = 0;
  MachineState state;  // tensors are copies
  std::uint64_t refused_duplicate = 0;
  std::uint64_t refused_other = 0;
  std::uint64_t admitted = 0;
  std::uint64_t applied = 0;
  std::uint64_t dropped = 0;
};

// -- data steward <-> coordinator
struct HoldAt {
  SampleCount boundary = 0;  // 0: none
};
struct StopLeases {};
struct StewardView {
  LeaseCounts counts;
  LeaseId next_lease = 0;
  Step next_step = 0;
  SampleCount position = 0;
  bool finished = false;
  Nanoseconds active{0};  // from the first lease to the last apply, pauses at cuts excluded
};
struct Drained {
  StewardView view;
};
struct ViewRequest {};

/// What a worker said makes no sense: it is dropped and its leases go to others.
struct PeerRejected {
  PeerId peer;
  std::string why;
};

// -- worker
struct StartWorker {
  PeerId peer;  // of its seat
};
struct ReportRequest {};

// -- a machine's driver to itself
struct TimerDue {
  std::uint64_t cookie = 0;
  std::uint32_t course = 0;  // of the machine that set it
};

/// What a worker needs of its coordinator's process, local or behind a link.
using LeaseDesk = caf::typed_actor<Takes<LeaseRequest>>;
using RejectionDesk = caf::typed_actor<Takes<PeerRejected>>;
using ReportDesk = caf::typed_actor<Takes<WorkerReport>, Takes<Failure>>;

// -- joining
struct JoinRequest {
  Hello hello;
  std::uint64_t connection = 0;      // 0: workers of this process
  std::vector<WorkerActor> workers;  // one for each seat, or one link for all
};
struct JoinAnswer {
  std::optional<Welcome> welcome;  // none: refused
  std::string refusal;
  std::uint64_t run = 0;
  Epoch epoch = 0;  // the first one the newcomers belong to
};
/// A process with workers is gone: seen by the link (heartbeats) or by its parent (exit).
struct ProcessLost {
  std::uint64_t connection = 0;  // 0: see process_id
  std::uint64_t process_id = 0;
  std::string reason;
};
struct Interrupt {
  int signal = 0;
};

// -- coordinator -> monitor: the run has another algorithm
struct Switched {
  SampleCount samples = 0;
  std::string from;
  std::string to;
  std::string job;  // as it is now, resolved
};

// -- evaluation, checkpoints
struct EvaluationRequest {
  std::vector<Tensor> parameters;
};
struct CheckpointRequest {
  std::uint64_t job_hash = 0;  // of what must be the same when the run is resumed
  std::uint32_t course = 0;    // changes of algorithm so far
  std::vector<ShardSnapshot> shards;
  StewardView view;
};
struct CheckpointDone {
  bool written = false;
  std::string note;  // why not
};

// -- monitor
struct Evaluated {
  SampleCount samples = 0;
  Nanoseconds active{0};
  Evaluation evaluation;
};
struct Notice {
  std::string text;  // a line for the user
};
struct MonitorSummaryRequest {};
struct LossPoint {
  SampleCount samples = 0;
  double loss = 0;  // mean since the point before
};
struct WorkDone {
  std::uint64_t leases = 0;
  SampleCount samples = 0;
};
struct MonitorSummary {
  std::vector<AlgorithmChange> changes;
  double train_loss = std::numeric_limits<double>::quiet_NaN();  // mean since the evaluation before
  std::vector<LossPoint> losses;
  double staleness_mean = 0;
  Version staleness_max = 0;
  std::vector<std::uint64_t> staleness_histogram;  // by staleness, last place: that or more
  Version updates = 0;                             // of shard 0
  std::map<PeerId, WorkDone> applied;              // at shard 0, by worker: also of the lost
};

using AggregatorActor =
    caf::typed_actor<Takes<Delivery>, Takes<Membership>, Answers<SnapshotRequest, ShardSnapshot>,
                     Answers<CollectRequest, Collected>, Takes<NextCourse>>;
using DeviceActor = caf::typed_actor<Takes<ComputeJob>>;
using StewardActor =
    caf::typed_actor<Takes<LeaseRequest>, Takes<Applied>, Takes<Membership>, Takes<HoldAt>,
                     Takes<StopLeases>, Takes<NextCourse>, Answers<ViewRequest, StewardView>>;
using MonitorActor =
    caf::typed_actor<Takes<Applied>, Takes<Evaluated>, Takes<Notice>, Takes<Switched>,
                     Answers<MonitorSummaryRequest, MonitorSummary>>;
using CoordinatorActor = caf::typed_actor<
    Takes<Drained>, Takes<WorkerReport>, Takes<Failure>, Takes<PeerRejected>, Takes<ProcessLost>,
    Takes<Interrupt>, Answers<JoinRequest, JoinAnswer>, Answers<SwitchRequest, SwitchAnswer>>;
using EvaluatorActor = caf::typed_actor<Answers<EvaluationRequest, Evaluation>>;
using CheckpointerActor = caf::typed_actor<Answers<CheckpointRequest, CheckpointDone>>;

}  // namespace murm

// Passed as pointers inside a process; Cap'n Proto is the only format that leaves it.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::Delivery)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::ComputeJob)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::DeviceReady)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::ReadLease)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::BufferFree)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::ComputeDone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::Applied)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::Membership)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::PeerNews)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::Collect)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::WorkerCourse)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::NextCourse)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::Switched)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::SwitchRequest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::SwitchAnswer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::CollectRequest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::Collected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::SnapshotRequest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::ShardSnapshot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::HoldAt)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::StopLeases)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::StewardView)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::Drained)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::ViewRequest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::StartWorker)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::StopWorker)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::ReportRequest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::TimerDue)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::JoinRequest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::JoinAnswer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::PeerRejected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::ProcessLost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::Interrupt)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::EvaluationRequest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::Evaluation)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::CheckpointRequest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::CheckpointDone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::Evaluated)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::Notice)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::MonitorSummaryRequest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::MonitorSummary)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::LeaseRequest)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::LeaseGrant)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::WorkerReport)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::Failure)
