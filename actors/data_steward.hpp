// The data steward: leases samples to workers and knows what has been applied.
// Room: actors. Drives algorithms/lease_plan; holds no data.
// Caller: actors/training_node spawns one, in the coordinator's process.
#pragma once
#include <memory>

#include "actors/cast.hpp"
#include "runtime/clock.hpp"

namespace murm {

using DrainedDesk = caf::typed_actor<Takes<Drained>>;

struct StewardOptions {
  LeasePlanOptions plan;
  std::optional<StewardView> restored;  // of a checkpoint
  bool peers = false;                   // workers are told of each other
  std::uint32_t course = 0;             // changes of algorithm so far
};

/// In:    LeaseRequest, Applied, Membership, HoldAt (the first one begins the run), StopLeases, NextCourse, ViewRequest.
/// Out:   PeerNews (before the leases of its epoch) and LeaseGrant to workers, Drained to the coordinator: everything handed out is applied and the
///        boundary of HoldAt (or the end) is reached; nothing moves before the next HoldAt.
/// State: the lease plan, the routes to the workers, the clock of active time.
/// A worker is lost: its leases go to others with the Membership that says so.
StewardActor::behavior_type data_steward(StewardActor::pointer self, StewardOptions options,
                                         std::shared_ptr<const Clock> clock,
                                         DrainedDesk coordinator);

}  // namespace murm
