// Simulations side by side on a few threads; their results in the order they were given.
// Room: tools. Does not know what is compared.
// Caller: tools/murm/compare_command.
#pragma once
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "actors/virtual/simulation.hpp"
#include "runtime/progress.hpp"

namespace murm {

struct CompareResult {
  bool diverged = false;        // the loss was not finite; `simulation` is empty then
  std::string reason;           // why
  SimulationResult simulation;  // without parameters
};

class ComparePool {
 public:
  using Simulate = std::function<SimulationResult(const SimulationOptions&)>;

  /// Starts at once. `notify` is called on a thread of the pool whenever a run has ended.
  ComparePool(std::vector<SimulationOptions> runs, std::size_t threads, Simulate simulate,
              std::function<void()> notify);
  ~ComparePool();  // stops and waits

  /// Runs in progress end soon, as interrupted; no further one starts. Thread: any.
  void stop() { stopped_ = true; }
  bool done() const;
  /// Samples of all runs; the total is an estimate where runs may end before their samples do.
  ProgressState progress() const;

  /// One per run, in order. Requires: done, not stopped. Rethrows the error of the first run that failed.
  std::vector<CompareResult> results();

 private:
  struct Run {
    SimulationOptions options;
    CompareResult result;
    std::exception_ptr error;
    bool ended = false;
    double planned = 0;  // samples; 0: not known
    double samples = 0;  // so far
    double seconds = 0;  // virtual, so far
  };

  void work();
  void simulate(Run& run);
  double expected_samples(const Run& run) const;

  mutable std::mutex mutex_;
  std::vector<Run> runs_;  // options: constant; the rest under the mutex
  std::size_t next_ = 0;   // under the mutex, too
  std::size_t ended_ = 0;
  std::atomic<bool> stopped_ = false;
  Simulate simulate_;
  std::function<void()> notify_;
  std::vector<std::jthread> threads_;  // last: they end before what they use
};

}  // namespace murm
