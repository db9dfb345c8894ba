#include "algorithms/optimizer.hpp"

#include "algorithms/vocabulary.hpp"

namespace murm {

std::size_t optimizer_state_count(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::sgd:
      return 0;
    case OptimizerKind::momentum:
    case OptimizerKind::nesterov:
      return 1;
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      return 2;
  }
  return 0;
}

OptimizerStep make_optimizer_step(const OptimizerOptions& options, double learning_rate,
                                  double gradient_scale, std::uint64_t update) {
  MURM_ASSERT(update >= 1, std::to_string(update));
  OptimizerStep step;
  step.kind = options.kind;
  step.gradient_scale = static_cast<float>(gradient_scale);
  step.learning_rate = static_cast<float>(learning_rate);
  step.momentum = static_cast<float>(options.momentum);
  step.beta1 = static_cast<float>(options.beta1);
  step.beta2 = static_cast<float>(options.beta2);
  step.epsilon = static_cast<float>(options.epsilon);
  step.weight_decay = static_cast<float>(options.weight_decay);
  const double t = static_cast<double>(update);
  step.correction1 = static_cast<float>(1.0 / (1.0 - std::pow(options.beta1, t)));
  step.correction2 = static_cast<float>(1.0 / (1.0 - std::pow(options.beta2, t)));
  return step;
}

}  // namespace murm
