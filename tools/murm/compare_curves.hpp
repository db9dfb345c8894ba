// Curves of a comparison: each run's loss against time, samples, updates or bytes, pooled over the seeds.
// Room: tools. Pure arithmetic.
// Caller: tools/murm/compare_figures. Source: the four axes are those of the literature's disputes.
#pragma once
#include <cstddef>
#include <vector>

#include "runtime/figure.hpp"
#include "runtime/svg.hpp"
#include "tools/murm/compare_summary.hpp"

namespace murm {

enum class CurveAxis { seconds, samples, updates, bytes };
enum class CurveValue { train_loss, eval_loss, accuracy };

/// Points of one run with finite values; training losses smoothed over about a fortieth of the run. Where an
/// evaluation stands on an axis is taken from the curve of the run, by its samples.
svg::Points run_points(const SimulationResult& run, CurveAxis axis, CurveValue value);

/// Median and extremes of the runs on a common grid, by linear interpolation, from where all have values to
/// where half of them have ended; one that has ended counts with its last value. One run alone keeps its
/// own points. `logarithmic`: the grid is geometric.
std::vector<LineFigure::Sample> pooled(std::vector<svg::Points> runs, bool logarithmic);

/// Applied gradients by staleness over all runs of an algorithm, as fractions.
std::vector<double> staleness_shares(const AlgorithmSummary& algorithm);

/// Bins that suit all of `shares`: as wide as needed for at most 40, and up to where all but 0.5 % lies.
struct StalenessBins {
  std::size_t width = 1;
  std::size_t count = 1;
};
StalenessBins staleness_bins(const std::vector<std::vector<double>>& shares);

/// The last bin holds everything beyond, too.
std::vector<double> binned(const std::vector<double>& shares, StalenessBins bins);

}  // namespace murm
