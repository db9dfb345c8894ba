#include "algorithms/local_update/outer_aggregator.hpp"

#include "algorithms/parameter_server/contributions.hpp"

namespace murm {

namespace {

/// A worker begins window k + 1 when round k - 1 is closed, so it pushes for the open round or the one after it.
constexpr Step kAheadMax = 1;
/// Leases are planned further ahead, also by those who join; what is lost with its worker may be of any of them.
constexpr Step kLostAheadMax = Step{1} << 12U;

}  // namespace

void OuterAggregator::on_start(Context& context) {
  shard_.start(context);
  sum_ = context.allocate(shard_.length());
  if (keeps_state(rule_.rule)) rule_state_ = context.allocate(shard_.length());
}

void OuterAggregator::on_message(const Message& message, Context& context) {
  Step clock = message.lease.step;
  if (message.kind != MessageKind::pull) {
    if (const auto why = objection(message)) return context.reject(message, *why);
    ++clock;
    if (message.lease.step >= closed_ && context.admit(message.lease)) take(message, context);
  }
  gate_.pass(message.from, clock, closed_,
             [&](PeerId peer) { shard_.reply(context, peer, static_cast<double>(closed_)); });
}

std::optional<std::string> OuterAggregator::objection(const Message& push) const {
  if (push.lease.step > closed_ + (push.dropped ? kLostAheadMax : kAheadMax)) {
    return "pseudo-gradient of a round far ahead";
  }
  if (push.lease.index >= push.lease.quorum) return "pseudo-gradient without a place in its round";
  const bool empty = push.payload.length() == 0;
  if (empty != push.dropped) return "pseudo-gradient of another length than its shard";
  const auto round = rounds_.find(push.lease.step);
  if (round != rounds_.end() && round->second.pushes.size() != push.lease.quorum) {
    return "pseudo-gradient with another quorum than its round";
  }
  return std::nullopt;
}

void OuterAggregator::take(const Message& push, Context& context) {
  Round& round = rounds_[push.lease.step];
  if (round.arrived++ == 0) round.pushes.assign(push.lease.quorum, Message());
  round.pushes[push.lease.index] = push;
  for (auto next = rounds_.find(closed_);
       next != rounds_.end() && next->second.arrived == next->second.pushes.size();
       next = rounds_.find(closed_)) {
    close(next->second, context);
    rounds_.erase(next);
    ++closed_;
  }
}

void OuterAggregator::close(const Round& round, Context& context) {
  std::vector<Message> given;
  std::vector<Version> staleness;
  std::uint64_t samples = 0;
  for (const Message& push : round.pushes) {
    if (push.dropped) {
      context.dropped(push);
      continue;
    }
    given.push_back(push);
    staleness.push_back(shard_.staleness(push.version));
    samples += push.lease.samples;
  }
  if (given.size() == 1) {
    shard_.step(context, given.front().payload, samples);
  } else if (!given.empty()) {
    add_up(given, rule_, shard_.version(), rule_state_, sum_, context);
    shard_.step(context, sum_, samples);
  }
  for (std::size_t i = 0; i < given.size(); ++i) context.applied(given[i], staleness[i]);
}

void OuterAggregator::on_membership(const MembershipChange& change, Context& /*context*/) {
  for (const PeerId peer : change.left) gate_.forget(peer);
}

void OuterAggregator::save(MachineState& state) const {
  shard_.save(state);
  state.numbers.emplace_back("step", closed_);
  state.numbers.emplace_back("unfinished", rounds_.size());
  if (!rule_state_.empty()) state.tensors.emplace_back("robust", rule_state_);
}

void OuterAggregator::load(const MachineState& state, Context& context) {
  shard_.load(state, context);
  closed_ = state.number("step");
  require_cut(state);
  if (!rule_state_.empty()) context.copy(rule_state_, state.tensor("robust"));
}

}  // namespace murm
