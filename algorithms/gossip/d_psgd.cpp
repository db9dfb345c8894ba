#include "algorithms/gossip/d_psgd.hpp"

#include <algorithm>

namespace murm {

namespace {

Shares average_over(PeerIndex self, const std::vector<PeerIndex>& all) {
  Shares shares;
  const double weight = 1.0 / static_cast<double>(all.size());
  shares.self = weight;
  for (const PeerIndex peer : all) {
    if (peer != self) shares.others.push_back({peer, weight});
  }
  return shares;
}

}  // namespace

Shares grid_group(PeerIndex self, std::size_t peers, std::uint64_t round, std::uint64_t group) {
  group = std::clamp<std::uint64_t>(group, 2, std::max<std::uint64_t>(peers, 2));
  std::uint64_t digits = 1;
  for (std::uint64_t reach = group; reach < peers; reach *= group) ++digits;
  std::uint64_t stride = 1;
  for (std::uint64_t digit = round % digits; digit > 0; --digit) stride *= group;
  const std::uint64_t first = self - self / stride % group * stride;
  std::vector<PeerIndex> all;
  for (std::uint64_t i = 0; i < group; ++i) {
    const std::uint64_t peer = first + i * stride;
    if (peer < peers) all.push_back(static_cast<PeerIndex>(peer));
  }
  return average_over(self, all);
}

DPsgd::DPsgd(const AlgorithmOptions& options, TopologyKind topology, Rule rule)
    : RoundPeer(options, topology), rule_(rule) {}

void DPsgd::weights(const Topology& topology, Shares& row, Shares& column) const {
  const std::size_t peers = round().peers.size();
  if (rule_.period != 0 && (round().number + 1) % rule_.period == 0) {
    std::vector<PeerIndex> all(peers);
    for (std::size_t i = 0; i < peers; ++i) all[i] = static_cast<PeerIndex>(i);
    row = average_over(round().self, all);
    column = row;
  } else if (rule_.group != 0) {
    row = grid_group(round().self, peers, round().number, rule_.group);
    column = row;
  } else {
    RoundPeer::weights(topology, row, column);
  }
}

void DPsgd::step(const GradientReady& gradient, Context& context) {
  if (rule_.combine_first && in_round()) {
    held_.push_back(gradient);
  } else {
    RoundPeer::step(gradient, context);
  }
}

void DPsgd::speak(Context& context) {
  if (column().others.empty()) return;
  const Tensor sent = context.snapshot(replica());
  for (const Share& share : column().others) send(share.peer, sent, 0, 0, context);
}

void DPsgd::mix(const Shares& row, const std::map<PeerIndex, std::vector<Message>>& messages,
                Context& context) {
  context.copy(replica(), weighted_mean(replica(), round().self, row, messages, context));
  for (const GradientReady& gradient : held_) RoundPeer::step(gradient, context);
  held_.clear();
}

}  // namespace murm
