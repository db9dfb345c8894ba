// The staleness gate: replies that wait until the slowest has caught up.
// Room: algorithms. Knows clocks and peers; what a reply contains is the caller's business.
// Caller: algorithms/bsp, algorithms/ssp. Source: Ho et al. 2013 (SSP), the gate c - min c <= s.
#pragma once
#include <algorithm>
#include <vector>

#include "algorithms/vocabulary.hpp"

namespace murm {

/// Holds who may start which clock only later. A waiter is released once its clock is at most the limit.
class Gate {
 public:
  void wait(PeerId peer, Step clock) { waiting_.push_back({peer, clock}); }

  /// Calls `reply(peer)` for every waiter whose clock is <= limit, in the order of arrival.
  template <class Reply>
  void release(Step limit, Reply&& reply) {
    for (const Waiter& waiter : waiting_) {
      if (waiter.clock <= limit) reply(waiter.peer);
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
};

}  // namespace murm
