#include "algorithms/local_update/eager_diloco.hpp"

namespace murm {

EagerWorker::EagerWorker(const AlgorithmOptions& options, StreamingRule rule,
                         OptimizerOptions outer, double lr)
    : StreamingWorker(options, rule),
      outer_(std::move(outer)),
      lr_(lr),
      length_(options.parameters) {}

void EagerWorker::sent(const Message& push, const Range& range, Context& context) {
  if (own_.empty()) {
    own_ = context.allocate(length_);
    before_ = context.allocate(length_);
    for (std::size_t i = 0; i < optimizer_state_count(outer_.kind); ++i) {
      state_.push_back(context.allocate(length_));
    }
  }
  const auto part = [&](const Tensor& whole) { return whole.slice(range.offset, range.length); };
  const Tensor change = context.allocate(range.length);
  context.copy(change, push.payload);
  context.scale(change, 1.0F / static_cast<float>(push.lease.samples));
  context.axpy(change, -1.0F, part(before_));
  context.axpy(part(before_), 1.0F, change);
  std::vector<Tensor> state;
  for (const Tensor& each : state_) state.push_back(part(each));
  const OptimizerStep step = make_optimizer_step(outer_, lr_, 1.0 / push.lease.quorum, 1);
  context.optimizer_step(step, part(own_), change, state);
}

void EagerWorker::merging(const Tensor& reference, const Range& range, Context& context) {
  context.axpy(reference, 1.0F, own_.slice(range.offset, range.length));
}

}  // namespace murm
