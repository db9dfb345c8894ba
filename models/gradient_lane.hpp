// One lane of compute: leases in, gradients out.
// Room: models. Joins a device, an objective and the batches of a data set.
// Caller: actors/device_actor, one per worker.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "algorithms/machine.hpp"
#include "gpu/device.hpp"
#include "models/dataset.hpp"
#include "models/device_inputs.hpp"
#include "models/objective.hpp"
#include "models/read_ahead.hpp"

namespace murm {

/// Everything is allocated at construction or in the first steps: a steady step allocates nothing of
/// ours. Thread: one at a time.
class GradientLane {
 public:
  GradientLane(std::unique_ptr<Device> device, std::unique_ptr<Objective> objective,
               std::shared_ptr<const Dataset> data, std::uint64_t seed,
               const Augmentation& augmentation = {});

  /// Gradient summed over the lease's samples, added up in micro-batches of the objective's batch_max.
  /// `parameters` are consecutive parts of the flat vector.
  GradientReady run(const Lease& lease, std::span<const Tensor> parameters);

  Objective& objective() { return *objective_; }
  std::string device() const { return device_->name(); }
  /// Where its batches come from, for a reader on another thread.
  const std::shared_ptr<ReadAhead>& batches() { return batches_; }

 private:
  std::unique_ptr<Device> device_;
  std::unique_ptr<Objective> objective_;
  DeviceInputs inputs_;
  std::shared_ptr<ReadAhead> batches_;
  Tensor gradient_;  // on a device with memory of its own
  Tensor partial_;   // gradient of one micro-batch
};

/// Called on the thread that will use the lane.
using LaneFactory = std::function<std::unique_ptr<GradientLane>()>;

}  // namespace murm
