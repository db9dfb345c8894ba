// One lane of compute: leases in, gradients out.
// Room: models. Joins a device, an objective, a data set and the order of its samples.
// Caller: actors/device_actor, one per worker.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "algorithms/machine.hpp"
#include "gpu/device.hpp"
#include "models/dataset.hpp"
#include "models/objective.hpp"
#include "models/sampler.hpp"

namespace murm {

/// Everything is allocated at construction or in the first steps: a steady step allocates nothing of
/// ours. Thread: one at a time.
class GradientLane {
 public:
  GradientLane(std::unique_ptr<Device> device, std::unique_ptr<Objective> objective,
               std::shared_ptr<const Dataset> data, std::uint64_t seed);

  /// Gradient summed over the lease's samples, added up in micro-batches of the objective's batch_max.
  /// `parameters` are consecutive parts of the flat vector.
  GradientReady run(const Lease& lease, std::span<const Tensor> parameters);

  Objective& objective() { return *objective_; }

 private:
  std::span<const float> flatten(std::span<const Tensor> parameters);
  Batch read(SampleCount position, std::size_t count);

  std::unique_ptr<Device> device_;
  std::unique_ptr<Objective> objective_;
  std::shared_ptr<const Dataset> data_;
  Sampler sampler_;
  Tensor flat_;     // parameters, when they come in several parts
  Tensor partial_;  // gradient of one micro-batch
  std::vector<float> features_;
  std::vector<std::int32_t> labels_;
};

/// Called on the thread that will use the lane.
using LaneFactory = std::function<std::unique_ptr<GradientLane>()>;

}  // namespace murm
