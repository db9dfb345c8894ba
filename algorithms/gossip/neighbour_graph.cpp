#include "algorithms/gossip/neighbour_graph.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "algorithms/random.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

constexpr std::uint64_t kStream =
    0x7265677561726C79;  // a stream of its own beside other uses of the seed
constexpr std::size_t kSwapsPerEdge = 10;
constexpr int kMixingsMax = 100;  // until the graph is connected; the second is already rare

/// The lowest peer of each peer's component.
std::vector<PeerIndex> components(const NeighbourGraph& graph) {
  const auto peers = graph.peers();
  std::vector<PeerIndex> lowest(peers, static_cast<PeerIndex>(peers));
  std::vector<PeerIndex> open;
  for (PeerIndex start = 0; start < peers; ++start) {
    if (lowest[start] != peers) continue;
    lowest[start] = start;
    open.push_back(start);
    while (!open.empty()) {
      const PeerIndex peer = open.back();
      open.pop_back();
      for (const PeerIndex next : graph.neighbours(peer)) {
        if (lowest[next] != peers) continue;
        lowest[next] = start;
        open.push_back(next);
      }
    }
  }
  return lowest;
}

/// Peer i linked with i + 1 .. i + degree / 2, and with the opposite one when the degree is odd.
std::vector<Edge> circulant(std::size_t peers, std::size_t degree) {
  std::vector<Edge> edges;
  const auto link = [&](std::size_t a, std::size_t b) {
    edges.emplace_back(static_cast<PeerIndex>(a), static_cast<PeerIndex>(b));
  };
  for (std::size_t i = 0; i < peers; ++i) {
    for (std::size_t hop = 1; hop <= degree / 2; ++hop) link(i, (i + hop) % peers);
    if (degree % 2 == 1 && i < peers / 2) link(i, i + peers / 2);
  }
  return edges;
}

/// Exchanges ends of random pairs of edges wherever the graph stays simple: degrees stay what they are.
class EdgeSwaps {
 public:
  EdgeSwaps(std::vector<Edge>& edges, std::size_t peers) : edges_(edges), rows_(peers) {
    for (const auto& [a, b] : edges) link(a, b);
  }

  void mix(Random& random) {
    const auto count = static_cast<std::uint32_t>(edges_.size());
    for (std::size_t i = 0; i < kSwapsPerEdge * edges_.size(); ++i) {
      Edge& one = edges_[random.below(count)];
      Edge& other = edges_[random.below(count)];
      if (random.below(2) == 1) std::swap(other.first, other.second);
      if (one.first == other.second || other.first == one.second) continue;  // a loop
      if (linked(one.first, other.second) || linked(other.first, one.second)) continue;
      unlink(one.first, one.second);
      unlink(other.first, other.second);
      std::swap(one.second, other.second);
      link(one.first, one.second);
      link(other.first, other.second);
    }
  }

 private:
  using Row = std::vector<PeerIndex>;  // ascending

  bool linked(PeerIndex a, PeerIndex b) const { return std::ranges::binary_search(rows_[a], b); }
  void link(PeerIndex a, PeerIndex b) {
    rows_[a].insert(std::ranges::lower_bound(rows_[a], b), b);
    rows_[b].insert(std::ranges::lower_bound(rows_[b], a), a);
  }
  void unlink(PeerIndex a, PeerIndex b) {
    rows_[a].erase(std::ranges::lower_bound(rows_[a], b));
    rows_[b].erase(std::ranges::lower_bound(rows_[b], a));
  }

  std::vector<Edge>& edges_;
  std::vector<Row> rows_;
};

/// A regular graph of degree 2 is connected only as one ring: through the peers in random order.
std::vector<Edge> random_ring(std::size_t peers, Random& random) {
  std::vector<PeerIndex> order(peers);
  std::iota(order.begin(), order.end(), PeerIndex{0});
  for (std::size_t i = peers; i > 1; --i)
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < peers; ++i) edges.emplace_back(order[i], order[(i + 1) % peers]);
  return edges;
}

}  // namespace

NeighbourGraph::NeighbourGraph(std::span<const Edge> edges, std::size_t peers) {
  std::vector<Edge> directed;
  for (const auto& [a, b] : edges) {
    MURM_ASSERT(a < peers && b < peers, std::to_string(a) + ", " + std::to_string(b));
    if (a == b) continue;
    directed.emplace_back(a, b);
    directed.emplace_back(b, a);
  }
  std::ranges::sort(directed);
  directed.erase(std::unique(directed.begin(), directed.end()), directed.end());
  first_.assign(peers + 1, 0);
  for (const auto& [from, to] : directed) {
    ++first_[from + 1];
    neighbours_.push_back(to);
  }
  std::partial_sum(first_.begin(), first_.end(), first_.begin());
}

bool NeighbourGraph::connected() const {
  return std::ranges::all_of(components(*this), [](PeerIndex lowest) { return lowest == 0; });
}

std::size_t feasible_degree(std::size_t degree, std::size_t peers) {
  if (peers < 3) return peers == 2 ? 1 : 0;
  if (degree >= peers) return peers - 1;
  const std::size_t least = std::max<std::size_t>(degree, 2);
  return peers * least % 2 == 1 ? least - 1 : least;
}

NeighbourGraph random_regular_graph(std::size_t peers, std::size_t degree, std::uint64_t seed) {
  degree = feasible_degree(degree, peers);
  Random random(seed, kStream);
  if (degree == 2) return {random_ring(peers, random), peers};
  const auto start = circulant(peers, degree);
  if (degree + 1 >= peers) return {start, peers};  // complete: nothing to exchange
  auto edges = start;
  EdgeSwaps swaps(edges, peers);
  for (int mixing = 0; mixing < kMixingsMax; ++mixing) {
    swaps.mix(random);
    NeighbourGraph graph(edges, peers);
    if (graph.connected()) return graph;
  }
  return {start, peers};
}

std::vector<Edge> surviving_edges(std::span<const Edge> edges, std::span<const PeerIndex> living) {
  std::vector<Edge> kept;
  const auto index_of = [&](PeerIndex peer) {
    return static_cast<PeerIndex>(std::ranges::lower_bound(living, peer) - living.begin());
  };
  const auto lives = [&](PeerIndex peer) { return std::ranges::binary_search(living, peer); };
  for (const auto& [a, b] : edges) {
    if (lives(a) && lives(b)) kept.emplace_back(index_of(a), index_of(b));
  }
  PeerIndex before = 0;
  const auto lowest = components(NeighbourGraph(kept, living.size()));
  for (PeerIndex peer = 1; peer < lowest.size(); ++peer) {
    if (lowest[peer] != peer) continue;
    kept.emplace_back(before, peer);
    before = peer;
  }
  return kept;
}

}  // namespace murm
