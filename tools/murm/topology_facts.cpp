#include "tools/murm/topology_facts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "runtime/human_units.hpp"

namespace murm {
namespace {

constexpr double kShrink = 1e-6;
constexpr std::uint64_t kWorkMax = 4'000'000'000;  // multiplications: some seconds

template <class Shares_of>
DegreeRange degrees(const Topology& topology, const Shares_of& shares_of) {
  DegreeRange range;
  range.min = topology.peers();
  std::size_t sum = 0;
  Shares shares;
  for (PeerIndex peer = 0; peer < topology.peers(); ++peer) {
    shares_of(peer, shares);
    const std::size_t degree = shares.others.size();
    range.min = std::min(range.min, degree);
    range.max = std::max(range.max, degree);
    sum += degree;
  }
  range.mean = static_cast<double>(sum) / static_cast<double>(topology.peers());
  return range;
}

std::string models(double count) {
  const bool whole = count == std::floor(count);
  return human_number(count, whole ? 0 : 2) + (count == 1 ? " model" : " models");
}

std::string rounds(double count) {
  return with_separators(static_cast<std::uint64_t>(count)) + (count == 1 ? " round" : " rounds");
}

/// Rounds to a millionth, from rho where nobody could wait for them.
double rounds_needed(const TopologyFacts& facts) {
  if (facts.rounds) return static_cast<double>(*facts.rounds);
  return std::ceil(std::log(kShrink) / std::log(facts.contraction.rho));
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, text.size()), ' ');
}

/// A name, a value, and what the value means.
std::string line(const std::string& name, const std::string& value,
                 const std::string& meaning = "") {
  std::string text = "  " + padded(name, 16) + value;
  if (!meaning.empty()) text = padded(text, 34) + meaning;
  return text + "\n";
}

std::string neighbours_line(const TopologyFacts& facts) {
  if (facts.period == 0) return line("neighbours", "1", "a partner each round, at random");
  if (facts.period > 1) {
    return line("sends to", "1 peer",
                "another one each round, the same again after " + std::to_string(facts.period));
  }
  if (facts.directed)
    return line("sends to", to_text(facts.sends) + (facts.sends.max == 1 ? " peer" : " peers"),
                "and receives from as many others");
  if (facts.sends.min == facts.sends.max) return line("neighbours", to_text(facts.sends), "each");
  return line("neighbours", to_text(facts.sends),
              human_number(facts.sends.mean, 2) + " in the mean");
}

std::string rho_lines(const TopologyFacts& facts) {
  const Contraction& contraction = facts.contraction;
  if (contraction.exact) {
    return line("exact after", rounds(static_cast<double>(facts.period)),
                "all peers then have the very average (rho = 0)");
  }
  std::string left = "what a round leaves of the distance from the average, at worst";
  if (facts.period == 0) left = "what a round leaves of the distance, root of the mean square";
  if (facts.period > 1) {
    left = "per round; " + rho_text(contraction.per_period) + " in " +
           rounds(static_cast<double>(facts.period)) + ", at worst";
  }
  return line("rho", rho_text(contraction.rho), left) +
         line("spectral gap", rho_text(1 - contraction.rho), "1 - rho: the larger, the faster");
}

nlohmann::ordered_json degrees_json(const DegreeRange& range) {
  return {{"min", range.min}, {"max", range.max}, {"mean", range.mean}};
}

}  // namespace

TopologyFacts facts_of(const Topology& topology) {
  TopologyFacts facts;
  facts.name = to_text(topology.kind());
  facts.peers = topology.peers();
  facts.seed = topology.seed();
  facts.directed = topology.directed();
  facts.period = topology.period();
  facts.sends = degrees(topology, [&](PeerIndex i, Shares& s) { topology.send(i, 0, s); });
  facts.receives = degrees(topology, [&](PeerIndex i, Shares& s) { topology.receive(i, 0, s); });
  facts.contraction = contraction(topology);
  facts.rounds = rounds_to_shrink(topology, kShrink, topology.seed(), kWorkMax);
  return facts;
}

