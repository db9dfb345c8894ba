// Who sends to whom in gossip, and with which weights: graphs over peers 0..n-1, fixed or another one each round.
// Room: algorithms. Pure functions of (peer, round); no dense matrix, whatever n. Peers are positions among the living.
// Caller: gossip machines, tools/murm/topology_command. Source: weights of Xiao, Boyd & Lall 2005; exponential graphs of Ying et al. 2021, arXiv:2110.13363.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "algorithms/gossip/neighbour_graph.hpp"
#include "algorithms/gossip/topology_names.hpp"
#include "algorithms/random.hpp"

namespace murm {

struct TopologyOptions {
  TopologyKind kind = TopologyKind::ring;
  std::uint64_t degree = 3;  // of random_regular; see feasible_degree
  std::uint64_t seed = 1;    // of random_regular and random_matching
  std::vector<Edge> edges;   // of edges; see surviving_edges
};

struct Share {
  PeerIndex peer = 0;
  double weight = 0;
};

/// A row or a column of the mixing matrix: what concerns one peer in one round. Keep it between calls, so that
/// nothing is allocated.
struct Shares {
  double self = 1;
  std::vector<Share> others;  // in ascending order of peers
};

/// Undirected graphs have Metropolis weights W_ij = 1 / (1 + max(d_i, d_j)); directed ones, which are
/// all regular, 1 / (1 + d). So W is doubly stochastic in every round, of every kind, for every n from 1.
/// Where the closed form wants a special n: the torus is the most square a x b = n (a prime n leaves a
/// ring), the hypercube links i and i xor 2^b wherever both exist, the exponential graphs have hops
/// 2^0 .. 2^(ceil(log2 n) - 1) mod n.
/// Immutable, cheap to copy. Thread: any.
class Topology {
 public:
  Topology(TopologyOptions options, std::size_t peers);

  TopologyKind kind() const { return options_.kind; }
  std::size_t peers() const { return peers_; }
  std::uint64_t seed() const { return options_.seed; }
  /// True when i may send to j in a round in which j does not send to i.
  bool directed() const { return directed_; }
  /// W of round k is W of round k + period. 0: each round is drawn anew.
  std::size_t period() const { return period_; }
  /// Whether everybody's numbers reach everybody in the end; only a list of edges can fail.
  bool connected() const;
  /// Height and width; only of a torus, else 0 x 0.
  std::pair<std::size_t, std::size_t> sides() const { return {height_, width_}; }

  /// Row `peer` of W: x_i <- self x_i + sum_j weight_j x_j over those who send to it in this round.
  void receive(PeerIndex peer, std::uint64_t round, Shares& row) const;
  /// Column `peer` of W: to whom it sends in this round, and with which weight the receiver takes it.
  void send(PeerIndex peer, std::uint64_t round, Shares& column) const;
  /// The same receivers with the shares of push-sum, 1 / (1 + out-degree) for each and for itself: columns sum to 1,
  /// rows only where the graph is regular. A sender needs to know nobody's degree but its own.
  void push(PeerIndex peer, std::uint64_t round, Shares& column) const;

  /// One of those it sends to in this round, each as likely; nothing when there are none.
  std::optional<PeerIndex> random_neighbour(PeerIndex peer, std::uint64_t round, Random& random,
                                            Shares& scratch) const;

 private:
  enum class Way : std::uint8_t { in, out };

  void list(PeerIndex peer, std::uint64_t round, Way way, std::vector<Share>& others) const;
  void weigh(Shares& shares) const;
  std::size_t degree(PeerIndex peer) const;  // undirected kinds; 1 for one who is matched

  TopologyOptions options_;
  std::size_t peers_;
  bool directed_;
  std::size_t period_ = 1;
  std::size_t height_ = 0;
  std::size_t width_ = 0;
  std::shared_ptr<const NeighbourGraph> graph_;  // random_regular, edges
};

}  // namespace murm
