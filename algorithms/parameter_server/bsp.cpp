#include "algorithms/parameter_server/bsp.hpp"

#include "algorithms/parameter_server/contributions.hpp"

namespace murm {

void BspAggregator::on_start(Context& context) {
  shard_.start(context);
  sum_ = context.allocate(shard_.length());
  if (keeps_state(rule_.rule)) rule_state_ = context.allocate(shard_.length());
}

void BspAggregator::on_message(const Message& message, Context& context) {
  Step clock = message.lease.step;
  if (message.kind != MessageKind::pull) {
    if (message.lease.step > step_) {
      return context.reject(message, "gradient of a step that has not begun");
    }
    if (message.lease.index >= message.lease.quorum) {
      return context.reject(message, "gradient without a place in its step");
    }
    if (arrived_ > 0 && message.lease.step == step_ &&
        message.lease.quorum != contributions_.size()) {
      return context.reject(message, "gradient with another quorum than its step");
    }
    ++clock;
    if (context.admit(message.lease)) take(message, context);
  }
  gate_.pass(message.from, clock, step_, [&](PeerId peer) { shard_.reply(context, peer); });
}

void BspAggregator::take(const Message& push, Context& context) {
  if (arrived_ == 0) contributions_.assign(push.lease.quorum, Message());
  contributions_[push.lease.index] = push;
  ++arrived_;
  if (arrived_ == contributions_.size()) complete_step(context);
}

void BspAggregator::complete_step(Context& context) {
  std::uint64_t samples = 0;
  for (const Message& push : contributions_) samples += push.lease.samples;
  apply(contributions_, samples, context);
  // Every gradient of a step was computed at the version that step replaced: staleness 0.
  for (Message& push : contributions_) {
    context.applied(push, 0);
    push.payload = Tensor();
  }
  arrived_ = 0;
  ++step_;
}

void BspAggregator::apply(std::span<const Message> contributions, std::uint64_t samples,
                          Context& context) {
  if (contributions.size() == 1) {
    return shard_.step(context, contributions.front().payload, samples);
  }
  add_up(contributions, rule_, shard_.version(), rule_state_, sum_, context);
  shard_.step(context, sum_, samples);
}

void BspAggregator::on_membership(const MembershipChange& change, Context& /*context*/) {
  for (const PeerId peer : change.left) gate_.forget(peer);
}

void BspAggregator::save(MachineState& state) const {
  shard_.save(state);
  state.numbers.emplace_back("step", step_);
  state.numbers.emplace_back("unfinished", arrived_);
  if (!rule_state_.empty()) state.tensors.emplace_back("robust", rule_state_);
}

void BspAggregator::load(const MachineState& state, Context& context) {
  shard_.load(state, context);
  step_ = state.number("step");
  require_cut(state);
  if (!rule_state_.empty()) context.copy(rule_state_, state.tensor("robust"));
}

}  // namespace murm
