// Which worker gets which samples: every sample of every epoch exactly once, whoever dies.
// Room: algorithms. Knows peers, leases and sample counts; pure, no clock, no network.
// Caller: actors/data_steward, actors/virtual. Source: reliability guide, 2.2 (leases).
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "algorithms/machine.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {

struct LeasePlanOptions {
  bool synchronous = false;  // leases are a function of (step, worker index), else first come
  std::uint32_t lease_samples =
      1;                     // batch x accumulate, x local steps where the algorithm has them
  SampleCount total = 0;     // samples of the whole run; 0: no end
  std::uint32_t shards = 1;  // applies that complete a lease
  std::uint32_t later_samples = 0;  // of a lease from sample `later_from` on; 0: as before
  SampleCount later_from = 0;
  bool uneven = false;  // workers ask for leases of less than these lengths
};

struct LeaseCounts {
  std::uint64_t issued = 0;    // distinct leases handed out
  std::uint64_t applied = 0;   // leases whose gradient is in every shard
  std::uint64_t reissued = 0;  // handed out again after the loss of their holder
  std::uint64_t dropped = 0;  // leases whose gradient some shard did without, as its algorithm says
  SampleCount samples_applied = 0;
  SampleCount samples_dropped = 0;
  SampleCount samples_done() const { return samples_applied + samples_dropped; }
};

struct Grant {
  PeerId worker;
  Lease lease;
};

/// The stream of samples is endless (epoch after epoch); lease k is its next `lease_samples` samples,
/// only the run's last one may be shorter. A synchronous step is planned when its first lease is asked
/// for: one lease for each worker then known, in id order. A lease whose holder is lost goes to another
/// worker: at the next request (asynchronous), or at once to the one with the least to do (synchronous).
class LeasePlan {
 public:
  explicit LeasePlan(LeasePlanOptions options) : options_(options) {}

  /// Steps planned from now on belong to this membership epoch.
  void enter(Epoch epoch) { epoch_ = epoch; }
  void join(PeerId worker);
  /// `worker` wants a lease, of at most `samples` if not 0 (asynchronous only): returns what to hand out
  /// now; an unanswered request is kept.
  std::vector<Grant> request(PeerId worker, std::uint32_t samples = 0);
  /// `worker` is lost: its leases go to others.
  std::vector<Grant> leave(PeerId worker);
  /// One shard has applied `lease`, or is done with it otherwise. True when it was the last shard.
  bool applied(LeaseId lease, bool dropped = false);

  /// No new lease (synchronous: no new step) starts at or beyond sample `boundary` of the run (0: no
  /// boundary); what is planned is finished. Returns grants that a later boundary sets free.
  std::vector<Grant> hold_at(SampleCount boundary);
  /// Plans nothing new from now on.
  void stop() { stopped_ = true; }

  /// Everything handed out is applied, and nothing new will be handed out before the boundary moves.
  bool drained() const;
  /// Every sample of the run is applied.
  bool finished() const { return at_end() && outstanding_.empty(); }
  bool has_workers() const { return !workers_.empty(); }

  const LeaseCounts& counts() const { return counts_; }
  LeaseId next_lease() const { return next_lease_; }
  Step next_step() const { return next_step_; }
  SampleCount position() const { return position_; }
  /// Continues where a checkpoint stood: all leases below `lease` are applied. Requires: no worker
  /// has joined (asserted).
  void restore(LeaseId lease, Step step, SampleCount position);
  /// Continues under other options, with its workers, counts and position: clocks begin anew, and requests
  /// that were not answered are forgotten. Requires: it is drained (asserted).
  void replan(LeasePlanOptions options);

 private:
  struct Outstanding {
    Lease lease;
    PeerId holder;
    std::uint32_t shards_missing = 0;
    bool handed_out = false;
    bool dropped = false;
  };
  struct Plan {
    std::vector<PeerId> members;  // by id
    LeaseId first = 0;
    std::uint32_t quorum = 0;
    std::size_t missing = 0;  // living members that have not asked for their lease of this step
  };
  struct Worker {
    Step next_step = 0;
    std::uint32_t samples = 0;  // of a lease, as it asked for last; 0: of any length
    std::uint64_t in_hand = 0;
  };

  bool at_end() const { return options_.total != 0 && position_ >= options_.total; }
  bool may_plan() const;
  std::uint32_t samples_at(SampleCount position) const;
  Lease& append(Step step, std::uint32_t index, std::uint32_t quorum, PeerId holder,
                std::uint32_t samples);
  void plan_step();
  void asked(Step step);
  Grant hand_out(Outstanding& entry, PeerId worker, bool requested);
  std::optional<Grant> next_grant(PeerId worker);
  std::optional<Grant> next_synchronous(PeerId worker);
  PeerId least_busy() const;
  std::vector<Grant> serve_pending();

  LeasePlanOptions options_;
  std::map<PeerId, Worker> workers_;
  std::map<LeaseId, Outstanding> outstanding_;
  std::map<Step, Plan> plans_;
  std::deque<LeaseId> orphans_;  // leases without a holder
  std::vector<PeerId> pending_;  // unanswered requests, in order
  LeaseCounts counts_;
  Epoch epoch_ = 0;
  LeaseId next_lease_ = 0;
  Step next_step_ = 0;  // first step not planned; asynchronous: the first clock of a worker
  SampleCount position_ = 0;
  SampleCount boundary_ = 0;
  bool stopped_ = false;
};

}  // namespace murm
