#include "algorithms/gossip/rounds.hpp"

#include <algorithm>
#include <utility>

namespace murm {

RoundPeer::RoundPeer(const AlgorithmOptions& options, TopologyKind topology)
    : GossipPeer(options), default_topology_(topology), topology_({}, 1) {}

void RoundPeer::begin(const Lease& lease, Context& context) {
  in_round_ = lease.requested;
  spoken_ = false;
  if (in_round_) {
    enter(lease, context);
    if (speaks_first()) speak(context);
  }
  compute(compute_at(context), context);
}

void RoundPeer::enter(const Lease& lease, Context& context) {
  const std::vector<PeerId>& all = members(lease.epoch);
  MURM_ASSERT(lease.quorum <= all.size(), std::to_string(lease.quorum));
  const std::span<const PeerId> peers(all.data(), lease.quorum);
  const bool changed = !std::equal(peers.begin(), peers.end(), round_.peers.begin(),
                                   round_.peers.end());
  round_.number = lease.step;
  next_round_ = lease.step;
  round_.self = lease.index;
  if (changed) {
    round_.peers.assign(peers.begin(), peers.end());
    topology_ = topology_among(peers, options(), default_topology_);
    peers_changed(context);
  }
  weights(topology_, row_, column_);
  while (!inbox_.empty() && inbox_.begin()->first < round_.number) {
    const auto past = inbox_.extract(inbox_.begin());
    for (const auto& [peer, messages] : past.mapped()) {
      for (const Message& message : messages) too_late(message, context);
    }
  }
}

double RoundPeer::waiting_weight() const {
  double weight = 0;
  for (const auto& [number, senders] : inbox_) {
    for (const auto& [peer, messages] : senders) {
      for (const Message& message : messages) weight += message.weight;
    }
  }
  return weight;
}

void RoundPeer::weights(const Topology& topology, Shares& row, Shares& column) const {
  topology.receive(round_.self, round_.number, row);
  topology.send(round_.self, round_.number, column);
}

void RoundPeer::step(const GradientReady& gradient, Context& context) {
  optimizer_step(replica(), gradient, context);
}

void RoundPeer::take_gradient(const GradientReady& gradient, Context& context) {
  step(gradient, context);
  if (!lease_done()) return compute(compute_at(context), context);
  if (!in_round_) return finished(0, context);
  if (!speaks_first()) speak(context);
  spoken_ = true;
  mix_when_complete(context);
}

void RoundPeer::send(PeerIndex to, Tensor payload, double weight, std::uint32_t part,
                     Context& context) {
  Message message;
  message.kind = MessageKind::exchange;
  message.shard = part;
  message.round = round_.number;
  message.weight = weight;
  message.payload = std::move(payload);
  context.send(round_.peers[to], std::move(message));
}

void RoundPeer::take_message(const Message& message, Context& context) {
  if (message.kind != MessageKind::exchange) {
    return context.reject(message, "message that no round has");
  }
  // Who has finished a round without us, when we joined or were slow to hear of a loss, is too late for it.
  if (message.round < next_round_) return too_late(message, context);
  const std::uint64_t most = rounds_ahead_max();
  const bool far = round_.peers.empty() ? inbox_.size() > most && !inbox_.contains(message.round)
                                        : message.round - next_round_ > most;
  if (far) return context.reject(message, "message of a round that is far ahead");
  std::vector<Message>& waiting = inbox_[message.round][message.from];
  if (waiting.size() == parts()) return context.reject(message, "more than its round has");
  waiting.push_back(message);
  mix_when_complete(context);
}

void RoundPeer::members_changed(const MembershipChange& /*change*/, Context& context) {
  mix_when_complete(context);
}

void RoundPeer::mix_when_complete(Context& context) {
  if (!in_round_ || !spoken_) return;
  auto& arrived = inbox_[round_.number];
  const std::vector<PeerId>& living = members();
  std::map<PeerIndex, std::vector<Message>> messages;
  for (const Share& share : row_.others) {
    const PeerId peer = round_.peers[share.peer];
    const auto found = arrived.find(peer);
    const bool whole = found != arrived.end() && found->second.size() >= parts();
    if (whole) {
      messages[share.peer] = found->second;
    } else if (std::binary_search(living.begin(), living.end(), peer)) {
      return;
    }
  }
  const auto round = inbox_.extract(round_.number);
  spoken_ = false;
  in_round_ = false;
  next_round_ = round_.number + 1;
  mix(row_, messages, context);
  for (const auto& [peer, rest] : round.mapped()) {  // of one who counts us in by another graph
    const bool mixed = std::any_of(
        messages.begin(), messages.end(),
        [&, from = peer](const auto& m) { return round_.peers[m.first] == from; });
    for (const Message& message : rest) {
      if (!mixed) too_late(message, context);
    }
  }
  finished(0, context);
}

Tensor weighted_mean(const Tensor& x, PeerIndex self, const Shares& row,
                     const std::map<PeerIndex, std::vector<Message>>& messages, Context& context) {
  double own = row.self;
  for (const Share& share : row.others) {
    if (!messages.contains(share.peer)) own += share.weight;
  }
  const Tensor mean = context.allocate(x.length());
  bool own_added = false;
  const auto add_own = [&] {
    if (!std::exchange(own_added, true)) context.axpy(mean, static_cast<float>(own), x);
  };
  for (const Share& share : row.others) {
    if (share.peer > self) add_own();
    const auto found = messages.find(share.peer);
    if (found == messages.end()) continue;
    context.axpy(mean, static_cast<float>(share.weight), found->second.front().payload);
  }
  add_own();
  return mean;
}

}  // namespace murm
