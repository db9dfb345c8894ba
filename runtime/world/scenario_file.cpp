#include "runtime/world/scenario_file.hpp"

#include <cmath>
#include <numeric>

#include "runtime/toml_reader.hpp"
#include "runtime/world/scenario_keys.hpp"
#include "runtime/world/step_times_file.hpp"

namespace murm {
namespace {

constexpr double share_tolerance = 1e-6;
constexpr std::string_view set_prefix = "scenario.";

KeyWords scenario_words() {
  return {"docs/scenarios.md", "compute.mean_ms=5", set_prefix, scenario_habits()};
}

/// From-to of an entry such as "churn[2]".
void judge_interval(double from_s, double to_s, const std::string& entry, const GivenKeys& given) {
  if (to_s > from_s) return;
  refuse(given.where(entry + (given.has(entry + ".to_s") ? ".to_s" : ".from_s")),
         entry + " lasts from " + short_number(from_s) + " to " + short_number(to_s) +
             " s, expected to_s after from_s");
}

std::string element(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

void judge_compute(const Scenario& scenario, const GivenKeys& given) {
  const auto& compute = scenario.compute;
  if (compute.distribution == "trace" && compute.file.empty()) {
    refuse(given.where("compute.distribution"),
           "compute.distribution = \"trace\" needs compute.file",
           "give a text file with the milliseconds of one step a line");
  }
  for (std::size_t i = 0; i < compute.slow.size(); ++i) {
    const std::string entry = element("compute.slow", i);
    if (!given.has(entry + ".worker")) refuse(given.where(entry), entry + " names no worker");
    if (!given.has(entry + ".factor")) refuse(given.where(entry), entry + " has no factor");
    judge_interval(compute.slow[i].from_s, compute.slow[i].to_s, entry, given);
  }
}

void judge_matrix(const std::string& name, const std::vector<std::vector<double>>& matrix,
                  std::size_t regions, const GivenKeys& given) {
  if (matrix.empty()) return;
  if (regions == 0) {
    refuse(given.where(name), name + " needs regions.shares",
           "for two regions of equal size: regions.shares = [0.5, 0.5]");
  }
  bool square = matrix.size() == regions;
  for (const auto& row : matrix) square = square && row.size() == regions;
  if (square) return;
  const std::string count = std::to_string(regions);
  refuse(given.where(name),
         name + " must be " + count + " lists of " + count +
             " numbers, one for each of regions.shares",
         "row i says what holds from region i to each region");
}

void judge_regions(const Scenario& scenario, const GivenKeys& given) {
  const auto& regions = scenario.regions;
  const double sum = std::accumulate(regions.shares.begin(), regions.shares.end(), 0.0);
  if (!regions.shares.empty() && std::abs(sum - 1) > share_tolerance) {
    refuse(given.where("regions.shares"),
           "regions.shares add up to " + short_number(sum) + ", expected 1");
  }
  judge_matrix("regions.latency_ms", regions.latency_ms, regions.shares.size(), given);
  judge_matrix("regions.bandwidth_gbit", regions.bandwidth_gbit, regions.shares.size(), given);
}

void judge_partition(const Scenario& scenario, const GivenKeys& given) {
  for (std::size_t i = 0; i < scenario.partition.size(); ++i) {
    const Partition& partition = scenario.partition[i];
    const std::string entry = element("partition", i);
    if (partition.workers.empty()) {
      refuse(given.where(entry + ".workers"), entry + " names no workers",
             "for example workers = [0, 1]");
    }
    judge_interval(partition.from_s, partition.to_s, entry, given);
  }
}

void judge_churn(const Scenario& scenario, const GivenKeys& given) {
  for (std::size_t i = 0; i < scenario.churn.size(); ++i) {
    const ChurnEvent& churn = scenario.churn[i];
    const std::string entry = element("churn", i);
    if (churn.event.empty()) {
      refuse(given.where(entry), entry + " names no event", "for example event = \"crash\"");
    }
    const bool by_rate = churn.rate_per_hour > 0;
    if (by_rate && given.has(entry + ".at_s")) {
      refuse(given.where(entry + ".at_s"),
             entry + " has both at_s and rate_per_hour, expected one of them",
             "from_s and to_s say when a rate holds");
    }
    if (!by_rate && !given.has(entry + ".at_s")) {
      refuse(given.where(entry), entry + " does not say when",
             "give at_s, or rate_per_hour above 0");
    }
    if (!by_rate && churn.event != "join" && !given.has(entry + ".worker")) {
      refuse(given.where(entry), entry + " does not say to which worker", "for example worker = 0");
    }
    judge_interval(churn.from_s, churn.to_s, entry, given);
  }
}

void read_recorded(Scenario& scenario, const GivenKeys& given) {
  if (scenario.compute.distribution != "trace") return;
  std::error_code ignored;
  if (!std::filesystem::exists(scenario.compute.file, ignored)) {
    refuse(given.where("compute.file"),
           "compute.file is " + toml_string(scenario.compute.file) + ", which does not exist",
           "the path is relative to the folder in which murm is started");
  }
  auto recorded = std::make_shared<RecordedTiming>();
  recorded->compute = read_step_times(scenario.compute.file);
  scenario.recorded = std::move(recorded);
}

}  // namespace

LoadedScenario load_scenario(const std::filesystem::path& file,
                             std::span<const std::string> overrides) {
  if (file.empty()) return parse_scenario("", "scenario", overrides);
  return parse_scenario(settings_text(file, "scenario"), file.string(), overrides);
}

LoadedScenario parse_scenario(std::string_view text, const std::string& source_name,
                              std::span<const std::string> overrides) {
  RecordReader<Scenario> reader(scenario_words(), source_name);
  reader.read_file(text);
  for (const std::string& override : overrides) reader.read_override(override);
  Scenario scenario = reader.record();
  const GivenKeys& given = reader.given();
  judge_compute(scenario, given);
  judge_regions(scenario, given);
  judge_partition(scenario, given);
  judge_churn(scenario, given);
  read_recorded(scenario, given);
  return {std::move(scenario), reader.notes()};
}

std::string to_toml(const Scenario& scenario) { return toml_text(scenario); }

SplitOverrides split_overrides(std::span<const std::string> overrides) {
  SplitOverrides split;
  for (const std::string& text : overrides) {
    const auto first = std::min(text.find_first_not_of(" \t"), text.size());
    if (text.compare(first, set_prefix.size(), set_prefix) == 0) {
      split.scenario.push_back(text.substr(first + set_prefix.size()));
    } else {
      split.job.push_back(text);
    }
  }
  return split;
}

}  // namespace murm
