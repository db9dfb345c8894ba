// The course of a simulated run: what a report and its curves are made of.
// Room: actors/virtual. Counts what it is told; decides nothing.
// Caller: actors/virtual/simulator. The counterpart of actors/monitor.
#pragma once
#include <vector>

#include "actors/virtual/simulation.hpp"
#include "actors/virtual/virtual_aggregator.hpp"
#include "models/evaluation.hpp"
#include "runtime/clock.hpp"

namespace murm {

class Course {
 public:
  void granted(Nanoseconds now);
  /// A gradient is in shard `shard`, whose version is now `version`.
  void applied(std::uint32_t shard, const AppliedGradient& gradient, Version version,
               std::uint64_t bytes, Nanoseconds now);
  void changed(AlgorithmChange change) { changes_.push_back(std::move(change)); }
  void evaluated(const Evaluation& evaluation, Nanoseconds now);

  CurvePoint now(std::uint64_t bytes, Nanoseconds now) const;
  std::vector<CurvePoint> curve() const;
  /// Times, losses, staleness and evaluations of the report.
  void fill(Report& report) const;

 private:
  struct Mean {
    double loss_sum = 0;
    SampleCount samples = 0;
    void add(double loss, SampleCount count) {
      loss_sum += loss;
      samples += count;
    }
    double value() const;
  };
  struct Point {
    CurvePoint at;
    Mean loss;
  };
  void thin();

  std::vector<Point> points_;
  Mean open_;  // since the last point
  std::uint64_t open_gradients_ = 0;
  std::uint64_t stride_ = 1;  // gradients of a point
  Mean interval_;             // since the last evaluation
  double train_loss_ = not_measured;
  std::vector<std::uint64_t> staleness_;  // by staleness, last place: that or more
  double staleness_sum_ = 0;
  std::uint64_t staleness_max_ = 0;
  std::uint64_t applies_ = 0;  // at all shards
  SampleCount samples_ = 0;    // at shard 0
  Version updates_ = 0;
  Nanoseconds first_grant_{-1};
  Nanoseconds last_apply_{0};
  Evaluation latest_;
  std::vector<AlgorithmChange> changes_;
  std::vector<Report::Evaluation> evaluations_;
};

}  // namespace murm
