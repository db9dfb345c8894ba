// A run of recorded machines in memory: a toy problem, messages in an order drawn from a seed.
// Room: tests. The machines are driven as the actors do; their traces are real files.
// Caller: tests/unit/replay.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "actors/recording_machine.hpp"
#include "actors/virtual/replay.hpp"
#include "algorithms/lease_plan.hpp"
#include "gpu/host/host_device.hpp"
#include "tests/unit/algorithms/problem.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

namespace murm::test {

struct RecordedRunOptions {
  std::string algorithm = "asp";
  std::uint32_t shards = 1;
  double clip = 0;
  std::uint64_t workers = 4;
  SampleCount total = 200;
  std::uint64_t seed = 1;
  std::optional<std::uint64_t>
      killed_at;        // event after which worker 1 is killed; another one joins
  bool timers = false;  // asp workers wait for a timer before they push, and say when it fired
};

class RecordedRun {
 public:
  explicit RecordedRun(const RecordedRunOptions& options);
  ~RecordedRun();

  std::filesystem::path folder() const { return folder_.path(); }
  std::filesystem::path trace(PeerId machine) const;
  /// To repeat this run; with `numbers` false only its ids and times.
  ReplayOptions replay_options(bool numbers = true) const;

  std::vector<float> parameters;  // at the end
  std::uint64_t updates = 0;      // of shard 0
  std::uint64_t staleness_sum = 0;
  std::uint64_t applies = 0;

 private:
  struct Actor;
  class StepClock;
  using Route = std::pair<PeerId, PeerId>;

  void add_worker(std::uint64_t ordinal);
  void kill(PeerId worker);
  void tell_members(const MembershipChange& change);
  void collect();
  void give(const std::vector<Grant>& grants);
  void post(PeerId from, PeerId to, std::function<void()> effect);
  bool step();

  RecordedRunOptions options_;
  TemporaryFolder folder_;
  AlgorithmOptions algorithm_;
  Algorithm machines_;
  LeasePlanOptions leases_;
  LeasePlan plan_;
  HostDevice device_;
  std::shared_ptr<Recording> recording_;
  std::mt19937_64 random_;
  std::map<PeerId, std::unique_ptr<Actor>> actors_;
  std::map<Route, std::deque<std::function<void()>>> mail_;
  Epoch epoch_ = 0;
};

}  // namespace murm::test
