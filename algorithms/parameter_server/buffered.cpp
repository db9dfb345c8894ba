#include "algorithms/parameter_server/buffered.hpp"

#include <algorithm>
#include <utility>

#include "algorithms/parameter_server/contributions.hpp"

namespace murm {

BufferedAggregator::BufferedAggregator(ShardOptions options, BufferRule rule, RobustOptions robust)
    : shard_(std::move(options)), rule_(rule), robust_(robust) {
  MURM_ASSERT(rule.size >= 1, std::to_string(rule.size));
}

void BufferedAggregator::on_start(Context& context) {
  shard_.start(context);
  sum_ = context.allocate(shard_.length());
  if (keeps_state(robust_.rule)) robust_state_ = context.allocate(shard_.length());
}

void BufferedAggregator::on_message(const Message& message, Context& context) {
  std::optional<LeaseId> dropped;
  bool taken = false;
  if (message.kind == MessageKind::push && context.admit(message.lease)) {
    const Version staleness = shard_.staleness(message.version);
    if (rule_.fresh_only && staleness > 0) {
      dropped = message.lease.id;
      context.dropped(message);
    } else {
      take(message, staleness, context);
      taken = true;
    }
  }
  const bool waits = taken && rule_.waits;
  if (waits) {
    waiting_.push_back(message.from);
    std::erase(at_work_, message.from);
  }
  if (taken) step_when_full(context);
  if (!waits) answer(message.from, dropped, context);
}

void BufferedAggregator::answer(PeerId peer, std::optional<LeaseId> dropped, Context& context) {
  shard_.reply(context, peer, dropped);
  if (!rule_.tells) return;
  const auto place = std::lower_bound(at_work_.begin(), at_work_.end(), peer);
  if (place == at_work_.end() || *place != peer) at_work_.insert(place, peer);
}

void BufferedAggregator::take(const Message& push, Version staleness, Context& context) {
  const double weight = staleness_weight(rule_.weight, staleness, staleness);
  if (robust()) {
    kept_.push_back(push);
    if (weight != 1) {
      kept_.back().payload = context.snapshot(push.payload);
      context.scale(kept_.back().payload, static_cast<float>(weight));
    }
  } else if (count_ == 0) {
    context.copy(sum_, push.payload);
    if (weight != 1) context.scale(sum_, static_cast<float>(weight));
  } else {
    context.axpy(sum_, static_cast<float>(weight), push.payload);
  }
  ++count_;
  samples_ += push.lease.samples;
  context.applied(push, staleness);
}

/// Where contributors wait, no more can come than there are workers.
std::uint32_t BufferedAggregator::size() const {
  const std::uint64_t most = rule_.waits ? std::max<std::uint64_t>(members_, 1) : rule_.size;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(rule_.size, most));
}

void BufferedAggregator::step_when_full(Context& context) {
  if (count_ < size()) return;
  if (robust()) {
    add_up(kept_, robust_, shard_.version(), robust_state_, sum_, context);
    kept_.clear();
  }
  shard_.step(context, sum_, samples_);
  count_ = 0;
  samples_ = 0;
  for (const PeerId peer : at_work_) shard_.tell(context, peer);
  for (const PeerId peer : std::exchange(waiting_, {})) answer(peer, std::nullopt, context);
}

void BufferedAggregator::on_membership(const MembershipChange& change, Context& context) {
  members_ += change.joined.size();
  members_ -= std::min<std::uint64_t>(members_, change.left.size());
  for (const PeerId peer : change.left) {
    std::erase(waiting_, peer);
    std::erase(at_work_, peer);
  }
  if (count_ > 0) step_when_full(context);
}

void BufferedAggregator::save(MachineState& state) const {
  shard_.save(state);
  state.numbers.emplace_back("buffered", count_);
  state.numbers.emplace_back("buffered_samples", samples_);
  if (!robust()) {
    state.tensors.emplace_back("buffer", sum_);
    return;
  }
  if (!robust_state_.empty()) state.tensors.emplace_back("robust", robust_state_);
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    state.numbers.emplace_back("samples" + std::to_string(i), kept_[i].lease.samples);
    state.tensors.emplace_back("buffer" + std::to_string(i), kept_[i].payload);
  }
}

void BufferedAggregator::load(const MachineState& state, Context& context) {
  shard_.load(state, context);
  count_ = state.number("buffered");
  samples_ = state.number("buffered_samples");
  if (!robust()) return context.copy(sum_, state.tensor("buffer"));
  if (!robust_state_.empty()) context.copy(robust_state_, state.tensor("robust"));
  for (std::size_t i = 0; i < count_; ++i) {
    Message& kept = kept_.emplace_back();
    kept.lease.samples = static_cast<std::uint32_t>(state.number("samples" + std::to_string(i)));
    kept.payload = context.snapshot(state.tensor("buffer" + std::to_string(i)));
  }
}

}  // namespace murm
