#include "runtime/report.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/human_units.hpp"

namespace murm {
namespace {

using Json = nlohmann::ordered_json;

Json ledger_json(const Report& report) {
  const auto& ledger = report.ledger;
  return {{"issued", ledger.issued},
          {"applied", ledger.applied},
          {"dropped", ledger.dropped},
          {"reissued", ledger.reissued},
          {"refused_duplicate", ledger.refused_duplicate},
          {"lost", ledger.lost},
          {"samples_skipped", ledger.samples_skipped},
          {"samples_repeated", ledger.samples_repeated}};
}

Json workers_json(const Report& report) {
  Json workers = Json::array();
  for (const auto& worker : report.per_worker) {
    workers.push_back({{"id", worker.id},
                       {"pid", worker.pid},
                       {"device", worker.device},
                       {"steps", worker.steps},
                       {"samples", worker.samples},
                       {"wait_fraction", worker.wait_fraction},
                       {"data_wait_fraction", worker.data_wait_fraction},
                       {"peak_rss_bytes", worker.peak_rss_bytes}});
  }
  return workers;
}

Json changes_json(const Report& report) {
  Json changes = Json::array();
  for (const AlgorithmChange& change : report.changes) {
    changes.push_back({{"samples", change.samples}, {"to", change.to}});
  }
  return changes;
}

std::string algorithm_text(const Report& report) {
  std::string text = report.algorithm;
  for (const AlgorithmChange& change : report.changes) text += " -> " + change.to;
  return text;
}

Json evaluations_json(const Report& report) {
  Json evaluations = Json::array();
  for (const auto& evaluation : report.evaluations) {
    evaluations.push_back({{"samples", evaluation.samples},
                           {"seconds", evaluation.seconds},
                           {"loss", evaluation.loss},
                           {"accuracy", evaluation.accuracy}});
  }
  return evaluations;
}

using Rows = std::vector<std::pair<std::string, std::string>>;

std::string ledger_text(const Report& report) {
  const auto& ledger = report.ledger;
  std::string text = with_separators(ledger.issued) + " leases issued, " +
                     with_separators(ledger.applied) + " applied, " + with_separators(ledger.lost) +
                     " lost";
  if (ledger.dropped > 0) text += ", " + with_separators(ledger.dropped) + " dropped";
  if (ledger.reissued > 0) text += ", " + with_separators(ledger.reissued) + " reissued";
  if (ledger.refused_duplicate > 0) {
    text += ", " + with_separators(ledger.refused_duplicate) + " duplicates refused";
  }
  if (ledger.samples_skipped > 0) {
    text += ", " + with_separators(ledger.samples_skipped) + " samples skipped";
  }
  if (ledger.samples_repeated > 0) {
    text += ", " + with_separators(ledger.samples_repeated) + " samples repeated";
  }
  return text;
}

std::string place_text(const Report& report) {
  std::string text = with_separators(report.workers) +
                     (report.workers == 1 ? " worker, " : " workers, ") +
                     with_separators(report.aggregators) +
                     (report.aggregators == 1 ? " aggregator" : " aggregators");
  if (report.simulation) return text + ", simulated";
  if (report.processes == 0) return text + ", one process";
  return text + ", " + with_separators(report.processes) + " worker process" +
         (report.processes == 1 ? "" : "es") + " over " + report.transport;
}

/// What was measured; a model without accuracy has no test set.
std::string loss_text(const Report& report) {
  const auto& final = report.final;
  std::string text;
  if (!std::isnan(final.eval_loss)) {
    text = human_loss(final.eval_loss) +
           (std::isnan(final.eval_accuracy) ? " at the last evaluation" : " on the test set");
  }
  if (std::isnan(final.train_loss)) return text;
  return text + (text.empty() ? "" : ", ") + human_loss(final.train_loss) + " in training";
}

std::string waiting_text(const Report& report) {
  const auto [low, high] = std::ranges::minmax(report.per_worker, {},
                                               &Report::PerWorker::wait_fraction);
  std::string text = human_percent(low.wait_fraction, 0) + " to " +
                     human_percent(high.wait_fraction, 0) + " of the workers' time";
  if (!std::isnan(report.data_wait_fraction)) {
    text += "; for samples " + human_percent(report.data_wait_fraction, 2) + " of their steps";
  }
  return text;
}

}  // namespace

namespace {

void add_simulation(Json& json, const Report::Simulation& simulation) {
  json["virtual_seconds"] = simulation.virtual_seconds;
  json["gradients"] = simulation.gradients;
  json["gradients_per_virtual_second"] = simulation.gradients_per_virtual_second;
  json["events"] = simulation.events;
  json["events_per_second"] = simulation.events_per_second;
  json["wall_seconds"] = simulation.wall_seconds;
  json["trace_hash"] = simulation.trace_hash;
  json["time_to_target"] = simulation.time_to_target;
  json["consensus"] = {{"contraction_per_round", simulation.contraction_per_round}};
}

}  // namespace

std::string report_json(const Report& report) {
  Json json;
  json["schema"] = "murmuration.report/1";
  json["job"] = report.job;
  json["algorithm"] = report.algorithm;
  json["changes"] = changes_json(report);
  json["status"] = report.status;
  json["interrupted"] = report.interrupted;
  json["seed"] = report.seed;
  json["workers"] = report.workers;
  json["aggregators"] = report.aggregators;
  json["processes"] = report.processes;
  json["transport"] = report.transport;
  json["parameters"] = report.parameters;
  json["updates"] = report.updates;
  json["samples"] = report.samples;
  json["epochs"] = report.epochs;
  json["seconds"] = report.seconds;
  json["samples_per_second"] = report.samples_per_second;
  json["final"] = {{"train_loss", report.final.train_loss},
                   {"eval_loss", report.final.eval_loss},
                   {"eval_accuracy", report.final.eval_accuracy},
                   {"eval_perplexity", report.final.eval_perplexity}};
  json["staleness"] = {{"mean", report.staleness.mean},
                       {"max", report.staleness.max},
                       {"histogram", report.staleness.histogram}};
  json["bytes"] = {{"sent", report.bytes.sent},
                   {"received", report.bytes.received},
                   {"between_workers", report.bytes.between_workers}};
  json["ledger"] = ledger_json(report);
  json["refused"] = report.refused;
  json["parameters_hash"] = report.parameters_hash;
  json["peak_rss_bytes"] = report.peak_rss_bytes;
  json["per_worker"] = workers_json(report);
  json["wait_fraction"] = report.wait_fraction;
  json["data_wait_fraction"] = report.data_wait_fraction;
  json["evaluations"] = evaluations_json(report);
  if (report.simulation) add_simulation(json, *report.simulation);
  // A name that is no UTF-8 must not cost the report.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string summary_table(const Report& report) {
  Rows rows;
  rows.emplace_back("job", report.job + " (" + report.status + ")");
  rows.emplace_back("algorithm", algorithm_text(report) + ", " + place_text(report));
  if (!std::isnan(report.final.eval_accuracy)) {
    rows.emplace_back("accuracy", human_percent(report.final.eval_accuracy, 2));
  }
  if (!std::isnan(report.final.eval_perplexity)) {
    rows.emplace_back("perplexity",
                      human_number(report.final.eval_perplexity, 3) + " on the test set");
  }
  if (const std::string loss = loss_text(report); !loss.empty()) rows.emplace_back("loss", loss);
  // Without data an epoch is one sample.
  const bool epochs = report.epochs != static_cast<double>(report.samples);
  rows.emplace_back("samples",
                    with_separators(report.samples) +
                        (epochs ? " = " + human_number(report.epochs, 2) + " epochs, " : ", ") +
                        with_separators(report.updates) + " updates");
  rows.emplace_back("time", human_duration(report.seconds) + ", " +
                                human_count(report.samples_per_second) + " samples/s");
  if (report.simulation) {
    const Report::Simulation& simulation = *report.simulation;
    rows.emplace_back("gradients", with_separators(simulation.gradients) + ", " +
                                       human_count(simulation.gradients_per_virtual_second) +
                                       " in a virtual second");
    rows.emplace_back("simulated", with_separators(simulation.events) + " events in " +
                                       human_duration(simulation.wall_seconds) + ", " +
                                       human_count(simulation.events_per_second) +
                                       " events/s, trace " + simulation.trace_hash);
  }
  rows.emplace_back("staleness", human_number(report.staleness.mean, 2) + " on average, " +
                                     with_separators(report.staleness.max) + " at most");
  if (!report.per_worker.empty()) rows.emplace_back("waiting", waiting_text(report));
  if (report.bytes.sent + report.bytes.received > 0) {
    rows.emplace_back("network", human_bytes(report.bytes.sent) + " sent, " +
                                     human_bytes(report.bytes.received) + " received");
  }
  if (report.bytes.between_workers > 0) {
    rows.emplace_back("peers", human_bytes(report.bytes.between_workers) + " between workers");
  }
  rows.emplace_back("ledger", ledger_text(report));
  for (const auto& [kind, count] : report.refused) {
    if (count > 0) rows.emplace_back("refused", with_separators(count) + " messages: " + kind);
  }
  rows.emplace_back("memory", human_bytes(report.peak_rss_bytes) + " at peak");
  rows.emplace_back("parameters",
                    with_separators(report.parameters) +
                        (report.parameters_hash.empty() ? "" : ", hash " + report.parameters_hash));

  std::size_t width = 0;
  for (const auto& row : rows) width = std::max(width, row.first.size());
  std::string text;
  for (const auto& [label, value] : rows) {
    text += "  " + label + std::string(width - label.size() + 2, ' ') + value + "\n";
  }
  return text;
}

}  // namespace murm
