// The evaluator: loss and accuracy of a snapshot of the parameters on the test set.
// Room: actors. Own device lane and own thread; never touches parameters in training.
// Caller: actors/training_node spawns one, detached, in the coordinator's process.
#pragma once
#include <functional>

#include "actors/cast.hpp"
#include "models/evaluation.hpp"

namespace murm {

/// In: EvaluationRequest. Out: its answer. State: a device, an objective, the test set.
EvaluatorActor::behavior_type evaluator(EvaluatorActor::pointer self,
                                        std::function<EvaluatorParts()> make);

}  // namespace murm
