// A cluster of machines in memory: virtual time, seeded delays, deaths and late joins.
// Room: tests. One thread and one queue; the same seed gives the same run.
// Caller: the tests of algorithms.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "algorithms/lease_plan.hpp"
#include "algorithms/ledger.hpp"
#include "algorithms/registry.hpp"
#include "tests/unit/algorithms/problem.hpp"

namespace murm::test {

using Time = std::uint64_t;

/// What becomes of the messages a dying worker has under way; `some`: its links break one by one.
enum class LastWords { arrive, vanish, some };

struct WorldOptions {
  WorldOptions();  // seven parameters, one shard, small learning rate

  AlgorithmOptions algorithm;
  Problem problem;
  std::uint64_t workers = 4;
  std::uint32_t lease_samples = 4;
  SampleCount total = 96;
  std::uint64_t seed = 1;
  Time delay_max = 0;  // a message takes 0 to delay_max, one in eight up to eight times as long
  std::function<Time(PeerId worker, std::uint64_t draw)> compute_time;  // empty: 10
};

struct Checkpoint {
  std::vector<MachineState> shards;
  LeaseId lease = 0;
  Step step = 0;
  SampleCount position = 0;
};

class World {
 public:
  explicit World(WorldOptions options, const Checkpoint* start = nullptr);
  ~World();

  void join(Time at);
  /// `worker` counts joins from 0. A worker that is not there, or is the last one, stays untouched.
  void kill(std::uint64_t worker, Time at, LastWords words);
  void hold_at(SampleCount boundary);
  /// A message out of nowhere, delivered at once.
  void say(Message message);
  /// Until nothing is under way.
  void run();

  /// Empty when every sample of the run was applied once in every shard and all counts agree;
  /// otherwise what is wrong. Holds at cuts too.
  std::string fault() const;
  Numbers parameters() const;
  Checkpoint checkpoint() const;
  std::vector<std::vector<Lease>> steps() const;  // leases applied by shard 0, by (step, index)

  LeasePlan plan;
  std::function<void(const Message& push, Version staleness)> on_applied;
  std::uint64_t refused = 0;          // by the ledgers
  std::vector<std::string> rejected;  // by the machines
  std::uint64_t updates = 0;          // gradients applied, over all shards
  std::uint64_t staleness_sum = 0;
  Time waited = 0;  // by workers, between two gradients
  Time now = 0;
  std::uint64_t deaths = 0;

 private:
  struct Actor;
  struct Event {
    PeerId to;
    std::function<void()> effect;
  };
  using Key = std::tuple<Time, PeerId, std::uint64_t>;  // when, from, sequence

  void send(PeerId from, PeerId to, std::function<void()> effect);
  void at(Time when, PeerId who, std::function<void()> effect);
  void give(const std::vector<Grant>& grants);
  void add_worker();
  void tell_aggregators(const MembershipChange& change);
  bool broken(PeerId from, PeerId to, Time when);

  WorldOptions options_;
  Checkpoint start_;
  std::mt19937_64 random_;
  std::map<Key, Event> queue_;
  std::map<std::pair<PeerId, PeerId>, Time> links_;   // latest delivery: messages do not overtake
  std::map<std::pair<PeerId, PeerId>, Time> breaks_;  // of dead workers: what is later is lost
  std::map<PeerId, std::unique_ptr<Actor>> actors_;   // the living
  std::map<PeerId, LastWords> dead_;
  std::uint64_t sequence_ = 0;
  std::uint64_t joined_ = 0;
  Epoch epoch_ = 0;
};

}  // namespace murm::test
