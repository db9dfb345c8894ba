#include "tools/murm/topology_command.hpp"

#include <cstdio>
#include <vector>

#include "algorithms/gossip/topology.hpp"
#include "algorithms/vocabulary.hpp"
#include "runtime/atomic_file.hpp"
#include "runtime/edge_list_file.hpp"
#include "runtime/human_units.hpp"
#include "tools/murm/run_files.hpp"
#include "tools/murm/topology_drawing.hpp"
#include "tools/murm/topology_facts.hpp"

namespace murm {
namespace {

constexpr std::uint64_t kNodesMin = 2;
constexpr std::uint64_t kNodesMax = 1024;  // the spectrum of more takes minutes
constexpr const char* kAll = "all";

[[noreturn]] void refuse(const std::string& what, const std::string& hint) {
  throw InputError(what + ". HINT: " + hint);
}

void check_nodes(std::uint64_t nodes, const std::string& from) {
  if (nodes >= kNodesMin && nodes <= kNodesMax) return;
  refuse(from + " " + std::to_string(nodes) + ": expected " + std::to_string(kNodesMin) + " to " +
             std::to_string(kNodesMax) + " peers",
         "training and simulation take more; here the whole matrix is looked at");
}

TopologyKind kind_of(const TopologyCommand& command) {
  const auto kind = topology_kind(command.name);
  if (!kind) {
    throw InputError("topology " + command.name + ": expected one of " + topology_name_list() +
                     ". HINT: " + kAll + " compares them");
  }
  if (*kind == TopologyKind::edges && command.file.empty())
    refuse("topology file: expected --file with a list of edges",
           "one pair of peers a line, as in 0 1");
  if (*kind != TopologyKind::edges && !command.file.empty())
    refuse("--file " + command.file.string() + ": is not for the topology " + command.name,
           "murm topology file --file " + command.file.string());
  return *kind;
}

Topology make_topology(const TopologyCommand& command, TopologyKind kind) {
  TopologyOptions options;
  options.kind = kind;
  options.degree = command.degree.value_or(options.degree);
  options.seed = command.seed.value_or(options.seed);
  std::uint64_t nodes = command.nodes.value_or(0);
  if (command.nodes) check_nodes(nodes, "--nodes");
  if (kind == TopologyKind::edges) {
    EdgeList list = read_edge_list(command.file, static_cast<std::uint32_t>(nodes));
    options.edges = std::move(list.edges);
    nodes = list.peers;
    check_nodes(nodes, command.file.string() + ":");
  } else if (!command.nodes) {
    refuse("topology " + command.name + ": expected --nodes with the number of peers",
           "murm topology " + command.name + " --nodes 16");
  }
  return Topology(std::move(options), nodes);
}

/// What was asked for and is not used, or not possible.
void note(const TopologyCommand& command, const TopologyFacts& facts, TopologyKind kind) {
  const auto say = [&](const std::string& text) {
    if (!command.quiet) std::fprintf(stderr, "murm: note: %s\n", text.c_str());
  };
  if (command.degree && kind != TopologyKind::random_regular)
    say("--degree is only used with random-regular");
  if (kind == TopologyKind::random_regular) {
    const std::uint64_t wanted = command.degree.value_or(TopologyOptions{}.degree);
    if (facts.sends.max != wanted) {
      say("no connected graph of " + std::to_string(facts.peers) + " peers has degree " +
          std::to_string(wanted) + " everywhere; " + std::to_string(facts.sends.max) +
          " is used instead");
    }
  }
}

void write(const std::filesystem::path& file, const std::string& text) {
  if (const auto error = write_file_atomically(file, text)) throw InputError(error->text);
}

void check_folder(const std::filesystem::path& svg) {
  if (std::filesystem::is_directory(svg))
    refuse("--svg " + svg.string() + ": is a folder", "name a file, as in ring.svg");
  const auto folder = svg.parent_path();
  if (folder.empty() || std::filesystem::is_directory(folder)) return;
  refuse("--svg " + svg.string() + ": there is no folder " + folder.string(), "create it first");
}

int compare_all(const TopologyCommand& command) {
  if (!command.svg.empty())
    refuse("--svg: all is a table and no drawing",
           "draw one of them: murm topology ring --nodes 16");
  std::vector<TopologyFacts> all;
  for (const auto& [kind, name] : topology_names) {
    if (kind == TopologyKind::edges && command.file.empty()) continue;
    all.push_back(facts_of(make_topology(command, kind)));
  }
  if (!command.quiet)
    std::printf("%s peers\n\n%s", with_separators(all.front().peers).c_str(),
                topology_table(all).c_str());
  if (!command.report.empty()) write(command.report, topology_json(all));
  return 0;
}

}  // namespace

int run_topology(const TopologyCommand& command) {
  check_report_folder(command.report);
  check_folder(command.svg);
  if (command.name == kAll) return compare_all(command);
  const TopologyKind kind = kind_of(command);
  const Topology topology = make_topology(command, kind);
  const TopologyFacts facts = facts_of(topology);
  note(command, facts, kind);
  const auto svg = !command.svg.empty()
                       ? command.svg
                       : std::filesystem::path("topology-" + command.name + "-" +
                                               std::to_string(facts.peers) + ".svg");
  const std::string speed = facts.contraction.exact
                                ? "exact after " + std::to_string(facts.period) +
                                      (facts.period == 1 ? " round" : " rounds")
                                : "rho " + rho_text(facts.contraction.rho);
  write(svg, topology_svg(topology, "sends to " + to_text(facts.sends) + " a round; " + speed));
  if (!command.report.empty()) write(command.report, topology_json({facts}));
  if (!command.quiet)
    std::printf("%s  %-16s%s\n", topology_text(facts).c_str(), "drawing", svg.c_str());
  return 0;
}

}  // namespace murm
