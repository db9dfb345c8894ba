#include "algorithms/gossip/topology.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <string>

#include "algorithms/gossip/random_matching.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

/// ceil(log2 n): so many hops 1, 2, 4, ... are below n.
std::size_t hops(std::size_t peers) { return static_cast<std::size_t>(std::bit_width(peers - 1)); }

/// The largest divisor that is at most the root.
std::size_t most_square_side(std::size_t peers) {
  std::size_t side = 1;
  for (std::size_t i = 1; i * i <= peers; ++i) {
    if (peers % i == 0) side = i;
  }
  return side;
}

/// Neighbours along a circle of this length.
std::size_t on_circle(std::size_t length) { return std::min<std::size_t>(length - 1, 2); }

bool is_directed(TopologyKind kind) {
  return kind == TopologyKind::directed_ring || kind == TopologyKind::exponential ||
         kind == TopologyKind::one_peer_exponential;
}

}  // namespace

Topology::Topology(TopologyOptions options, std::size_t peers)
    : options_(std::move(options)), peers_(peers), directed_(is_directed(options_.kind)) {
  MURM_ASSERT(peers > 0, "0");
  MURM_ASSERT(peers < std::numeric_limits<PeerIndex>::max(), std::to_string(peers));
  switch (options_.kind) {
    case TopologyKind::torus:
      height_ = most_square_side(peers);
      width_ = peers / height_;
      break;
    case TopologyKind::one_peer_exponential:
      period_ = std::max<std::size_t>(hops(peers), 1);
      break;
    case TopologyKind::random_matching:
      period_ = peers < 3 ? 1 : 0;  // two have no choice
      break;
    case TopologyKind::random_regular:
      graph_ = std::make_shared<const NeighbourGraph>(
          random_regular_graph(peers, options_.degree, options_.seed));
      break;
    case TopologyKind::edges:
      graph_ = std::make_shared<const NeighbourGraph>(options_.edges, peers);
      options_.edges = {};
      break;
    default:
      break;
  }
}

bool Topology::connected() const { return !graph_ || graph_->connected(); }

void Topology::list(PeerIndex peer, std::uint64_t round, Way way,
                    std::vector<Share>& others) const {
  others.clear();
  const auto add = [&](std::size_t other) {
    if (other != peer) others.push_back({static_cast<PeerIndex>(other), 0});
  };
  const auto hop = [&](std::size_t distance) {
    add((peer + (way == Way::in ? peers_ - distance : distance)) % peers_);
  };
  switch (options_.kind) {
    case TopologyKind::ring:
      add((peer + 1) % peers_);
      add((peer + peers_ - 1) % peers_);
      break;
    case TopologyKind::directed_ring:
      hop(1);
      break;
    case TopologyKind::torus: {
      const std::size_t row = peer / width_;
      const std::size_t column = peer % width_;
      add((row + 1) % height_ * width_ + column);
      add((row + height_ - 1) % height_ * width_ + column);
      add(row * width_ + (column + 1) % width_);
      add(row * width_ + (column + width_ - 1) % width_);
      break;
    }
    case TopologyKind::hypercube:
      for (std::size_t bit = 1; bit < peers_; bit *= 2) {
        if ((peer ^ bit) < peers_) add(peer ^ bit);
      }
      break;
    case TopologyKind::exponential:
      for (std::size_t distance = 1; distance < peers_; distance *= 2) hop(distance);
      break;
    case TopologyKind::one_peer_exponential:
      if (peers_ > 1) hop(std::size_t{1} << (round % period_));
      break;
    case TopologyKind::complete:
      for (std::size_t other = 0; other < peers_; ++other) add(other);
      return;  // in order as it is
    case TopologyKind::random_regular:
    case TopologyKind::edges:
      for (const PeerIndex other : graph_->neighbours(peer)) add(other);
      return;
    case TopologyKind::random_matching:
      if (const auto other = matching_partner(options_.seed, round, peers_, peer)) add(*other);
      return;
  }
  // Opposite directions around a circle of two meet at the same peer.
  std::ranges::sort(others, {}, &Share::peer);
  const auto doubles = std::ranges::unique(others, {}, &Share::peer);
  others.erase(doubles.begin(), doubles.end());
}

std::size_t Topology::degree(PeerIndex peer) const {
  switch (options_.kind) {
    case TopologyKind::ring:
      return on_circle(peers_);
    case TopologyKind::torus:
      return on_circle(height_) + on_circle(width_);
    case TopologyKind::hypercube: {
      std::size_t count = 0;
      for (std::size_t bit = 1; bit < peers_; bit *= 2) count += (peer ^ bit) < peers_ ? 1 : 0;
      return count;
    }
    case TopologyKind::complete:
      return peers_ - 1;
    case TopologyKind::random_regular:
    case TopologyKind::edges:
      return graph_->neighbours(peer).size();
    default:
      return 1;
  }
}

void Topology::weigh(Shares& shares) const {
  const std::size_t own = shares.others.size();
  bool equal = true;
  double given = 0;
  for (Share& share : shares.others) {
    const std::size_t larger = directed_ ? own : std::max(own, degree(share.peer));
    equal = equal && larger == own;
    share.weight = 1.0 / static_cast<double>(larger + 1);
    given += share.weight;
  }
  // Among equals the own weight is theirs, to the last bit: what is left of 1 would carry a rounding error.
  shares.self = equal ? 1.0 / static_cast<double>(own + 1) : 1.0 - given;
}

void Topology::receive(PeerIndex peer, std::uint64_t round, Shares& row) const {
  list(peer, round, Way::in, row.others);
  weigh(row);
}

void Topology::send(PeerIndex peer, std::uint64_t round, Shares& column) const {
  list(peer, round, Way::out, column.others);
  weigh(column);
}

void Topology::push(PeerIndex peer, std::uint64_t round, Shares& column) const {
  list(peer, round, Way::out, column.others);
  column.self = 1.0 / static_cast<double>(column.others.size() + 1);
  for (Share& share : column.others) share.weight = column.self;
}

std::optional<PeerIndex> Topology::random_neighbour(PeerIndex peer, std::uint64_t round,
                                                    Random& random, Shares& scratch) const {
  if (options_.kind == TopologyKind::complete) {  // without a list of everybody
    if (peers_ < 2) return std::nullopt;
    const std::uint32_t other = random.below(static_cast<std::uint32_t>(peers_ - 1));
    return other < peer ? other : other + 1;
  }
  list(peer, round, Way::out, scratch.others);
  if (scratch.others.empty()) return std::nullopt;
  return scratch.others[random.below(static_cast<std::uint32_t>(scratch.others.size()))].peer;
}

}  // namespace murm
