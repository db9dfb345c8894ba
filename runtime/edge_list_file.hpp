// The graph of gossip from a text file: who is linked with whom, one pair a line.
// Room: runtime. Judges lines, and that everybody can be reached; knows no weights.
// Caller: tools/murm, for `algorithm.topology = "file"`. Format: docs/topologies.md.
#pragma once
#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

namespace murm {

struct EdgeList {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;  // undirected, as in the file
  std::uint32_t peers = 0;                                     // numbered from 0
};

/// Lines are "PEER PEER"; a # begins a comment. `peers` is how many there are; 0: as many as the file names.
/// Errors: InputError with file and line; or with a peer that cannot be reached from peer 0.
EdgeList read_edge_list(const std::filesystem::path& file, std::uint32_t peers);

}  // namespace murm
