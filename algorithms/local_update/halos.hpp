// HALoS: a local server for each region, which its workers update asynchronously, and a global one for the local servers.
// Room: algorithms. Aggregator side, both levels; the workers are those of async-local.
// Caller: actors/aggregator. Source: Kim et al. 2025, Algorithms 1 and 2 (HALoS), arXiv:2506.04531.
#pragma once
#include <map>
#include <vector>

#include "algorithms/local_update/delayed_nesterov.hpp"
#include "algorithms/parameter_server/shard.hpp"

namespace murm {

struct HalosRule {
  DelayedNesterovRule local;
  DelayedNesterovRule global;
  std::uint64_t regions = 1;
  std::uint64_t period = 32;  // K: local updates between two merges
  double mixing = 0.25;       // alpha: weight of the global parameters in a merge
};

/// A pseudo-gradient updates the local server of its worker's region, by Delayed Nesterov, and the worker goes on from there
/// at once. After K of them the region sends U = reference - local; the global server takes U as its pseudo-gradient, by
/// Delayed Nesterov, too; then local <- (1 - alpha) local + alpha global, reference <- local. The global parameters are
/// the model.
/// Deviations: the local servers of a shard live in its aggregator, so their round trip to the global one takes no time and no
/// local update falls into it; a newcomer goes to the region with the fewest workers; windows count alike, however long.
/// What a region has learned since its latest merge is not in the model.
class HalosAggregator final : public Machine {
 public:
  HalosAggregator(const ShardOptions& options, HalosRule rule);

  void on_start(Context& context) override;
  void on_message(const Message& message, Context& context) override;
  void on_membership(const MembershipChange& change, Context& context) override;
  void save(MachineState& state) const override;
  void load(const MachineState& state, Context& context) override;

 private:
  struct Region {
    explicit Region(DelayedNesterovRule rule) : outer(rule) {}
    Tensor parameters;
    Tensor reference;  // `parameters` as of the latest merge
    Tensor snapshot;   // of `parameters` as they are; empty: not taken yet
    DelayedNesterov outer;
    Version updates = 0;
    std::uint64_t workers = 0;
  };
  struct Seat {
    std::size_t region = 0;
    Version read = 0;  // updates of the region when it was answered last
    double speed = 0;
  };

  Seat& seat_of(PeerId peer);
  void apply(const Message& push, const Seat& seat, Context& context);
  void merge(Region& region, Context& context);
  void answer(PeerId to, Seat& seat, Context& context);

  std::uint32_t shard_;
  std::size_t length_;
  HalosRule rule_;
  Tensor parameters_;  // of the global server
  DelayedNesterov outer_;
  std::vector<Region> regions_;
  std::map<PeerId, Seat> seats_;
  Version version_ = 0;  // local updates, of all regions
  std::uint64_t samples_ = 0;
};

}  // namespace murm
