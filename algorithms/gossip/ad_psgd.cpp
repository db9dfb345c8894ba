#include "algorithms/gossip/ad_psgd.hpp"

#include <algorithm>

namespace murm {

AdPsgd::AdPsgd(const AlgorithmOptions& options, Asks asks)
    : GossipPeer(options), asks_(asks), topology_({}, 1) {}

void AdPsgd::begin(const Lease& /*lease*/, Context& context) {
  staleness_ = 0;
  step(context);
  if (asks_ == Asks::while_computing && sent_.empty()) ask(context);
}

void AdPsgd::step(Context& context) {
  changes_read_ = changes_;
  compute(context.snapshot(replica()), context);
}

void AdPsgd::take_gradient(const GradientReady& gradient, Context& context) {
  optimizer_step(replica(), gradient, context);
  staleness_ = std::max(staleness_, changes_ - changes_read_);
  if (!lease_done()) return step(context);
  if (asks_ == Asks::between_leases && sent_.empty()) ask(context);
  finished(staleness_, context);
}

void AdPsgd::ask(Context& context) {
  const auto partner = topology_.random_neighbour(position(), asked_++, random(), scratch_);
  if (!partner) return;
  partner_ = members()[*partner];
  sent_ = context.snapshot(replica());
  served_ = false;
  Message request;
  request.kind = MessageKind::exchange;
  request.round = ++exchange_;
  request.payload = sent_;
  context.send(partner_, std::move(request));
}

void AdPsgd::answer(const Message& request, Context& context) {
  Message answer;
  answer.round = request.round;
  answer.kind = MessageKind::decline;
  if (has_replica() && !(served_ && !sent_.empty())) {
    served_ = true;
    answer.kind = MessageKind::answer;
    answer.payload = context.snapshot(replica());
    context.scale(replica(), 0.5F);
    context.axpy(replica(), 0.5F, request.payload);
    ++changes_;
  }
  context.send(request.from, std::move(answer));
}

void AdPsgd::take_message(const Message& message, Context& context) {
  if (message.kind == MessageKind::exchange) return answer(message, context);
  if (sent_.empty() || message.from != partner_ || message.round != exchange_) return;  // too late
  if (message.kind == MessageKind::answer) {
    context.axpy(replica(), 0.5F, message.payload);
    context.axpy(replica(), -0.5F, sent_);
    ++changes_;
  }
  sent_ = Tensor();
  collect_if_due(context);
}

void AdPsgd::members_changed(const MembershipChange& change, Context& context) {
  topology_ = topology_among(members(), options(), TopologyKind::complete);
  const auto& left = change.left;
  if (sent_.empty() || std::find(left.begin(), left.end(), partner_) == left.end()) return;
  sent_ = Tensor();
  collect_if_due(context);
}

}  // namespace murm
