// Undirected graphs that have no formula: from a list of edges, or random and regular.
// Room: algorithms. Integers only; the same seed gives the same graph everywhere.
// Caller: algorithms/gossip/topology. Source: degree-preserving edge swaps, as in Viger & Latapy 2005, from a circulant graph.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace murm {

/// A peer among the living ones: its position in the order of their ids, 0..n-1.
using PeerIndex = std::uint32_t;
using Edge = std::pair<PeerIndex, PeerIndex>;  // undirected

class NeighbourGraph {
 public:
  NeighbourGraph() = default;
  /// Edges named twice, in either direction, count once; loops are left out.
  /// Requires: both ends below `peers` (asserted).
  NeighbourGraph(std::span<const Edge> edges, std::size_t peers);

  std::size_t peers() const { return first_.empty() ? 0 : first_.size() - 1; }
  /// In ascending order.
  std::span<const PeerIndex> neighbours(PeerIndex peer) const {
    return {neighbours_.data() + first_[peer], first_[peer + 1] - first_[peer]};
  }
  bool connected() const;

 private:
  std::vector<std::size_t> first_;  // of each peer in neighbours_, and the end
  std::vector<PeerIndex> neighbours_;
};

/// The degree that a connected regular graph over `peers` can have and that is nearest to `degree`, from below where the
/// parity forbids it: n * d is even, d < n, d >= 2 when n > 2.
std::size_t feasible_degree(std::size_t degree, std::size_t peers);

/// A connected random graph in which each peer has feasible_degree(degree, peers) neighbours.
NeighbourGraph random_regular_graph(std::size_t peers, std::size_t degree, std::uint64_t seed);

/// The edges between peers that are still there, in the numbering of the living. Where that leaves several
/// components, the lowest peers of neighbouring ones are linked: without that their average would never be one.
/// `living` has, in ascending order, the numbers that the living peers have in `edges`.
std::vector<Edge> surviving_edges(std::span<const Edge> edges, std::span<const PeerIndex> living);

}  // namespace murm
