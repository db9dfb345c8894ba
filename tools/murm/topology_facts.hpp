// What `murm topology` finds out about one topology, and how it says it: as lines, as a table, as JSON.
// Room: tools.
// Caller: tools/murm/topology_command.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/gossip/mixing_matrix.hpp"
#include "algorithms/gossip/topology.hpp"

namespace murm {

/// To how many peers one sends in a round, or from how many it receives.
struct DegreeRange {
  std::size_t min = 0;
  std::size_t max = 0;
  double mean = 0;
};

struct TopologyFacts {
  std::string name;
  std::size_t peers = 0;
  std::uint64_t seed = 0;
  bool directed = false;
  std::size_t period = 0;  // 0: each round is drawn anew
  DegreeRange sends;
  DegreeRange receives;
  Contraction contraction;
  std::optional<std::uint64_t>
      rounds;  // to a millionth of the distance; nothing: too many to try out
};

TopologyFacts facts_of(const Topology& topology);

/// Several lines about one topology, for people who see such numbers for the first time.
std::string topology_text(const TopologyFacts& facts);
/// One line for each.
std::string topology_table(const std::vector<TopologyFacts>& all);
std::string topology_json(const std::vector<TopologyFacts>& all);

/// "2", "1 to 3", for a caption.
std::string to_text(const DegreeRange& degrees);
std::string rho_text(double rho);

}  // namespace murm
