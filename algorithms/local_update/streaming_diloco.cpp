#include "algorithms/local_update/streaming_diloco.hpp"

#include <algorithm>
#include <utility>

#include "algorithms/local_update/worker.hpp"

namespace murm {

StreamingWorker::StreamingWorker(const AlgorithmOptions& options, StreamingRule rule)
    : rule_(rule),
      batch_(options.batch),
      inner_(options),
      length_(options.parameters),
      parts_(options.shards) {
  MURM_ASSERT(rule.overlap <= rule.steps, std::to_string(rule.overlap));
  MURM_ASSERT(rule.fragments >= 1, std::to_string(rule.fragments));
  for (std::uint32_t shard = 0; shard < options.shards; ++shard) {
    const std::uint64_t fragments = rule.fragments;
    const std::uint64_t number = shard % fragments + 1;
    parts_[shard].range = shard_range(options.parameters, options.shards, shard);
    parts_[shard].offset = (number * rule.steps + fragments - 1) / fragments;
  }
}

void StreamingWorker::on_lease(const Lease& lease, Context& context) {
  if (!lease.requested) return give_up(lease, context);
  next_ = lease;
  if (!replica_.empty()) return go_on(context);
  Message pull;
  pull.lease = lease;
  for (std::uint32_t shard = 0; shard < parts_.size(); ++shard) ask(shard, pull, context);
}

void StreamingWorker::give_up(const Lease& lease, Context& context) {
  Message nothing;
  nothing.kind = MessageKind::push;
  nothing.lease = lease;
  nothing.dropped = true;
  for (std::uint32_t shard = 0; shard < parts_.size(); ++shard) ask(shard, nothing, context);
}

void StreamingWorker::ask(std::uint32_t shard, Message message, Context& context) {
  message.shard = shard;
  ++parts_[shard].asked;
  context.send(PeerId::aggregator(shard), std::move(message));
}

void StreamingWorker::on_message(const Message& message, Context& context) {
  const bool known = message.kind == MessageKind::parameters && message.shard < parts_.size();
  if (!known || parts_[message.shard].asked == 0 ||
      message.payload.length() != parts_[message.shard].range.length) {
    return context.reject(message, "parameters that were not asked for");
  }
  Part& part = parts_[message.shard];
  --part.asked;
  part.latest = message.payload;
  part.rounds = static_cast<Step>(message.weight);
  part.version = message.version;
  merge_due(part, context);
  go_on(context);
}

/// The first window, once every shard has answered for it.
void StreamingWorker::enter(Context& context) {
  replica_ = context.allocate(length_);
  reference_ = context.allocate(length_);
  for (Part& part : parts_) {
    const Tensor reference = reference_.slice(part.range.offset, part.range.length);
    context.copy(reference, part.latest);
    context.copy(replica_.slice(part.range.offset, part.range.length), reference);
    part.version_read = part.version;
    const std::uint64_t merged = part.offset + rule_.overlap;
    if (merged > rule_.steps) part.due.push_back({next_->step, merged - rule_.steps});
  }
}

void StreamingWorker::go_on(Context& context) {
  if (computing_ || (!window_ && !next_)) return;
  const auto answered = [&](const Part& part) {
    return !part.latest.empty() && part.rounds >= next_->step;
  };
  if (replica_.empty()) {
    if (!std::all_of(parts_.begin(), parts_.end(), answered)) return;
    enter(context);
  }
  const auto late = [&](const Part& part) {
    return !part.due.empty() && part.due.front().step <= inner_.steps();
  };
  if (std::any_of(parts_.begin(), parts_.end(), late)) return;
  if (!window_) begin_window(context);
  computing_ = true;
  Lease step = *window_;
  step.position += done_;
  step.samples = std::min(batch_, step.samples - done_);
  context.compute(step, std::span(&replica_, 1));
}

void StreamingWorker::begin_window(Context& context) {
  window_ = std::exchange(next_, std::nullopt);
  place_ = 0;
  done_ = 0;
  loss_sum_ = 0;
  for (Part& part : parts_) part.sent = false;
  context.request_lease();  // so that the next window does not wait for it
}

void StreamingWorker::on_gradient(const GradientReady& gradient, Context& context) {
  computing_ = false;
  inner_.step(gradient, replica_, context);
  ++place_;
  done_ += gradient.lease.samples;
  loss_sum_ += gradient.loss_sum;
  const bool ends = done_ >= window_->samples;  // sooner than usual with the last window of the run
  for (std::uint32_t shard = 0; shard < parts_.size(); ++shard) {
    if (!parts_[shard].sent && (ends || place_ == parts_[shard].offset)) push(shard, context);
  }
  if (ends) window_.reset();
  for (Part& part : parts_) merge_due(part, context);
  go_on(context);
}

void StreamingWorker::push(std::uint32_t shard, Context& context) {
  Part& part = parts_[shard];
  const Tensor old = reference_.slice(part.range.offset, part.range.length);
  const Tensor now = replica_.slice(part.range.offset, part.range.length);
  Message message;
  message.kind = MessageKind::push;
  message.version = part.version_read;
  message.lease = *window_;
  message.loss_sum = loss_sum_ * (static_cast<double>(window_->samples) / done_);
  message.payload = pseudo_gradient(std::span(&old, 1), now, window_->samples, context);
  sent(message, part.range, context);
  part.sent = true;
  part.due.push_back({window_->step + 1, inner_.steps() + rule_.overlap});
  ask(shard, std::move(message), context);
}

void StreamingWorker::merge_due(Part& part, Context& context) {
  while (!part.due.empty() && part.due.front().step <= inner_.steps() &&
         part.rounds >= part.due.front().rounds) {
    merge(part, context);
    part.due.pop_front();
  }
}

void StreamingWorker::merge(Part& part, Context& context) {
  const Tensor reference = reference_.slice(part.range.offset, part.range.length);
  const Tensor x = replica_.slice(part.range.offset, part.range.length);
  context.copy(reference, part.latest);
  part.version_read = part.version;
  merging(reference, part.range, context);
  if (rule_.mixing == 0) return context.copy(x, reference);
  context.scale(x, static_cast<float>(rule_.mixing));
  context.axpy(x, static_cast<float>(1 - rule_.mixing), reference);
}

void StreamingWorker::save(MachineState& state) const {
  state.numbers.emplace_back("inner_steps", inner_.steps());
}

}  // namespace murm
