#include "tools/murm/compare_report.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace murm {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json spread_json(const Spread& spread) {
  return {
      {"median", number(spread.median)}, {"min", number(spread.low)}, {"max", number(spread.high)}};
}

Json run_json(const CompareResult& run, std::uint64_t seed) {
  Json json;
  json["seed"] = seed;
  json["diverged"] = run.diverged;
  if (run.diverged) json["reason"] = run.reason;
  json["report"] = run.diverged ? Json(nullptr) : Json::parse(report_json(run.simulation.report));
  return json;
}

Json algorithm_json(const AlgorithmSummary& algorithm, const CompareFacts& facts) {
  Json json;
  json["label"] = algorithm.label;
  json["diverged"] = algorithm.diverged;
  json["time_to_target"] = spread_json(algorithm.time_to_target);
  json["loss"] = spread_json(algorithm.loss);
  json["accuracy"] = spread_json(algorithm.accuracy);
  json["gradients_per_virtual_second"] = spread_json(algorithm.gradients_per_second);
  json["staleness_mean"] = spread_json(algorithm.staleness);
  json["wait_fraction"] = spread_json(algorithm.wait_fraction);
  json["bytes"] = spread_json(algorithm.bytes);
  json["contraction_per_round"] = spread_json(algorithm.contraction);
  json["virtual_seconds"] = spread_json(algorithm.virtual_seconds);
  json["updates"] = spread_json(algorithm.updates);
  json["runs"] = Json::array();
  for (std::size_t i = 0; i < algorithm.runs.size(); ++i)
    json["runs"].push_back(run_json(algorithm.runs[i], facts.seeds.at(i)));
  return json;
}

}  // namespace

std::string compare_json(const CompareFacts& facts,
                         const std::vector<AlgorithmSummary>& algorithms) {
  Json json;
  json["schema"] = "murmuration.compare/1";
  json["job"] = facts.job;
  json["workers"] = facts.workers;
  json["seeds"] = facts.seeds;
  json["phantom"] = facts.phantom;
  json["until_seconds"] = facts.until_seconds > 0 ? Json(facts.until_seconds) : Json(nullptr);
  json["wall_seconds"] = facts.wall_seconds;
  json["algorithms"] = Json::array();
  for (const AlgorithmSummary& algorithm : algorithms)
    json["algorithms"].push_back(algorithm_json(algorithm, facts));
  // A name that is no UTF-8 must not cost the report.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace murm
