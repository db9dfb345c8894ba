// The numbers of a comparison: per algorithm what its runs gave, and the median and spread over the seeds.
// Room: tools. Pure arithmetic.
// Caller: tools/murm/compare_command, compare_table, compare_figures, compare_report.
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tools/murm/compare_pool.hpp"

namespace murm {

/// Of the values that are numbers; infinity means "never" and is larger than all. No value: not a number.
struct Spread {
  double median = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

/// The median of an even number of values is the mean of the middle two.
Spread spread_of(std::vector<double> values);

struct AlgorithmSummary {
  std::string label;
  std::vector<CompareResult> runs;  // by seed, ascending
  std::size_t diverged = 0;         // in no spread but the first
  Spread time_to_target;            // virtual seconds; a run that does not reach it: never
  Spread loss;                      // of the last evaluation, else in training
  Spread accuracy;                  // fraction
  Spread gradients_per_second;      // virtual
  Spread staleness;                 // mean
  Spread wait_fraction;             // mean over the workers
  Spread bytes;                     // both ways
  Spread contraction;               // per round, of a consensus
  Spread virtual_seconds;
  Spread updates;
};

/// `labels` times `seeds` results, all seeds of the first label first. `has_target`: there is one to reach.
std::vector<AlgorithmSummary> summarise(const std::vector<std::string>& labels, std::size_t seeds,
                                        std::vector<CompareResult> results, bool has_target);

}  // namespace murm
