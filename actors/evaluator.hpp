// The evaluator: loss and accuracy of a snapshot of the parameters on the test set.
// Room: actors. Own device lane and own thread; never touches parameters in training.
// Caller: actors/training_node spawns one, detached, in the coordinator's process.
#pragma once
#include <functional>
#include <memory>

#include "actors/cast.hpp"
#include "gpu/device.hpp"
#include "models/dataset.hpp"
#include "models/objective.hpp"

namespace murm {

/// Mean loss and accuracy over the whole of `data`. `parameters` [parameter_count]. Thread: any, one at a time.
Evaluation evaluate(Objective& objective, const Dataset& data, std::span<const float> parameters);

struct EvaluatorParts {
  std::unique_ptr<Device> device;
  std::unique_ptr<Objective> objective;
  std::shared_ptr<const Dataset> data;
};

/// In: EvaluationRequest. Out: its answer. State: a device, an objective, the test set.
EvaluatorActor::behavior_type evaluator(EvaluatorActor::pointer self,
                                        std::function<EvaluatorParts()> make);

}  // namespace murm
