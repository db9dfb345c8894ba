// Decentralised SGD in rounds: a local step, then the weighted mean with the neighbours, in one order or the other.
// Room: algorithms. Worker side; the other side is algorithms/gossip/keeper.
// Caller: actors/worker. Source: Lian et al. 2017, Algorithm 1 (D-PSGD), arXiv:1705.09056; Chen et al. 2021 (Gossip-PGA);
// Ryabinin et al. 2021, Algorithm 1 (Moshpit averaging), arXiv:2103.03239.
#pragma once
#include "algorithms/gossip/rounds.hpp"

namespace murm {

/// With x the replica, W the mixing matrix of the round, g the gradient:
///   adapt first:    x_i <- sum_j W_ij (x_j - lr g_j)
///   combine first:  x_i <- sum_j W_ij x_j - lr g_i(x_i); replicas travel while the gradient is computed
/// gossip-pga: every `period`-th round averages over all. moshpit: in round k those who agree in all digits but
/// digit k of their position, written in base `group`, average among themselves; exact after d rounds where
/// n = group^d. Deviation: the groups of moshpit follow from the positions of the living, which all know, so
/// no hash table is asked; H local steps may lie between rounds.
class DPsgd final : public RoundPeer {
 public:
  struct Rule {
    bool combine_first = false;
    std::uint64_t period = 0;  // rounds between averages over all; 0: never
    std::uint64_t group = 0;   // moshpit; 0: the topology decides
  };
  DPsgd(const AlgorithmOptions& options, TopologyKind topology, Rule rule);

 private:
  void speak(Context& context) override;
  void mix(const Shares& row, const std::map<PeerIndex, std::vector<Message>>& messages,
           Context& context) override;
  void step(const GradientReady& gradient, Context& context) override;
  void weights(const Topology& topology, Shares& row, Shares& column) const override;
  bool speaks_first() const override { return rule_.combine_first; }

  Rule rule_;
  std::vector<GradientReady> held_;  // combine first: gradients that wait for the mean
};

/// The others that peer `self` of n averages with in round `round`, all with one weight. Groups have at least two
/// peers, and at most all.
Shares grid_group(PeerIndex self, std::size_t peers, std::uint64_t round, std::uint64_t group);

}  // namespace murm
