#include "algorithms/local_update/async_local.hpp"

#include <algorithm>
#include <cmath>

namespace murm {

void AsyncLocalWorker::received(const Message& message, Context& /*context*/) {
  fastest_ = std::max(message.weight, 0.0);
}

std::uint32_t AsyncLocalWorker::wanted_samples() const {
  if (fastest_ <= 0 || speed() <= 0) return 0;
  const double share = std::min(1.0, speed() / fastest_);
  const double steps = std::max(1.0, std::ceil(static_cast<double>(steps_) * share));
  return static_cast<std::uint32_t>(steps) * batch_;
}

void DelayedNesterovAggregator::on_start(Context& context) {
  shard_.start(context);
  momentum_ = context.allocate(shard_.length());
  sum_ = context.allocate(shard_.length());
}

void DelayedNesterovAggregator::on_message(const Message& message, Context& context) {
  if (message.kind == MessageKind::push && context.admit(message.lease)) apply(message, context);
  if (message.weight > 0) speeds_[message.from] = message.weight;
  double fastest = 0;
  for (const auto& [peer, speed] : speeds_) fastest = std::max(fastest, speed);
  shard_.reply(context, message.from, fastest);
}

void DelayedNesterovAggregator::apply(const Message& push, Context& context) {
  const Version staleness = shard_.staleness(push.version);
  const double mean = 1.0 / push.lease.samples;
  const double share = 1.0 / static_cast<double>(rule_.period);
  context.axpy(sum_, static_cast<float>(mean), push.payload);
  if (++pushes_ % rule_.period == 0) {
    context.scale(momentum_, static_cast<float>(rule_.momentum));
    context.axpy(momentum_, static_cast<float>(share), sum_);
    context.scale(sum_, 0.0F);
    context.axpy(shard_.parameters(), static_cast<float>(-rule_.lr * rule_.momentum), momentum_);
  }
  context.axpy(shard_.parameters(), static_cast<float>(-rule_.lr * share * mean), push.payload);
  shard_.changed(push.lease.samples);
  context.applied(push, staleness);
}

void DelayedNesterovAggregator::on_membership(const MembershipChange& change,
                                              Context& /*context*/) {
  for (const PeerId peer : change.left) speeds_.erase(peer);
}

void DelayedNesterovAggregator::save(MachineState& state) const {
  shard_.save(state);
  state.numbers.emplace_back("pushes", pushes_);
  state.tensors.emplace_back("momentum", momentum_);
  state.tensors.emplace_back("sum", sum_);
}

void DelayedNesterovAggregator::load(const MachineState& state, Context& context) {
  shard_.load(state, context);
  pushes_ = state.number("pushes");
  context.copy(momentum_, state.tensor("momentum"));
  context.copy(sum_, state.tensor("sum"));
}

}  // namespace murm
