// The coordinator's link: the one actor of its process that meets the network.
// Room: actors. Stands in for every remote worker; judges who may speak for whom.
// Caller: actors/training_node spawns one when the run has processes or listens.
#pragma once
#include <memory>
#include <vector>

#include "actors/cast.hpp"
#include "actors/wire_events.hpp"
#include "runtime/clock.hpp"
#include "runtime/transport.hpp"

namespace murm {

struct CoordinatorLinkOptions {
  std::chrono::milliseconds heartbeat{500};
  std::vector<AggregatorActor> aggregators;
  StewardActor steward;
  CoordinatorActor coordinator;
  bool joins = true;         // worker processes may join
  bool peers = false;        // workers may write to each other
  bool replicas = false;     // workers may send replicas to aggregators
  std::uint32_t course = 0;  // changes of algorithm so far
};
struct LinkCounts {
  std::map<std::string, std::uint64_t> refused;  // messages, by kind of fault
  std::uint64_t relayed = 0;                     // from worker to worker
  std::uint64_t undeliverable = 0;               // those to workers that are not there
};
struct LinkCountsRequest {};
/// Given once the sockets are open: the link and they are made in turn.
struct AttachTransport {
  std::shared_ptr<Transport> transport;
};

using CoordinatorLink = WorkerActor::extend<
    Takes<AttachTransport>, Takes<WireFrames>, Takes<WireConnected>, Takes<WireLost>,
    Takes<HeartbeatTick>, Answers<LinkCountsRequest, LinkCounts>>;

/// In:    frames of worker processes; Delivery, PeerNews, LeaseGrant, Collect, StopWorker for remote workers.
/// Out:   JoinRequest, LeaseRequest, Delivery, WorkerReport, Failure on behalf of remote workers; ProcessLost.
///        What one remote worker writes to another goes from connection to connection, past all actors.
/// State: one WireConnection per worker process, with the peers it may speak for and when it last spoke.
/// A process is lost: silent for heartbeat_misses_max heartbeats, disconnected, or faulty too often.
CoordinatorLink::behavior_type coordinator_link(CoordinatorLink::pointer self,
                                                CoordinatorLinkOptions options,
                                                std::shared_ptr<const Clock> clock);

}  // namespace murm

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::AttachTransport)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::LinkCounts)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(murm::LinkCountsRequest)
