// The aggregator: drives the aggregator machine of an algorithm on one shard of the parameters.
// Room: actors. Contains no algorithm: admission, arithmetic and sending are asked for by the machine.
// Caller: actors/training_node spawns one per shard, detached: its thread does the shard's arithmetic.
#pragma once
#include <memory>
#include <vector>

#include "actors/cast.hpp"
#include "actors/recording_machine.hpp"
#include "algorithms/registry.hpp"

namespace murm {

struct AggregatorOptions {
  std::shared_ptr<const AlgorithmOptions> algorithm;
  std::uint32_t course = 0;  // changes of algorithm so far
  std::uint32_t shard = 0;
  Tensor initial;                                // this shard's initial parameters
  std::shared_ptr<const MachineState> restored;  // of a checkpoint; null: start fresh
  LeaseId restored_leases = 0;                   // leases the checkpoint holds
  std::uint64_t leases_expected = 0;             // of the whole run, 0: unknown
  std::shared_ptr<Recording> recording;          // null: the machine is not recorded
};

/// The aggregator's own interface: its timers.
using AggregatorSelf = AggregatorActor::extend<Takes<TimerDue>>;

/// In:    Delivery (pull, push, replica), Membership, CollectRequest, SnapshotRequest, NextCourse, TimerDue.
/// Out:   Delivery (parameters) to workers, Applied to steward and monitor, PeerRejected.
/// State: the machine, its tensors, the ledger of leases, the routes to the workers of this epoch.
/// A partner is lost: its route goes with the next Membership; what it sent afterwards is refused.
AggregatorSelf::behavior_type aggregator(AggregatorSelf::pointer self, AggregatorOptions options,
                                         StewardActor steward, MonitorActor monitor,
                                         RejectionDesk coordinator,
                                         std::shared_ptr<const Clock> clock);

}  // namespace murm
