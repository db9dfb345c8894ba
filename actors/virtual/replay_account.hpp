// What a replay counts: the keys of a report, and how long everything took on the day of the run.
// Room: actors/virtual. Told of events in the order of their recorded times; decides nothing.
// Caller: actors/virtual/replay_machine, actors/virtual/replay.
#pragma once
#include <map>

#include "algorithms/machine.hpp"
#include "runtime/clock.hpp"
#include "runtime/report.hpp"
#include "runtime/world/scenario.hpp"

namespace murm {

class ReplayAccount {
 public:
  /// `evaluation_every`: samples; the training loss is the mean since the latest evaluation.
  ReplayAccount(std::uint32_t shards, SampleCount evaluation_every)
      : shards_(shards), evaluation_every_(evaluation_every) {}

  void lease(PeerId worker, const Lease& lease, Nanoseconds now);
  void gradient(PeerId worker, const Lease& lease, Nanoseconds spent, Nanoseconds now);
  void delivered(PeerId from, PeerId to, Nanoseconds delay);
  void applied(std::uint32_t shard, const Message& push, Version staleness, Nanoseconds now);
  void dropped(const Message& push, Nanoseconds now);    // the lease is done with
  void updated(std::uint32_t shard, std::size_t steps);  // optimizer steps
  void refused_duplicate() { ++report_.ledger.refused_duplicate; }
  void refused_other() { ++report_.refused["not of this run's members"]; }
  /// The state of `shard` was read: training pauses until the next lease.
  void cut(std::uint32_t shard);

  /// How it stands; the loss as in the report.
  struct Glance {
    SampleCount samples = 0;
    double loss = not_measured;
    double staleness_mean = 0;
  };
  Glance glance() const;

  /// Updates, samples, seconds, staleness, ledger, workers, training loss; the rest is the caller's.
  Report report() const;
  const RecordedTiming& timing() const { return timing_; }

 private:
  struct Work {
    Report::PerWorker row;
    Nanoseconds busy{0};
    Nanoseconds first_lease{0};
    Nanoseconds elapsed{0};
  };
  struct Progress {
    std::uint32_t shards = 0;  // that have the gradient
    std::uint32_t grants = 0;
    bool dropped = false;  // by some shard
  };
  struct Mean {
    double loss_sum = 0;
    SampleCount samples = 0;
  };

  void done_at_a_shard(const Lease& lease, bool dropped);
  double training_loss() const;
  double staleness_mean() const;

  std::uint32_t shards_;
  SampleCount evaluation_every_;
  Report report_;
  RecordedTiming timing_;
  std::map<PeerId, Work> workers_;
  std::map<LeaseId, Progress> leases_;
  double staleness_sum_ = 0;
  std::uint64_t applies_ = 0;
  Mean interval_;             // since the latest evaluation
  SampleCount done_ = 0;      // samples that were applied or dropped
  SampleCount cut_from_ = 0;  // of these at the cut before
  double train_loss_ = not_measured;
  Nanoseconds active_{0};  // of the stretches before this one
  Nanoseconds began_{0};   // of this stretch
  Nanoseconds last_apply_{0};
  bool paused_ = true;
};

}  // namespace murm
