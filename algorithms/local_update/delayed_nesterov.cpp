#include "algorithms/local_update/delayed_nesterov.hpp"

namespace murm {

void DelayedNesterov::start(std::size_t length, Context& context) {
  momentum_ = context.allocate(length);
  sum_ = context.allocate(length);
}

void DelayedNesterov::step(const Tensor& x, double unit, const Tensor& push, Context& context) {
  const double share = 1.0 / static_cast<double>(rule_.period);
  context.axpy(sum_, static_cast<float>(unit), push);
  if (++pushes_ % rule_.period == 0) {
    context.scale(momentum_, static_cast<float>(rule_.momentum));
    context.axpy(momentum_, static_cast<float>(share), sum_);
    context.scale(sum_, 0.0F);
    context.axpy(x, static_cast<float>(-rule_.lr * rule_.momentum), momentum_);
  }
  context.axpy(x, static_cast<float>(-rule_.lr * share * unit), push);
}

void DelayedNesterov::save(const std::string& prefix, MachineState& state) const {
  state.numbers.emplace_back(prefix + "pushes", pushes_);
  state.tensors.emplace_back(prefix + "momentum", momentum_);
  state.tensors.emplace_back(prefix + "sum", sum_);
}

void DelayedNesterov::load(const std::string& prefix, const MachineState& state, Context& context) {
  pushes_ = state.number(prefix + "pushes");
  context.copy(momentum_, state.tensor(prefix + "momentum"));
  context.copy(sum_, state.tensor(prefix + "sum"));
}

}  // namespace murm
