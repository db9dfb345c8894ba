#include <array>

#include "algorithms/algorithm.hpp"
#include "algorithms/gossip/ad_psgd.hpp"
#include "algorithms/gossip/choco.hpp"
#include "algorithms/gossip/d_psgd.hpp"
#include "algorithms/gossip/gosgd.hpp"
#include "algorithms/gossip/keeper.hpp"
#include "algorithms/gossip/noloco.hpp"
#include "algorithms/gossip/sgp.hpp"
#include "algorithms/local_update/windows.hpp"

namespace murm {

namespace {

std::unique_ptr<Machine> make_keeper(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<KeeperAggregator>(options, shard);
}

std::uint64_t or_default(std::uint64_t given, std::uint64_t by_default) {
  return given == 0 ? by_default : given;
}

std::unique_ptr<Machine> make_d_psgd(const AlgorithmOptions& options) {
  return std::make_unique<DPsgd>(options, TopologyKind::ring,
                                 DPsgd::Rule{.combine_first = options.order == "combine-first"});
}

std::unique_ptr<Machine> make_gossip_pga(const AlgorithmOptions& options) {
  return std::make_unique<DPsgd>(options, TopologyKind::ring,
                                 DPsgd::Rule{.combine_first = options.order == "combine-first",
                                             .period = or_default(options.period, 6)});
}

/// Groups of about the square root of the workers: two rounds and all have been averaged.
std::unique_ptr<Machine> make_moshpit(const AlgorithmOptions& options) {
  std::uint64_t root = 2;
  while (root * root < options.workers) ++root;
  return std::make_unique<DPsgd>(options, TopologyKind::complete,
                                 DPsgd::Rule{.group = or_default(options.group, root)});
}

template <AdPsgd::Asks asks>
std::unique_ptr<Machine> make_pairs(const AlgorithmOptions& options) {
  return std::make_unique<AdPsgd>(options, asks);
}

template <class Peer>
std::unique_ptr<Machine> make_peer(const AlgorithmOptions& options) {
  return std::make_unique<Peer>(options);
}

using MakePeer = std::unique_ptr<Machine> (*)(const AlgorithmOptions&);
using PlanLeases = void (*)(const AlgorithmOptions&, LeasePlanOptions&);
enum class Rounds : std::uint8_t { yes, no };

/// A line of the table: leases planned in steps, which are rounds, or first come.
constexpr Algorithm gossip(std::string_view name, Rounds rounds, MakePeer make,
                           PlanLeases plan = nullptr) {
  return {.name = name,
          .synchronous = rounds == Rounds::yes,
          .make_worker = make,
          .make_aggregator = make_keeper,
          .plain_gradients = false,
          .bears_compression = false,
          .peers = true,
          .replicas = true,
          .plan_leases = plan};
}

constexpr std::array kFamily{
    gossip("noloco", Rounds::yes, make_peer<NoLoCo>, plan_windows<50>),
    gossip("d-psgd", Rounds::yes, make_d_psgd),
    gossip("ad-psgd", Rounds::no, make_pairs<AdPsgd::Asks::while_computing>),
    gossip("sgp", Rounds::yes, make_peer<Sgp>),
    gossip("osgp", Rounds::yes, make_peer<OverlapSgp>),
    gossip("swarm", Rounds::no, make_pairs<AdPsgd::Asks::between_leases>, plan_windows<3>),
    gossip("gosgd", Rounds::no, make_peer<GoSgd>),
    gossip("moshpit", Rounds::yes, make_moshpit, plan_windows<1>),
    gossip("gossip-pga", Rounds::yes, make_gossip_pga),
    gossip("choco", Rounds::yes, make_peer<Choco>),
};

}  // namespace

std::span<const Algorithm> gossip_algorithms() { return kFamily; }

}  // namespace murm
