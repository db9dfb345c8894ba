// What must hold after every event, whatever the world does: the conservation laws of a run.
// Room: actors/virtual. Judges effects; changes nothing. A law that is broken is a bug of ours.
// Caller: actors/virtual/simulator, after each event. Source: algorithms guide, 9.2; reliability guide, P1 to P3.
#pragma once
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "actors/virtual/virtual_aggregator.hpp"

namespace murm {

/// A law is broken: `what` says which one, in one sentence. The simulator adds where and when.
class LawBroken : public RunError {
 public:
  using RunError::RunError;
};

struct LawOptions {
  bool synchronous = false;     // leases belong to steps
  bool combines = false;        // one optimizer step for all leases of a step
  std::uint64_t staleness = 0;  // synchronous: how far clocks may be apart
  std::uint32_t shards = 1;
  bool plain_gradients = true;  // what is applied are the gradients of leases, as they came
  bool weighs = false;          // a gradient may count less than its mean
  bool replicas = false;        // aggregators are keepers
};

/// What a worker has received, and what the gradient it computes has read; by shard.
struct WorkerReads {
  struct Part {
    Version version = 0;
    std::uint64_t content = 0;
  };
  std::vector<Part> received;
  std::vector<Version> read;
};

class Laws {
 public:
  explicit Laws(LawOptions options);

  /// Another algorithm, at a cut: its clocks begin anew.
  struct Beginning {
    Version version = 0;
    std::uint64_t content = 0;  // of the parameters
  };
  void begin_course(const LawOptions& options, std::span<const Beginning> shards);

  // -- leases: each is with one worker at a time, is computed where it is, and ends up applied
  void granted(const Lease& lease, PeerId worker);
  /// The clock of a gradient that begins is at most `staleness` ahead of the slowest, at every shard.
  void begins(const Lease& lease, PeerId worker) const;

  // -- messages
  /// A push carries the gradient of its lease, and the version that it was computed at.
  void pushed(const WorkerReads& reads, const Message& message) const;
  void parameters_received(WorkerReads& reads, const Message& message) const;
  /// A gradient is computed at what the worker received last from every shard.
  void computes(WorkerReads& reads, std::span<const Tensor> parameters) const;

  // -- shards: every applied gradient is in the parameters, once, and nothing else is; what is sent is the newest
  void settle(std::uint32_t shard, const ShardEffects& effects, const Ledger& ledger);

  /// When the run has ended by itself: nothing is left over.
  void at_end(LeaseId leases, bool finished) const;

  Version version(std::uint32_t shard) const { return shards_[shard].version; }

 private:
  struct Clock {
    std::uint32_t arrived = 0;
    std::uint32_t quorum = 0;
  };
  struct Shard {
    Version version = 0;  // optimizer steps taken
    std::uint64_t applied = 0;
    std::uint64_t dropped = 0;
    Version sent = 0;           // the latest; where gradients are not plain
    std::uint64_t content = 0;  // sum of the marks of what was applied
    Step floor = 0;             // smallest clock with a gradient missing
    std::deque<Clock> clocks;   // of floor and on
  };

  void judge_counts(Shard& shard, const ShardEffects& effects, const Ledger& ledger) const;
  void judge_sent(const Shard& shard, const ShardEffects& effects) const;
  void judge_combined(Shard& shard, const ShardEffects& effects) const;
  void judge_single(Shard& shard, const ShardEffects& effects) const;
  void count_clock(Shard& shard, const Lease& lease) const;

  LawOptions options_;
  std::vector<Shard> shards_;
  std::vector<PeerId> holders_;    // by lease
  std::vector<SampleCount> ends_;  // by lease: the first sample behind it
};

}  // namespace murm
