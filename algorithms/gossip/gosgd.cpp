#include "algorithms/gossip/gosgd.hpp"

#include <algorithm>

namespace murm {

GoSgd::GoSgd(const AlgorithmOptions& options)
    : GossipPeer(options),
      probability_(options.probability > 0 ? options.probability : 0.1),
      topology_({}, 1) {}

void GoSgd::started(Context& context) {
  const double own = 1.0 / static_cast<double>(std::max<std::uint64_t>(options().workers, 1));
  share_ = own + held_share_;
  if (held_.empty()) return;
  context.scale(replica(), static_cast<float>(own / share_));
  context.axpy(replica(), static_cast<float>(1 / share_), std::exchange(held_, Tensor()));
}

void GoSgd::begin(const Lease& /*lease*/, Context& context) {
  staleness_ = 0;
  step(context);
}

void GoSgd::step(Context& context) {
  changes_read_ = changes_;
  compute(context.snapshot(replica()), context);
}

void GoSgd::take_gradient(const GradientReady& gradient, Context& context) {
  optimizer_step(replica(), gradient, context);
  staleness_ = std::max(staleness_, changes_ - changes_read_);
  if (!lease_done()) return step(context);
  if (static_cast<double>(random().uniform()) < probability_) tell_somebody(context);
  finished(staleness_, context);
}

void GoSgd::tell_somebody(Context& context) {
  const auto peer = topology_.random_neighbour(position(), told_++, random(), scratch_);
  if (!peer) return;
  share_ /= 2;
  Message message;
  message.kind = MessageKind::exchange;
  message.weight = share_;
  message.payload = context.snapshot(replica());
  context.send(members()[*peer], std::move(message));
}

void GoSgd::take_message(const Message& message, Context& context) {
  if (message.kind != MessageKind::exchange) {
    return context.reject(message, "message that GoSGD does not have");
  }
  if (!has_replica()) {
    if (held_.empty()) held_ = context.allocate(options().parameters);
    context.axpy(held_, static_cast<float>(message.weight), message.payload);
    held_share_ += message.weight;
    return;
  }
  const double both = share_ + message.weight;
  context.scale(replica(), static_cast<float>(share_ / both));
  context.axpy(replica(), static_cast<float>(message.weight / both), message.payload);
  share_ = both;
  ++changes_;
}

void GoSgd::members_changed(const MembershipChange& /*change*/, Context& /*context*/) {
  topology_ = topology_among(members(), options(), TopologyKind::complete);
}

}  // namespace murm
