// The course of a run's algorithms: which one is in effect, and where the next one takes over.
// Room: actors. Pure: positions in the run's stream of samples, no clock, no CAF.
// Caller: actors/coordinator, actors/virtual/simulator, at a cut. For users: docs/switching.md.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "actors/job_plan.hpp"

namespace murm {

class AlgorithmCourse {
 public:
  /// `done`: changes that a restored run has made already.
  AlgorithmCourse(Job job, DataShape shape, std::uint32_t done = 0);

  /// Changes made so far.
  std::uint32_t number() const { return number_; }
  /// The job as it is now: algorithm.name is the one in effect.
  Job job() const { return job_after(job_, number_); }

  /// The job with all changes, made and to come.
  const Job& whole() const { return job_; }

  /// Where the next change is due, after `position`; none: nowhere.
  std::optional<SampleCount> next_after(SampleCount position) const;
  /// True when a cut at `position` has to change the algorithm.
  bool due(SampleCount position) const;
  /// Asks for a change at the next cut: why it cannot be, or nothing. `one_process`: all workers share one.
  std::optional<std::string> ask(const std::string& to, bool one_process);
  bool asked() const { return !asked_.empty(); }
  /// Makes the changes that are due at `position`, of several only the last, and returns the plan from now on.
  /// What was asked for becomes part of the job, as if it had been planned.
  JobPlan advance(SampleCount position);

 private:
  bool planned_due(SampleCount position) const;

  Job job_;
  DataShape shape_;
  std::vector<PlannedSwitch> planned_;
  std::uint32_t number_;
  std::string asked_;
};

}  // namespace murm
