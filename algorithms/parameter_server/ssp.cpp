#include "algorithms/parameter_server/ssp.hpp"

#include <algorithm>
#include <limits>

namespace murm {

SspAggregator::SspAggregator(ShardOptions options, std::uint64_t staleness, std::uint64_t most)
    : shard_(std::move(options)), staleness_(staleness), most_(most) {
  MURM_ASSERT(staleness >= 1, std::to_string(staleness));
}

void SspAggregator::on_message(const Message& message, Context& context) {
  Step clock = message.lease.step;
  if (message.kind != MessageKind::pull) {
    if (message.lease.step > upper_limit()) {
      return context.reject(message, "gradient of a clock beyond the staleness bound");
    }
    ++clock;
    if (context.admit(message.lease)) {
      const Version staleness = shard_.staleness(message.version);
      shard_.step(context, message.payload, message.lease.samples);
      context.applied(message, staleness);
      count(message.lease);
    }
  }
  if (runs_ahead(message, clock, context)) clock = lower_limit();
  gate_.pass(message.from, clock, lower_limit(), [&](PeerId peer) { shard_.reply(context, peer); });
}

Step SspAggregator::limit(std::uint64_t ahead) const {
  constexpr Step kLast = std::numeric_limits<Step>::max();
  return ahead < kLast - floor_ ? floor_ + ahead : kLast;
}

void SspAggregator::count(const Lease& lease) {
  MURM_ASSERT(lease.step >= floor_, "clock " + std::to_string(lease.step) + " was complete");
  const std::size_t place = lease.step - floor_;
  if (place >= clocks_.size()) clocks_.resize(place + 1);
  Clock& clock = clocks_[place];
  clock.quorum = lease.quorum;
  ++clock.arrived;
  const auto incomplete = std::find_if(clocks_.begin(), clocks_.end(), [](const Clock& each) {
    return each.quorum == 0 || each.arrived < each.quorum;
  });
  floor_ += static_cast<Step>(incomplete - clocks_.begin());
  clocks_.erase(clocks_.begin(), incomplete);
  // The bound of the paper, with the iteration in progress: max c - min c <= s + 1.
  MURM_ASSERT(clocks_.empty() || clocks_.size() - 1 <= most_, std::to_string(clocks_.size()));
}

void SspAggregator::on_membership(const MembershipChange& change, Context& /*context*/) {
  for (const PeerId peer : change.left) gate_.forget(peer);
}

void SspAggregator::save(MachineState& state) const {
  shard_.save(state);
  state.numbers.emplace_back("step", floor_);
  state.numbers.emplace_back("unfinished", clocks_.size());
}

void SspAggregator::load(const MachineState& state, Context& context) {
  shard_.load(state, context);
  floor_ = state.number("step");
  require_cut(state);
}

}  // namespace murm
