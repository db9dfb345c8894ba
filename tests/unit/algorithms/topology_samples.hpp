// Topologies for tests: of any kind, by kind or by name.
// Room: tests. Uses REQUIRE.
// Caller: tests/unit/algorithms/topology_test, mixing_matrix_test.
#pragma once
#include <string>
#include <vector>

#include "algorithms/gossip/topology.hpp"
#include "tests/catch.hpp"

namespace murm::test {

inline constexpr double kTight = 1e-12;

/// A path 0 - 1 - ... - (n - 1) with one more edge: degrees differ.
inline std::vector<Edge> some_edges(std::size_t n) {
  std::vector<Edge> edges;
  for (PeerIndex i = 1; i < n; ++i) edges.emplace_back(i - 1, i);
  if (n > 3) edges.emplace_back(n - 1, 1);
  return edges;
}

inline Topology make(TopologyKind kind, std::size_t n, std::uint64_t seed = 1,
                     std::uint64_t degree = 3) {
  TopologyOptions options{.kind = kind, .degree = degree, .seed = seed, .edges = {}};
  if (kind == TopologyKind::edges) options.edges = some_edges(n);
  return Topology(options, n);
}

inline Topology make(const std::string& name, std::size_t n) {
  const auto kind = topology_kind(name);
  REQUIRE(kind);
  return make(*kind, n);
}

}  // namespace murm::test
