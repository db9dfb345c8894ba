#include "algorithms/local_update/inner_optimizer.hpp"

namespace murm {

void InnerOptimizer::step(const GradientReady& gradient, const Tensor& replica, Context& context) {
  while (state_.size() < optimizer_state_count(optimizer_.kind)) {
    state_.push_back(context.allocate(replica.length()));
  }
  const double samples = gradient.lease.samples;
  if (clip_ > 0) context.clip(gradient.gradient, 1.0 / samples, clip_);
  // The place in the run's stream of samples is a clock that all workers share.
  const bool by_samples = schedule_.clock == ScheduleClock::samples;
  const double now = static_cast<double>(gradient.lease.position);
  const double rate = learning_rate_at(schedule_, by_samples ? now : now / batch_,
                                       by_samples ? batch_ : 1.0);
  const OptimizerStep step = make_optimizer_step(optimizer_, rate, 1.0 / samples, ++steps_);
  context.optimizer_step(step, replica, gradient.gradient, state_);
}

}  // namespace murm
