// The worker: drives the worker machine of an algorithm.
// Room: actors. Contains no algorithm: what to compute and send is asked for by the machine.
// Caller: actors/training_node spawns one per seat.
#pragma once
#include <memory>

#include "actors/cast.hpp"
#include "actors/device_actor.hpp"
#include "actors/recording_machine.hpp"
#include "algorithms/registry.hpp"
#include "runtime/clock.hpp"

namespace murm {

struct WorkerOptions {
  AlgorithmOptions algorithm;
  std::uint32_t slot = 0;
  Nanoseconds step_time_min{0};          // emulation of a slow machine; 0: none
  std::shared_ptr<Recording> recording;  // null: the machine is not recorded
};

/// The worker's own interface: the device's answers, and the end of an emulated step.
using WorkerSelf = WorkerActor::extend<Takes<StartWorker>, Takes<DeviceReady>, Takes<ComputeDone>,
                                       Takes<Failure>, Takes<ReportRequest>>;

/// In:    StartWorker (once it has a seat), LeaseGrant, Delivery (parameters), ComputeDone, StopWorker, ReportRequest.
/// Out:   LeaseRequest, Delivery (pull, push), ComputeJob, WorkerReport, Failure.
/// State: the machine and this worker's counters.
/// The coordinator's process is lost: its link ends and this actor with it.
WorkerSelf::behavior_type worker(WorkerSelf::pointer self, WorkerOptions options,
                                 LaneFactory make_lane, std::vector<DeliveryActor> aggregators,
                                 LeaseDesk steward, ReportDesk coordinator,
                                 std::shared_ptr<const Clock> clock);

}  // namespace murm