std::string to_text(const DegreeRange& degrees) {
  if (degrees.min == degrees.max) return std::to_string(degrees.min);
  return std::to_string(degrees.min) + " to " + std::to_string(degrees.max);
}

std::string rho_text(double rho) {
  if (rho == 0 || rho == 1) return human_number(rho, 0);
  return human_number(rho, rho > 0.99999 || rho < 0.00001 ? 9 : 6);
}

std::string topology_text(const TopologyFacts& facts) {
  std::string text = facts.name + ", " + with_separators(facts.peers) + " peers\n\n";
  text += neighbours_line(facts);
  text += line("a round costs", models(facts.sends.mean),
               "sent by each peer" +
                   std::string(facts.sends.min == facts.sends.max ? "" : ", in the mean") + "; " +
                   models(facts.sends.mean * static_cast<double>(facts.peers)) + " in all");
  text += rho_lines(facts);
  const double needed = rounds_needed(facts);
  text += line("to a millionth", (facts.rounds ? "" : "about ") + rounds(needed),
               facts.rounds ? "tried out: a random start, until the distance is a millionth of it"
                            : "by rho: too many to try out");
  return text +
         line("", models(std::round(needed * facts.sends.mean)), "sent by each peer till then");
}

std::string topology_table(const std::vector<TopologyFacts>& all) {
  const auto row = [](const std::string& name, const std::array<std::string, 5>& cells) {
    std::string text = "  " + padded(name, 20);
    for (const std::string& cell : cells)
      text += std::string(13 - std::min<std::size_t>(13, cell.size()), ' ') + cell;
    return text + "\n";
  };
  const auto count = [](double value) {
    return with_separators(static_cast<std::uint64_t>(value));
  };
  std::string text = row("topology", {"neighbours", "rho", "gap", "rounds", "models"});
  for (const TopologyFacts& facts : all) {
    const double needed = rounds_needed(facts);
    const std::string about = facts.rounds ? "" : "~";
    text += row(facts.name, {to_text(facts.sends), rho_text(facts.contraction.rho),
                             rho_text(1 - facts.contraction.rho), about + count(needed),
                             about + count(std::round(needed * facts.sends.mean))});
  }
  return text +
         "\n  neighbours   peers that one sends to in a round\n"
         "  rho          what a round leaves of the distance from the average; 0: all of it goes\n"
         "  gap          1 - rho: the larger, the faster\n"
         "  rounds       until the distance is a millionth of that of a random start\n"
         "  models       sent by each peer till then\n";
}

std::string topology_json(const std::vector<TopologyFacts>& all) {
  nlohmann::ordered_json json;
  json["schema"] = "murmuration.topology/1";
  json["topologies"] = nlohmann::ordered_json::array();
  for (const TopologyFacts& facts : all) {
    nlohmann::ordered_json one;
    one["name"] = facts.name;
    one["peers"] = facts.peers;
    one["seed"] = facts.seed;
    one["directed"] = facts.directed;
    one["period"] = facts.period > 0 ? nlohmann::ordered_json(facts.period) : nullptr;
    one["sends_to"] = degrees_json(facts.sends);
    one["receives_from"] = degrees_json(facts.receives);
    one["models_per_round"] = std::round(facts.sends.mean * static_cast<double>(facts.peers));
    one["rho"] = facts.contraction.rho;
    one["rho_per_period"] = facts.contraction.per_period;
    one["exact_after_a_period"] = facts.contraction.exact;
    one["spectral_gap"] = 1 - facts.contraction.rho;
    one["rounds_to_a_millionth"] = rounds_needed(facts);
    one["rounds_were_tried_out"] = facts.rounds.has_value();
    json["topologies"].push_back(std::move(one));
  }
  return json.dump(2) + "\n";
}

}  // namespace murm
