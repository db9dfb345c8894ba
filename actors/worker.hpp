// The worker: drives the worker machine of an algorithm.
// Room: actors. Contains no algorithm: what to compute and send is asked for by the machine.
// Caller: actors/training_node and actors/worker_node spawn one per seat.
#pragma once
#include <memory>
#include <optional>

#include "actors/cast.hpp"
#include "actors/device_actor.hpp"
#include "actors/recording_machine.hpp"
#include "algorithms/registry.hpp"
#include "algorithms/robust/byzantine.hpp"
#include "runtime/clock.hpp"

namespace murm {

struct WorkerOptions {
  AlgorithmOptions algorithm;
  std::uint32_t course = 0;  // changes of algorithm so far
  std::uint32_t slot = 0;
  Nanoseconds step_time_min{0};          // emulation of a slow machine; 0: none
  std::shared_ptr<Recording> recording;  // null: the machine is not recorded
  std::optional<Attack> attack{};        // that it makes on its gradients, emulated
};

/// The worker's own interface: the device's answers, and the end of an emulated step.
using WorkerSelf = WorkerActor::extend<Takes<StartWorker>, Takes<DeviceReady>, Takes<ComputeDone>,
                                       Takes<Failure>, Takes<ReportRequest>, Takes<TimerDue>>;

/// In:    StartWorker (once it has a seat), PeerNews, LeaseGrant, Delivery, ComputeDone, TimerDue, Collect,
///        WorkerCourse, StopWorker, ReportRequest.
/// Out:   LeaseRequest, ReadLease, Delivery, ComputeJob, WorkerReport, Failure.
/// State: the machine and this worker's counters; where the algorithm has peers, the routes to them and what
///        those said whom this worker has not heard of yet.
/// Another worker is lost: its route goes with the next PeerNews; what it sent afterwards is dropped.
/// The coordinator's process is lost: its link ends and this actor with it.
WorkerSelf::behavior_type worker(WorkerSelf::pointer self, WorkerOptions options,
                                 LaneFactory make_lane, std::vector<DeliveryActor> aggregators,
                                 LeaseDesk steward, ReportDesk coordinator,
                                 std::shared_ptr<const Clock> clock);

/// One that computes with tensors itself has a thread of its own, so that nobody waits for its arithmetic.
WorkerSelf spawn_worker(caf::actor_system& system, WorkerOptions options, LaneFactory make_lane,
                        std::vector<DeliveryActor> aggregators, LeaseDesk steward,
                        ReportDesk coordinator, std::shared_ptr<const Clock> clock);

}  // namespace murm
