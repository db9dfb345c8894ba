// A worker process's link: the one actor of its process that meets the network.
// Room: actors. Stands in for coordinator, steward and aggregators.
// Caller: actors/worker_node spawns one.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/cast.hpp"
#include "actors/coordinator_link.hpp"
#include "actors/wire_events.hpp"
#include "runtime/clock.hpp"
#include "runtime/transport.hpp"

namespace murm {

/// The workers of a process, in the order of their seats.
struct SeatedWorkers {
  std::vector<WorkerActor> workers;
  std::chrono::milliseconds heartbeat{500};
};

struct WorkerLinkOptions {
  std::string endpoint;  // of the coordinator, as the user gave it
  Hello hello;
  /// Spawns the workers of a Welcome; called once, on the link's thread, must return at once.
  std::function<SeatedWorkers(const Welcome&, std::uint64_t run, const caf::actor& link)> welcomed;
  /// What the workers are from a Course on; called on the link's thread.
  std::function<std::shared_ptr<const AlgorithmOptions>(const Course&)> switched;
  /// The end of this process's part: empty reason when the run is over. Called once.
  std::function<void(std::string reason)> ended;
};
struct LeaveRun {};

using WorkerLink =
    DeliveryActor::extend<Takes<LeaseRequest>, Takes<WorkerReport>, Takes<Failure>,
                          Takes<AttachTransport>, Takes<WireFrames>, Takes<WireConnected>,
                          Takes<WireLost>, Takes<HeartbeatTick>, Takes<LeaveRun>>;

/// In:    frames of the coordinator's process; Delivery, LeaseRequest, WorkerReport, Failure of workers.
/// Out:   the same over the wire; PeerNews, LeaseGrant, Delivery, Collect, StopWorker to local workers.
/// State: one WireConnection, the local workers by peer id.
/// The coordinator is lost (disconnected, or silent for heartbeat_misses_max heartbeats): `ended` says so.
WorkerLink::behavior_type worker_link(WorkerLink::pointer self, WorkerLinkOptions options,
                                      std::shared_ptr<const Clock> clock);

}  // namespace murm

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::LeaveRun)
