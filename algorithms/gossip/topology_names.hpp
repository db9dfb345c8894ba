// The kinds of topologies and their names in job files and on the command line.
// Room: algorithms. Names only.
// Caller: algorithms/gossip/topology, the registry of algorithms, tools/murm/topology_command.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace murm {

enum class TopologyKind : std::uint8_t {
  ring,
  directed_ring,
  torus,
  hypercube,
  exponential,
  one_peer_exponential,
  complete,
  random_regular,
  random_matching,
  edges,  // given by the caller, "file" by name
};

inline constexpr std::array<std::pair<TopologyKind, std::string_view>, 10> topology_names{{
    {TopologyKind::ring, "ring"},
    {TopologyKind::directed_ring, "directed-ring"},
    {TopologyKind::torus, "torus"},
    {TopologyKind::hypercube, "hypercube"},
    {TopologyKind::exponential, "exponential"},
    {TopologyKind::one_peer_exponential, "one-peer-exponential"},
    {TopologyKind::complete, "complete"},
    {TopologyKind::random_regular, "random-regular"},
    {TopologyKind::random_matching, "random-matching"},
    {TopologyKind::edges, "file"},
}};

constexpr std::string_view to_text(TopologyKind kind) {
  for (const auto& [known, name] : topology_names) {
    if (known == kind) return name;
  }
  return "";
}

constexpr std::optional<TopologyKind> topology_kind(std::string_view name) {
  for (const auto& [kind, known] : topology_names) {
    if (known == name) return kind;
  }
  return std::nullopt;
}

/// All names, as a sentence lists them: "ring, directed-ring, ...".
inline std::string topology_name_list() {
  std::string text;
  for (const auto& [kind, name] : topology_names)
    text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

}  // namespace murm
