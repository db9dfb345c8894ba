// Dynamic stale synchronous parallel: the bound of ssp moves within a range, worker by worker.
// Room: algorithms. Aggregator side; the worker side is algorithms/parameter_server/worker.
// Caller: actors/aggregator. Source: Zhao et al. 2019, Algorithms 1 and 2 (DSSP), arXiv:1908.11848.
#pragma once
#include <map>

#include "algorithms/parameter_server/ssp.hpp"

namespace murm {

/// The fastest worker that would have to wait is given as many further clocks as bring its next push closest
/// to a push of the slowest, by the intervals of their last two pushes; never beyond the upper bound.
/// With equal bounds it is ssp. Deviation from the paper: the slowest is whoever pushed the lowest clock last;
/// the floor counts leases, as in ssp.
class DsspAggregator final : public SspAggregator {
 public:
  DsspAggregator(ShardOptions options, std::uint64_t lower, std::uint64_t upper);

  void on_membership(const MembershipChange& change, Context& context) override;

 private:
  struct Pace {
    Step clock = 0;
    std::chrono::nanoseconds last{0};
    std::chrono::nanoseconds interval{0};
    std::uint64_t credit = 0;
  };
  bool runs_ahead(const Message& message, Step clock, Context& context) override;
  std::uint64_t further_clocks(const Pace& fast, const Pace& slow) const;

  std::uint64_t range_;
  std::map<PeerId, Pace> paces_;
};

}  // namespace murm
