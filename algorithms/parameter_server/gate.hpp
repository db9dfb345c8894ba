// The staleness gate: replies that wait until the slowest has caught up.
// Room: algorithms. Knows clocks and peers; what a reply contains is the caller's business.
// Caller: algorithms/parameter_server/bsp, algorithms/parameter_server/ssp. Source: Ho et al. 2013 (SSP), the gate c - min c <= s.
#pragma once
#include <algorithm>
#include <limits>
#include <vector>

#include "algorithms/vocabulary.hpp"

namespace murm {

/// Holds who may start which clock only later. A waiter is released once its clock is at most the limit.
/// Cost: constant unless somebody is released; then linear in the number of waiters.
class Gate {
 public:
  /// Calls `reply(peer)` for every waiter whose clock is <= limit, in the order of arrival, then for
  /// `peer` if its `clock` is, too; otherwise `peer` waits.
  template <class Reply>
  void pass(PeerId peer, Step clock, Step limit, Reply&& reply) {
    release(limit, reply);
    if (clock <= limit) return reply(peer);
    waiting_.push_back({peer, clock});
    earliest_ = std::min(earliest_, clock);
  }

  /// Calls `reply(peer)` for every waiter whose clock is <= limit, in the order of arrival.
  template <class Reply>
  void release(Step limit, Reply&& reply) {
    if (waiting_.empty() || earliest_ > limit) return;
    earliest_ = std::numeric_limits<Step>::max();
    for (const Waiter& waiter : waiting_) {
      if (waiter.clock <= limit) {
        reply(waiter.peer);
      } else {
        earliest_ = std::min(earliest_, waiter.clock);
      }
    }
    std::erase_if(waiting_, [&](const Waiter& waiter) { return waiter.clock <= limit; });
  }

  /// A lost peer waits for nothing.
  void forget(PeerId peer) {
    std::erase_if(waiting_, [&](const Waiter& waiter) { return waiter.peer == peer; });
  }

  std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiter {
    PeerId peer;
    Step clock = 0;
  };

  std::vector<Waiter> waiting_;
  Step earliest_ = std::numeric_limits<Step>::max();  // clock among the waiting, or below
};

}  // namespace murm
