// Composition root of a worker process: a link, and the workers that its welcome asks for.
// Room: actors.
// Caller: tools/murm (worker), tests.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/worker_link.hpp"
#include "runtime/job.hpp"

namespace murm {

struct WorkerNodeOptions {
  std::string join;                  // endpoint of the coordinator
  std::vector<std::uint32_t> slots;  // worker numbers to ask for; empty: any one
  std::string build;
  std::filesystem::path traces;  // where the machines are recorded; empty: nowhere
  std::function<void(const std::string& text)> notice;  // a line for the user; foreign threads
  std::function<void(std::size_t workers)> joined;      // called once, on a foreign thread
  std::function<void(std::string reason)>
      finished;  // called once, on a foreign thread; empty: all is well
};

/// Construction connects (waiting for the coordinator as long as it takes); destruction ends everything.
/// Throws InputError for a malformed endpoint. Thread: one at a time.
class WorkerNode {
 public:
  explicit WorkerNode(WorkerNodeOptions options);
  ~WorkerNode();
  /// Leaves the run: the coordinator gives this process's leases to others.
  void leave();

 private:
  SeatedWorkers seat(const Welcome& welcome, std::uint64_t run, const caf::actor& link);
  std::shared_ptr<const AlgorithmOptions> switched(const Course& course);
  void plan();
  void close();

  WorkerNodeOptions options_;
  Job job_;  // of the welcome, with the algorithm of the latest course; used on the link's thread
  Welcome welcome_;
  std::shared_ptr<const AlgorithmOptions> algorithm_;
  std::uint32_t course_ = 0;
  std::shared_ptr<const Clock> clock_;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<Transport> transport_;
  std::vector<WorkerActor> workers_;  // written on the link's thread, read after it has ended
  WorkerLink link_;
};

}  // namespace murm
