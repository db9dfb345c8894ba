// `murm topology`: degree, spectral gap and picture of a topology of gossip, before anything is trained with it.
// Room: tools.
// Caller: tools/murm/main.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace murm {

struct TopologyCommand {
  std::string name;  // or "all"
  std::optional<std::uint64_t> nodes;
  std::optional<std::uint64_t> degree;  // of random-regular
  std::optional<std::uint64_t> seed;    // of random graphs, and of the random start
  std::filesystem::path file;           // of file
  std::filesystem::path svg;            // empty: topology-NAME-n.svg
  std::filesystem::path report;
  bool quiet = false;
};

/// Returns the exit code. Throws InputError (2), also when a file cannot be written.
int run_topology(const TopologyCommand& command);

}  // namespace murm
