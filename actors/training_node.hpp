// Composition root of the coordinator's process: builds the cast of one run and lets it go.
// Room: actors. Reads as the table of contents of a run; decides nothing afterwards.
// Caller: tools/murm (train, coordinator), examples, tests.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "actors/checkpointer.hpp"
#include "actors/coordinator.hpp"
#include "actors/coordinator_link.hpp"
#include "actors/job_plan.hpp"
#include "actors/worker.hpp"
#include "runtime/progress.hpp"

namespace murm {

/// A job that can be run: its data is there and its parts fit together.
struct PreparedJob {
  JobPlan plan;
  std::shared_ptr<const Dataset> test;
};
/// Loads the test set. Throws InputError for data that cannot be used and parts that do not fit.
PreparedJob prepare_job(const Job& job, bool over_network);

struct TrainingNodeOptions {
  PreparedJob prepared;
  std::string listen;             // endpoint for worker processes; empty: all workers live here
  bool workers_can_come = false;  // worker processes of any origin, at any time
  std::optional<Restored> restored;
  std::string control;  // endpoint for `murm switch` where there is no `listen`; empty: none
  std::filesystem::path metrics_file;
  std::filesystem::path job_file;  // rewritten when the algorithm changes; empty: nowhere
  std::filesystem::path checkpoints;
  std::filesystem::path traces;  // where the machines are recorded; empty: nowhere
  ProgressStyle progress = ProgressStyle::lines;
  std::function<void()> finished;  // called once, on a foreign thread: the outcome is there
};

/// Construction starts the run; destruction ends every actor and socket.
/// Throws InputError for an endpoint that cannot be bound.
/// Thread: one at a time; never blocks on the run.
class TrainingNode {
 public:
  explicit TrainingNode(TrainingNodeOptions options);
  ~TrainingNode();

  const JobPlan& plan() const { return plan_; }
  std::string endpoint() const;  // where worker processes join; empty without `listen`
  std::string control() const;   // where `murm switch` asks; may be empty
  void interrupt(int signal);
  /// A child process has ended: quicker than waiting for its heartbeats.
  void process_lost(std::uint64_t process_id, const std::string& reason);
  /// The outcome, once `finished` has been called.
  std::optional<RunOutcome> outcome();
  TransportCounters traffic() const;
  LinkCounts link_counts();

 private:
  void spawn_cast();
  void record_machines(std::uint64_t run);
  void spawn_aggregators();
  void open_link(const std::string& endpoint);
  void seat_local_workers();
  void close();

  struct OutcomeBox;
  TrainingNodeOptions options_;
  std::shared_ptr<const Clock> clock_;
  std::uint32_t course_;  // changes of algorithm before this process began
  JobPlan plan_;
  std::shared_ptr<OutcomeBox> box_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<Transport> transport_;
  CoordinatorActor coordinator_;
  std::shared_ptr<Recording> recording_;
  Cast cast_;
  CoordinatorLink link_;
  std::vector<WorkerSelf> workers_;  // of this process
};

}  // namespace murm
