#include "tools/murm/compare_summary.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

double final_loss(const Report& report) {
  return std::isnan(report.final.eval_loss) ? report.final.train_loss : report.final.eval_loss;
}

template <class Value>
Spread over_runs(const AlgorithmSummary& algorithm, Value value) {
  std::vector<double> values;
  for (const CompareResult& run : algorithm.runs) {
    if (!run.diverged) values.push_back(value(run.simulation.report));
  }
  return spread_of(std::move(values));
}

/// A part of a report that only runs in virtual time have.
double simulated(const Report& report, double Report::Simulation::*member) {
  return report.simulation ? (*report.simulation).*member : not_measured;
}

Spread time_to_target(const AlgorithmSummary& algorithm) {
  std::vector<double> values;
  for (const CompareResult& run : algorithm.runs) {
    const double time = run.diverged
                            ? not_measured
                            : simulated(run.simulation.report, &Report::Simulation::time_to_target);
    values.push_back(std::isnan(time) ? std::numeric_limits<double>::infinity() : time);
  }
  return spread_of(std::move(values));
}

void fill(AlgorithmSummary& algorithm, bool has_target) {
  if (has_target) algorithm.time_to_target = time_to_target(algorithm);
  algorithm.loss = over_runs(algorithm, final_loss);
  algorithm.accuracy = over_runs(algorithm, [](const auto& r) { return r.final.eval_accuracy; });
  algorithm.gradients_per_second = over_runs(algorithm, [](const auto& r) {
    return simulated(r, &Report::Simulation::gradients_per_virtual_second);
  });
  algorithm.staleness = over_runs(algorithm, [](const auto& r) { return r.staleness.mean; });
  algorithm.wait_fraction = over_runs(algorithm, [](const auto& r) { return r.wait_fraction; });
  algorithm.bytes = over_runs(algorithm, [](const auto& r) {
    return static_cast<double>(r.bytes.sent) + static_cast<double>(r.bytes.received);
  });
  algorithm.contraction = over_runs(algorithm, [](const auto& r) {
    return simulated(r, &Report::Simulation::contraction_per_round);
  });
  algorithm.virtual_seconds = over_runs(
      algorithm, [](const auto& r) { return simulated(r, &Report::Simulation::virtual_seconds); });
  algorithm.updates = over_runs(algorithm,
                                [](const auto& r) { return static_cast<double>(r.updates); });
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return {};
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[half]
                                               : (values[half - 1] + values[half]) / 2;
  return {median, values.front(), values.back()};
}

std::vector<AlgorithmSummary> summarise(const std::vector<std::string>& labels, std::size_t seeds,
                                        std::vector<CompareResult> results, bool has_target) {
  MURM_ASSERT(results.size() == labels.size() * seeds, std::to_string(results.size()));
  std::vector<AlgorithmSummary> summaries;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    AlgorithmSummary algorithm;
    algorithm.label = labels[i];
    for (std::size_t k = 0; k < seeds; ++k) {
      algorithm.runs.push_back(std::move(results[i * seeds + k]));
      if (algorithm.runs.back().diverged) ++algorithm.diverged;
    }
    fill(algorithm, has_target);
    summaries.push_back(std::move(algorithm));
  }
  return summaries;
}

}  // namespace murm
