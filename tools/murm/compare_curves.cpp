#include "tools/murm/compare_curves.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace murm {
namespace {

constexpr std::size_t kGridPoints = 160;
constexpr std::size_t kBinsMax = 40;
constexpr double kTail = 0.005;

double on_axis(const CurvePoint& point, CurveAxis axis) {
  switch (axis) {
    case CurveAxis::seconds:
      return point.virtual_seconds;
    case CurveAxis::samples:
      return static_cast<double>(point.samples);
    case CurveAxis::updates:
      return static_cast<double>(point.updates);
    case CurveAxis::bytes:
      return static_cast<double>(point.bytes);
  }
  return 0;
}

/// Linear between the points; after the last one its value, before the first not a number.
double value_at(const svg::Points& points, double x) {
  if (points.empty() || x < points.front().x) return std::numeric_limits<double>::quiet_NaN();
  if (x >= points.back().x) return points.back().y;
  const auto after = std::ranges::lower_bound(points, x, {}, &svg::Point::x);
  if (after == points.begin() || after->x == x) return after->y;
  const auto before = std::prev(after);
  return before->y + (after->y - before->y) * (x - before->x) / (after->x - before->x);
}

/// Where a run stood on `axis` when it had done so many samples.
svg::Points places(const SimulationResult& run, CurveAxis axis) {
  svg::Points points{{0, 0}};
  for (const CurvePoint& point : run.curve)
    points.push_back({static_cast<double>(point.samples), on_axis(point, axis)});
  return points;
}

svg::Points evaluation_points(const SimulationResult& run, CurveAxis axis, CurveValue value) {
  const svg::Points where = places(run, axis);
  svg::Points points;
  for (const auto& evaluation : run.report.evaluations) {
    const double y = value == CurveValue::accuracy ? evaluation.accuracy : evaluation.loss;
    const double x = value_at(where, static_cast<double>(evaluation.samples));
    if (std::isfinite(y) && std::isfinite(x)) points.push_back({x, y});
  }
  return points;
}

/// From where all runs have values to where half of them have ended.
std::pair<double, double> common_range(const std::vector<svg::Points>& runs) {
  std::vector<double> firsts;
  std::vector<double> lasts;
  for (const auto& run : runs) {
    firsts.push_back(run.front().x);
    lasts.push_back(run.back().x);
  }
  std::ranges::sort(lasts, std::greater<>());
  return {std::ranges::max(firsts), lasts[runs.size() / 2]};
}

std::vector<double> grid_of(double low, double high, bool logarithmic) {
  std::vector<double> grid;
  for (std::size_t i = 0; i < kGridPoints; ++i) {
    const double part = static_cast<double>(i) / (kGridPoints - 1);
    grid.push_back(logarithmic ? low * std::pow(high / low, part) : low + (high - low) * part);
  }
  grid.back() = high;  // not a rounding error beyond it
  return grid;
}

}  // namespace

svg::Points run_points(const SimulationResult& run, CurveAxis axis, CurveValue value) {
  if (value != CurveValue::train_loss) return evaluation_points(run, axis, value);
  svg::Points points;
  for (const CurvePoint& point : run.curve) {
    if (std::isfinite(point.train_loss)) points.push_back({on_axis(point, axis), point.train_loss});
  }
  return svg::smoothed(points);
}

std::vector<LineFigure::Sample> pooled(std::vector<svg::Points> runs, bool logarithmic) {
  std::vector<LineFigure::Sample> samples;
  if (logarithmic) {
    for (auto& run : runs) std::erase_if(run, [](const auto& point) { return !(point.x > 0); });
  }
  std::erase_if(runs, [](const auto& run) { return run.empty(); });
  if (runs.empty()) return samples;
  if (runs.size() == 1) {
    for (const auto& [x, y] : runs.front()) samples.push_back({x, y, y, y});
    return samples;
  }
  const auto [low, high] = common_range(runs);
  if (!(low <= high)) return samples;
  for (const double x : grid_of(low, high, logarithmic)) {
    std::vector<double> values;
    for (const auto& run : runs) values.push_back(value_at(run, x));
    const Spread spread = spread_of(std::move(values));
    if (!std::isnan(spread.median)) samples.push_back({x, spread.median, spread.low, spread.high});
  }
  return samples;
}

std::vector<double> staleness_shares(const AlgorithmSummary& algorithm) {
  std::vector<double> shares;
  double all = 0;
  for (const CompareResult& run : algorithm.runs) {
    if (run.diverged) continue;
    const auto& histogram = run.simulation.report.staleness.histogram;
    shares.resize(std::max(shares.size(), histogram.size()));
    for (std::size_t i = 0; i < histogram.size(); ++i) {
      shares[i] += static_cast<double>(histogram[i]);
      all += static_cast<double>(histogram[i]);
    }
  }
  for (double& share : shares) share = all > 0 ? share / all : 0;
  return shares;
}

StalenessBins staleness_bins(const std::vector<std::vector<double>>& shares) {
  std::size_t largest = 0;
  for (const auto& own : shares) {
    double beyond = 0;
    std::size_t last = own.size();
    while (last > 0 && beyond + own[last - 1] <= kTail) beyond += own[--last];
    if (last > 0) largest = std::max(largest, last - 1);
  }
  const std::size_t width = largest / kBinsMax + 1;
  return {width, largest / width + 1};
}

std::vector<double> binned(const std::vector<double>& shares, StalenessBins bins) {
  std::vector<double> result(bins.count);
  for (std::size_t i = 0; i < shares.size(); ++i)
    result[std::min(i / bins.width, bins.count - 1)] += shares[i];
  return result;
}

}  // namespace murm
