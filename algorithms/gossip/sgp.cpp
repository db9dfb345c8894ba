#include "algorithms/gossip/sgp.hpp"

#include <algorithm>

namespace murm {

namespace {

/// `share` of x, as a tensor to send.
Tensor part_of(const Tensor& x, double share, Context& context) {
  const Tensor part = context.snapshot(x);
  context.scale(part, static_cast<float>(share));
  return part;
}

}  // namespace

Sgp::Sgp(const AlgorithmOptions& options)
    : RoundPeer(options, TopologyKind::one_peer_exponential) {}

void Sgp::started(Context& context) {
  weight_ = 1;
  unbiased_ = context.snapshot(replica());
}

void Sgp::weights(const Topology& topology, Shares& row, Shares& column) const {
  topology.receive(round().self, round().number, row);
  topology.push(round().self, round().number, column);
}

void Sgp::step(const GradientReady& gradient, Context& context) {
  optimizer_step(replica(), gradient, context);
  remove_bias(context);
}

void Sgp::remove_bias(Context& context) {
  context.copy(unbiased_, replica());
  if (weight_ != 1) context.scale(unbiased_, static_cast<float>(1 / weight_));
}

void Sgp::speak(Context& context) {
  double kept = 1;
  for (const Share& share : column().others) {
    const PeerId to = round().peers[share.peer];
    if (!std::binary_search(members().begin(), members().end(), to)) continue;
    kept -= share.weight;
    send(share.peer, part_of(replica(), share.weight, context), share.weight * weight_, 0, context);
  }
  if (kept == 1) return;
  context.scale(replica(), static_cast<float>(kept));
  weight_ *= kept;
}

void Sgp::mix(const Shares& /*row*/, const std::map<PeerIndex, std::vector<Message>>& messages,
              Context& context) {
  for (const auto& [peer, parts] : messages) {
    context.axpy(replica(), 1.0F, parts.front().payload);
    weight_ += parts.front().weight;
  }
  remove_bias(context);
}

/// Its weight counts whenever it comes.
void Sgp::too_late(const Message& message, Context& context) {
  context.axpy(replica(), 1.0F, message.payload);
  weight_ += message.weight;
  remove_bias(context);
}

OverlapSgp::OverlapSgp(const AlgorithmOptions& options)
    : GossipPeer(options), topology_({}, 1), overlap_(options.overlap == 0 ? 1 : options.overlap) {}

void OverlapSgp::started(Context& context) {
  weight_ = 1 + held_weight_;
  unbiased_ = context.snapshot(replica());
  if (held_.empty()) return;
  context.axpy(replica(), 1.0F, std::exchange(held_, Tensor()));
  remove_bias(context);
}

void OverlapSgp::begin(const Lease& lease, Context& context) {
  in_round_ = lease.requested;
  if (in_round_) enter(lease);
  changes_read_ = changes_;
  compute(context.snapshot(unbiased_), context);
}

void OverlapSgp::enter(const Lease& lease) {
  const std::vector<PeerId>& all = members(lease.epoch);
  const std::span<const PeerId> peers(all.data(), std::min<std::size_t>(lease.quorum, all.size()));
  if (!std::equal(peers.begin(), peers.end(), peers_.begin(), peers_.end())) {
    peers_.assign(peers.begin(), peers.end());
    topology_ = topology_among(peers, options(), TopologyKind::one_peer_exponential);
  }
  round_ = lease.step;
  topology_.receive(lease.index, round_, shares_);
  for (const Share& share : shares_.others) {
    const PeerId peer = peers_[share.peer];
    const bool gone = !std::binary_search(members().begin(), members().end(), peer);
    if (early_.erase({round_, peer}) == 0 && !gone) missing_[round_].insert(peer);
  }
  early_.erase(early_.begin(), early_.lower_bound({round_, PeerId{}}));
  topology_.push(lease.index, round_, shares_);
}

void OverlapSgp::take_gradient(const GradientReady& gradient, Context& context) {
  optimizer_step(unbiased_, gradient, context);
  context.copy(replica(), unbiased_);
  if (weight_ != 1) context.scale(replica(), static_cast<float>(weight_));
  if (!lease_done()) return compute(context.snapshot(unbiased_), context);
  if (in_round_) push(context);
  waiting_ = true;
  go_on_when_due(context);
}

void OverlapSgp::push(Context& context) {
  double kept = 1;
  for (const Share& share : shares_.others) {
    const PeerId to = peers_[share.peer];
    if (!std::binary_search(members().begin(), members().end(), to)) continue;
    Message message;
    message.kind = MessageKind::exchange;
    message.round = round_;
    message.weight = share.weight * weight_;
    message.payload = part_of(replica(), share.weight, context);
    context.send(to, std::move(message));
    kept -= share.weight;
  }
  context.scale(replica(), static_cast<float>(kept));
  weight_ *= kept;
  remove_bias(context);
}

void OverlapSgp::take_message(const Message& message, Context& context) {
  if (message.kind != MessageKind::exchange) {
    return context.reject(message, "message that no round has");
  }
  if (is_far(message.round)) {
    return context.reject(message, "message of a round that is far ahead");
  }
  note(message);
  if (!has_replica()) {  // the sender goes on without us, and nobody sends it again
    if (held_.empty()) held_ = context.allocate(options().parameters);
    context.axpy(held_, 1.0F, message.payload);
    held_weight_ += message.weight;
    return;
  }
  context.axpy(replica(), 1.0F, message.payload);
  weight_ += message.weight;
  ++changes_;
  remove_bias(context);
  go_on_when_due(context);
}

bool OverlapSgp::is_far(std::uint64_t round) const {
  const std::uint64_t most = rounds_ahead_max() * overlap_;
  // Before its first lease; a peer's words may be here sooner than the news of who the members are.
  const std::uint64_t all = std::max<std::uint64_t>(members().size(), options().workers);
  if (peers_.empty()) return early_.size() > most * all;
  return round > round_ && round - round_ > most;
}

/// That the sender has been heard of, in this round.
void OverlapSgp::note(const Message& message) {
  const auto round = missing_.find(message.round);
  if (round != missing_.end()) {
    round->second.erase(message.from);
  } else if (message.round > round_ || !in_round_) {
    early_.insert({message.round, message.from});
  }
}

void OverlapSgp::go_on_when_due(Context& context) {
  while (!missing_.empty() && missing_.begin()->second.empty()) missing_.erase(missing_.begin());
  if (!waiting_) return;
  if (!missing_.empty() && missing_.begin()->first + overlap_ <= round_) return;
  waiting_ = false;
  finished(changes_ - changes_read_, context);
}

void OverlapSgp::members_changed(const MembershipChange& change, Context& context) {
  for (auto& [round, peers] : missing_) {
    for (const PeerId peer : change.left) peers.erase(peer);
  }
  go_on_when_due(context);
}

void OverlapSgp::remove_bias(Context& context) {
  context.copy(unbiased_, replica());
  context.scale(unbiased_, static_cast<float>(1 / weight_));
}

}  // namespace murm
