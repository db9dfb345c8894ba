#include "algorithms/optimizer.hpp"

#include <algorithm>

#include "algorithms/vocabulary.hpp"

namespace murm {

std::size_t optimizer_state_count(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::sgd:
      return 0;
    case OptimizerKind::momentum:
    case OptimizerKind::nesterov:
    case OptimizerKind::adagrad:
    case OptimizerKind::lars:
      return 1;
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
    case OptimizerKind::lamb:
      return 2;
  }
  return 0;
}

double default_epsilon(OptimizerKind kind) {
  if (kind == OptimizerKind::adagrad) return 1e-10;
  return kind == OptimizerKind::lamb ? 1e-6 : 1e-8;
}

std::vector<OptimizerBlock> blocks_within(std::span<const OptimizerBlock> blocks,
                                          std::size_t offset, std::size_t length) {
  std::vector<OptimizerBlock> within;
  for (const OptimizerBlock& block : blocks) {
    const std::size_t from = std::max(block.offset, offset);
    const std::size_t to = std::min(block.offset + block.length, offset + length);
    if (from < to) within.push_back({from - offset, to - from, block.adapt});
  }
  return within;
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
  step.trust = options.trust;
  step.blocks = options.blocks;
  const double t = static_cast<double>(update);
  step.correction1 = static_cast<float>(1.0 / (1.0 - std::pow(options.beta1, t)));
  step.correction2 = static_cast<float>(1.0 / (1.0 - std::pow(options.beta2, t)));
  return step;
}

}  // namespace murm
