#include "tools/murm/compare_figures.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "runtime/figure.hpp"
#include "runtime/human_units.hpp"
#include "tools/murm/compare_curves.hpp"
#include "tools/murm/compare_table.hpp"

namespace murm {
namespace {

using Algorithms = std::vector<AlgorithmSummary>;

/// Ends further apart than this would squeeze the shorter curves into a corner of a linear axis.
constexpr double kEndsApart = 8;

struct AxisWords {
  CurveAxis axis;
  const char* title;
  const char* name;
  FigureUnit unit;
  const char* reading;
};

constexpr AxisWords kAxes[] = {
    {CurveAxis::seconds, "virtual time", "virtual time", FigureUnit::seconds,
     "Lower and further left is better: this is what a user waits for. Stragglers and thin links "
     "count."},
    {CurveAxis::samples, "samples", "training samples", FigureUnit::count,
     "What a sample is worth: stale gradients and large effective batches show here, speed does "
     "not."},
    {CurveAxis::updates, "updates", "optimizer updates", FigureUnit::count,
     "What an update is worth: an algorithm that averages many gradients makes few, good ones."},
    {CurveAxis::bytes, "bytes", "bytes sent and received", FigureUnit::bytes,
     "What the network has to carry for a loss; all messages of the run, both ways."}};

std::vector<std::vector<svg::Points>> points_of(const Algorithms& algorithms, CurveAxis axis,
                                                CurveValue value) {
  std::vector<std::vector<svg::Points>> points;
  for (const AlgorithmSummary& algorithm : algorithms) {
    points.emplace_back();
    for (const CompareResult& run : algorithm.runs) {
      if (!run.diverged) points.back().push_back(run_points(run.simulation, axis, value));
    }
  }
  return points;
}

bool wants_logarithm(const std::vector<std::vector<svg::Points>>& points) {
  double shortest = std::numeric_limits<double>::infinity();
  double longest = 0;
  for (const auto& algorithm : points) {
    for (const auto& run : algorithm) {
      if (run.empty() || !(run.back().x > 0)) continue;
      shortest = std::min(shortest, run.back().x);
      longest = std::max(longest, run.back().x);
    }
  }
  return longest > kEndsApart * shortest;
}

std::string curves_svg(const Algorithms& algorithms, const AxisWords& words, CurveValue value,
                       const char* y_name) {
  const auto points = points_of(algorithms, words.axis, value);
  LineFigure figure;
  figure.x_name = words.name;
  figure.x_unit = words.unit;
  figure.x_logarithmic = wants_logarithm(points);
  figure.y_name = y_name;
  if (value == CurveValue::accuracy) figure.y_unit = FigureUnit::percent;
  for (std::size_t i = 0; i < algorithms.size(); ++i)
    figure.curves.push_back({algorithms[i].label, pooled(points[i], figure.x_logarithmic)});
  return line_figure(figure);
}

bool has(const Algorithms& algorithms, CurveValue value) {
  for (const auto& algorithm : points_of(algorithms, CurveAxis::samples, value)) {
    for (const auto& run : algorithm) {
      if (!run.empty()) return true;
    }
  }
  return false;
}

std::string spread_text(const Spread& spread, std::string (*text)(double)) {
  std::string result = text(spread.median);
  if (text(spread.low) != text(spread.high))
    result += " (" + text(spread.low) + " to " + text(spread.high) + ")";
  return result;
}

std::string bars_svg(const Algorithms& algorithms, Spread AlgorithmSummary::*member,
                     std::string (*text)(double), std::string name, FigureUnit unit) {
  BarFigure figure{.name = std::move(name), .unit = unit, .bars = {}};
  for (const AlgorithmSummary& algorithm : algorithms) {
    const Spread& spread = algorithm.*member;
    const bool known = std::isfinite(spread.median);
    figure.bars.push_back({algorithm.label, known ? spread_text(spread, text) : "diverged",
                           spread.median, spread.low, spread.high});
  }
  return bar_figure(figure);
}

std::string percent_text(double fraction) { return human_percent(fraction, 1); }

/// A report's last bin may hold everything beyond, too.
bool is_capped(const AlgorithmSummary& algorithm) {
  return std::ranges::any_of(algorithm.runs, [](const CompareResult& run) {
    const auto& staleness = run.simulation.report.staleness;
    return !run.diverged && staleness.max >= staleness.histogram.size();
  });
}

CompareFigure staleness_figure(const Algorithms& algorithms) {
  CompareFigure figure{
      "Staleness of the applied gradients",
      "How many updates were applied between reading the parameters and applying the gradient; all "
      "seeds together. The dashed line is the mean. All panels have the same horizontal axis; its "
      "last bar "
      "also holds what lies beyond (marked +).",
      {}};
  std::vector<std::vector<double>> shares;
  for (const auto& algorithm : algorithms) shares.push_back(staleness_shares(algorithm));
  const StalenessBins bins = staleness_bins(shares);
  for (std::size_t i = 0; i < algorithms.size(); ++i) {
    HistogramFigure histogram;
    histogram.label = algorithms[i].label;
    histogram.colour = i;
    histogram.x_name = "staleness (updates)";
    histogram.shares = binned(shares[i], bins);
    histogram.bin_width = bins.width;
    const bool beyond = shares[i].size() > bins.width * bins.count || is_capped(algorithms[i]);
    histogram.open_end = beyond && histogram.shares.back() > 0;
    histogram.mean = algorithms[i].staleness.median;
    figure.svgs.push_back(histogram_figure(histogram));
  }
  return figure;
}

}  // namespace

std::vector<CompareFigure> compare_figures(const Algorithms& algorithms) {
  std::vector<CompareFigure> figures;
  const bool trained = has(algorithms, CurveValue::train_loss);
  const bool evaluated = has(algorithms, CurveValue::eval_loss);
  if (trained || evaluated) {
    const char* name = trained ? "training loss" : "evaluated loss";
    for (const AxisWords& words : kAxes) {
      figures.push_back(
          {std::string("Loss against ") + words.title,
           words.reading,
           {curves_svg(algorithms, words, trained ? CurveValue::train_loss : CurveValue::eval_loss,
                       name)}});
    }
  }
  if (has(algorithms, CurveValue::accuracy)) {
    for (const AxisWords& words : {kAxes[0], kAxes[1]}) {
      figures.push_back(
          {std::string("Accuracy against ") + words.title,
           "Accuracy on the test set at the evaluations of the run; higher is better.",
           {curves_svg(algorithms, words, CurveValue::accuracy, "test accuracy")}});
    }
  }
  figures.push_back({"Throughput",
                     "Gradients applied per second of virtual time, from all workers together.",
                     {bars_svg(algorithms, &AlgorithmSummary::gradients_per_second, rate_text,
                               "gradients per virtual second", FigureUnit::count)}});
  figures.push_back(
      {"Waiting",
       "The part of its time that a worker, on average, does not compute: it waits for "
       "parameters, for others, or for the network.",
       {bars_svg(algorithms, &AlgorithmSummary::wait_fraction, percent_text,
                 "waiting, part of the workers' time", FigureUnit::percent)}});
  figures.push_back(staleness_figure(algorithms));
  return figures;
}

}  // namespace murm
