// Which leases a run can have handed out: judges those that a trace names.
// Room: actors/virtual. Knows the rules of algorithms/lease_plan, not its state.
// Caller: actors/virtual/replay, as machines rely on leases that make sense.
#pragma once
#include <map>
#include <string>

#include "algorithms/lease_plan.hpp"

namespace murm {

/// A run without --resume cuts its stream of samples into leases in the order of their ids. Those of a
/// synchronous step are consecutive, in the order of their index, and steps follow each other.
class LeaseBook {
 public:
  explicit LeaseBook(const LeasePlanOptions& plan) : plan_(plan) {}
  /// Empty, or why no run of this job handed out `lease`, given those before. Cost: logarithmic in the steps.
  std::string objection(const Lease& lease);

 private:
  struct Span {
    LeaseId first = 0;
    std::uint32_t quorum = 0;
  };
  bool fits_its_step(const Lease& lease);

  LeasePlanOptions plan_;
  std::map<Step, Span> steps_;  // of a synchronous run
  LeaseId ids_end_ = 0;         // of those seen
};

}  // namespace murm
