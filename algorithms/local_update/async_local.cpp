#include "algorithms/local_update/async_local.hpp"

#include <algorithm>

#include "algorithms/local_update/windows.hpp"

namespace murm {

void AsyncLocalWorker::received(const Message& message, Context& /*context*/) {
  fastest_ = std::max(message.weight, 0.0);
}

std::uint32_t AsyncLocalWorker::wanted_samples() const {
  if (fastest_ <= 0 || speed() <= 0) return 0;
  return evened_samples(steps_, batch_, speed() / fastest_);
}

void DelayedNesterovAggregator::on_start(Context& context) {
  shard_.start(context);
  outer_.start(shard_.length(), context);
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
  outer_.step(shard_.parameters(), 1.0 / push.lease.samples, push.payload, context);
  shard_.changed(push.lease.samples);
  context.applied(push, staleness);
}

void DelayedNesterovAggregator::on_membership(const MembershipChange& change,
                                              Context& /*context*/) {
  for (const PeerId peer : change.left) speeds_.erase(peer);
}

void DelayedNesterovAggregator::save(MachineState& state) const {
  shard_.save(state);
  outer_.save("", state);
}

void DelayedNesterovAggregator::load(const MachineState& state, Context& context) {
  shard_.load(state, context);
  outer_.load("", state, context);
}

}  // namespace murm
