// A topology as a picture: peers on a circle, or on the grid of a torus, and who sends to whom.
// Room: tools. SVG text out; bounded size for any graph of a thousand peers.
// Caller: tools/murm/topology_command.
#pragma once
#include <string>

#include "algorithms/gossip/topology.hpp"

namespace murm {

/// One panel, or one for each of the first rounds where rounds differ. Arrows where a graph has directions.
std::string topology_svg(const Topology& topology, const std::string& subtitle);

}  // namespace murm
