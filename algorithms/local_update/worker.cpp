#include "algorithms/local_update/worker.hpp"

#include <algorithm>

namespace murm {

namespace {

void gather(const Tensor& whole, std::span<const Tensor> parts, Context& context) {
  std::size_t offset = 0;
  for (const Tensor& part : parts) {
    context.copy(whole.slice(offset, part.length()), part);
    offset += part.length();
  }
}

}  // namespace

Tensor pseudo_gradient(std::span<const Tensor> old, const Tensor& now, double samples,
                       Context& context) {
  const Tensor result = context.allocate(now.length());
  gather(result, old, context);
  context.axpy(result, -1.0F, now);
  context.scale(result, static_cast<float>(samples));
  return result;
}

LocalUpdateWorker::LocalUpdateWorker(const AlgorithmOptions& options)
    : ParameterServerWorker({options.parameters, options.shards, options.clip}),
      batch_(options.batch),
      inner_(options) {}

void LocalUpdateWorker::begin(const Lease& lease, Context& context) {
  if (replica_.empty()) replica_ = context.allocate(options().parameters);
  open_window(context);
  begun_ = true;
  window_ = lease;
  done_ = 0;
  loss_sum_ = 0;
  compute_step(context);
}

void LocalUpdateWorker::compute_step(Context& context) {
  Lease step = window_;
  step.position += done_;
  step.samples = std::min(batch_, window_.samples - done_);
  asked_ = context.now();
  context.compute(step, std::span(&replica_, 1));
}

bool LocalUpdateWorker::finish(GradientReady& content, Context& context) {
  constexpr double kNewest = 0.1;  // its weight in the running mean
  const double seconds = std::chrono::duration<double>(context.now() - asked_).count();
  step_seconds_ += (step_seconds_ > 0 ? kNewest : 1.0) * (seconds - step_seconds_);
  inner_.step(content, replica_, context);
  stepped(content.lease.samples, context);
  done_ += content.lease.samples;
  loss_sum_ += content.loss_sum;
  if (done_ < window_.samples) {
    content.gradient = Tensor();
    compute_step(context);
    return false;
  }
  content.lease = window_;
  content.loss_sum = loss_sum_;
  content.gradient = close_window(window_.samples, context);
  return true;
}

void LocalUpdateWorker::open_window(Context& context) {
  // Kept: newer parameters may come while the window lasts.
  start_.assign(parts().begin(), parts().end());
  gather(replica_, start_, context);
}

Tensor LocalUpdateWorker::close_window(double samples, Context& context) {
  return pseudo_gradient(start_, replica_, samples, context);
}

void LocalUpdateWorker::save(MachineState& state) const {
  state.numbers.emplace_back("inner_steps", inner_.steps());
}

}  // namespace murm
