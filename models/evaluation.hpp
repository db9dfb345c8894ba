// Loss and accuracy of parameters on a data set.
// Room: models. Joins a device, an objective and a data set; knows no actor and no run.
// Caller: actors/evaluator, actors/virtual, tools/murm (evaluate).
#pragma once
#include <limits>
#include <memory>
#include <span>

#include "gpu/device.hpp"
#include "models/dataset.hpp"
#include "models/objective.hpp"

namespace murm {

struct Evaluation {
  double loss = 0;  // mean per sample; of a model with classes: cross-entropy in nats
  double accuracy =
      std::numeric_limits<double>::quiet_NaN();  // fraction of all labels; NaN without classes
};

/// What an evaluation works with, in the order of their lives.
struct EvaluatorParts {
  std::unique_ptr<Device> device;
  std::unique_ptr<Objective> objective;
  std::shared_ptr<const Dataset> data;
};

/// Means over the whole of `data`. `parameters` [parameter_count]. Thread: any, one at a time.
Evaluation evaluate(const EvaluatorParts& parts, std::span<const float> parameters);

}  // namespace murm
