// The device actor: owns one lane of compute and its thread.
// Room: actors. Knows leases and tensors; no rank, no network.
// Caller: actors/training_node spawns one per worker, detached: it may compute for long, nobody else waits.
#pragma once
#include <memory>

#include "actors/cast.hpp"
#include "models/gradient_lane.hpp"
#include "runtime/clock.hpp"

namespace murm {

using ComputeSink = caf::typed_actor<Takes<DeviceReady>, Takes<ComputeDone>, Takes<Failure>>;

/// In: ComputeJob. Out: DeviceReady once, ComputeDone for each job, to `owner`; or Failure when the device or its data cannot be used.
/// State: the lane, built on the actor's own thread, and the reader of its data. The owner is lost: linked, both end with it.
DeviceActor::behavior_type device_actor(DeviceActor::pointer self, LaneFactory make_lane,
                                        ComputeSink owner, std::shared_ptr<const Clock> clock);

}  // namespace murm
