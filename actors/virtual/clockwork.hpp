// Time, as the machines of a simulation meet it: what time it is, and being called back later.
// Room: actors/virtual. The interface of the simulator to the drivers of its machines.
// Caller: actors/virtual/virtual_worker, actors/virtual/virtual_aggregator.
#pragma once
#include "algorithms/vocabulary.hpp"
#include "runtime/clock.hpp"

namespace murm {

class Clockwork {
 public:
  virtual ~Clockwork() = default;
  virtual Nanoseconds now() const = 0;
  virtual void set_timer(PeerId machine, Nanoseconds delay, std::uint64_t cookie) = 0;
};

}  // namespace murm
