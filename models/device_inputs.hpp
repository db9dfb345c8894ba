// Parameters and batches where a device's algebra finds them: where they lie, or copied into its own memory.
// Room: models. Knows vectors and batches; no lease, no actor.
// Caller: models/gradient_lane, models/evaluation.
#pragma once
#include <span>

#include "gpu/device.hpp"
#include "models/dataset.hpp"
#include "models/objective.hpp"

namespace murm {

/// Copies go to the same addresses each time. What is handed in may be overwritten once the device has been waited for;
/// batches at once. Thread: one at a time.
class DeviceInputs {
 public:
  /// For batches of up to the objective's batch_max. The device outlives it.
  DeviceInputs(Device& device, const Objective& objective, const Dataset& data);

  /// One flat vector of consecutive parts, valid until the next call.
  std::span<const float> parameters(std::span<const Tensor> parts);
  std::span<const float> parameters(std::span<const float> flat);
  /// Valid until the next call.
  Batch batch(const Batch& batch);

 private:
  Tensor& flat();

  Device& device_;
  std::size_t parameter_count_;
  std::size_t features_;  // of a batch
  std::size_t labels_;    // of a batch
  Tensor flat_;
  Tensor batch_features_;
  Tensor batch_labels_;
};

}  // namespace murm
