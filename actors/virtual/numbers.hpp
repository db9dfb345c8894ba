// The numbers of a numeric simulation: one device, one lane of compute, one evaluator for everybody.
// Room: actors/virtual. What a cluster does in parallel is done here one after the other.
// Caller: actors/virtual/simulator. Absent in phantom mode.
#pragma once
#include <vector>

#include "actors/job_plan.hpp"
#include "gpu/host/host_device.hpp"

namespace murm {

class Numbers {
 public:
  Numbers(const JobPlan& plan, std::shared_ptr<const Dataset> test);

  Device& device() { return device_; }
  GradientLane& lane() { return *lane_; }
  /// This shard's range of the initial parameters.
  Tensor initial(std::size_t offset, std::size_t length);
  /// Loss and accuracy at `parameters`.
  Evaluation evaluate_at(std::span<const float> parameters);
  /// A replica that nobody has given parameters yet: random, another one for each `slot`.
  std::vector<float> random_replica(std::uint32_t slot) const;

 private:
  std::uint64_t seed_;
  HostDevice device_;
  std::unique_ptr<GradientLane> lane_;
  EvaluatorParts evaluator_;
  std::vector<float> initial_;
};

/// `parts` one after the other.
void flatten(const std::vector<Tensor>& parts, std::vector<float>& flat);

}  // namespace murm
