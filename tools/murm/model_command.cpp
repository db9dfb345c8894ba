#include "tools/murm/model_command.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "algorithms/vocabulary.hpp"
#include "runtime/atomic_file.hpp"
#include "runtime/human_units.hpp"
#include "runtime/job_file.hpp"
#include "tools/murm/run_files.hpp"

namespace murm {
namespace {

using Row = std::array<std::string, 4>;

std::string shape_text(std::span<const std::size_t> shape) {
  std::string text;
  for (const std::size_t extent : shape) {
    text += (text.empty() ? "" : " x ") + std::to_string(extent);
  }
  return text;
}

std::string operations_text(double operations) {
  if (operations <= 0) return "-";
  return human_count(operations);
}

/// The first column to the left, the others to the right.
std::string table_of(std::span<const Row> rows) {
  std::array<std::size_t, 4> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    text += "  " + row[0] + std::string(widths[0] - row[0].size(), ' ');
    for (std::size_t i = 1; i < row.size(); ++i) {
      text += std::string(3 + widths[i] - row[i].size(), ' ') + row[i];
    }
    text += "\n";
  }
  return text;
}

std::string layers_text(const ModelFacts& facts) {
  if (facts.layers.empty()) return "";
  std::vector<Row> rows{{"layer", "output", "parameters", "operations"}};
  for (const LayerSummary& layer : facts.layers) {
    rows.push_back({layer.name, shape_text(layer.output), with_separators(layer.parameters),
                    operations_text(static_cast<double>(layer.forward_operations))});
  }
  rows.push_back(
      {"in all", "", with_separators(facts.parameters), operations_text(facts.forward_operations)});
  return table_of(rows) + "\n";
}

std::string line(const std::string& name, const std::string& value) {
  return "  " + name + std::string(std::max<std::size_t>(1, 13 - name.size()), ' ') + value + "\n";
}

std::string exchange_text(const ModelFacts& facts) {
  const std::uint64_t batches = facts.batches_per_exchange;
  const std::string every = batches == 1 ? "each step"
                                         : "every " + std::to_string(batches) + " batches";
  return human_bytes(facts.sent_bytes) + " sent, " + human_bytes(facts.received_bytes) +
         " received, " + every;
}

}  // namespace

std::string model_text(const Job& job, const ModelFacts& facts) {
  std::string text = job.model.kind + " of " + job.job.name + ", " +
                     with_separators(facts.parameters) + " parameters, batch " +
                     std::to_string(facts.batch) + ", " + job.training.precision + "\n\n";
  text += layers_text(facts);
  if (facts.forward_operations > 0) {
    text += line("operations", operations_text(3 * facts.forward_operations) + " for a sample, " +
                                   operations_text(facts.step_operations()) +
                                   " for a step: three times the way forward");
  }
  text += line("parameters", human_bytes(facts.parameter_bytes()));
  text += line("gradient", human_bytes(facts.parameter_bytes()));
  text += line("optimizer",
               human_bytes(facts.state_tensors * facts.parameter_bytes()) + " for " +
                   job.training.optimizer +
                   (facts.state_on_workers ? ", on each worker" : ", on the aggregators"));
  text += line("workspace", human_bytes(facts.workspace_bytes) + " for activations of a worker");
  text += line("exchange", "by a worker: " + exchange_text(facts));
  text += line("memory", "about " + human_bytes(facts.worker_bytes) +
                             " in a process with one worker, " +
                             human_bytes(facts.coordinator_bytes) + " in the coordinator's");
  return text;
}

std::string model_json(const Job& job, const ModelFacts& facts) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (const LayerSummary& layer : facts.layers) {
    layers.push_back({{"name", layer.name},
                      {"output", layer.output},
                      {"parameters", layer.parameters},
                      {"forward_operations", layer.forward_operations}});
  }
  const nlohmann::ordered_json json{
      {"schema", "murmuration.model/1"},
      {"job", job.job.name},
      {"kind", job.model.kind},
      {"precision", job.training.precision},
      {"layers", layers},
      {"parameters", facts.parameters},
      {"batch", facts.batch},
      {"operations",
       {{"forward_per_sample", facts.forward_operations},
        {"per_sample", 3 * facts.forward_operations},
        {"per_step", facts.step_operations()}}},
      {"bytes",
       {{"parameters", facts.parameter_bytes()},
        {"gradient", facts.parameter_bytes()},
        {"optimizer", facts.state_tensors * facts.parameter_bytes()},
        {"optimizer_on", facts.state_on_workers ? "workers" : "aggregators"},
        {"workspace", facts.workspace_bytes}}},
      {"exchange",
       {{"batches", facts.batches_per_exchange},
        {"sent_bytes", facts.sent_bytes},
        {"received_bytes", facts.received_bytes}}},
      {"peak_bytes", {{"worker", facts.worker_bytes}, {"coordinator", facts.coordinator_bytes}}}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

int run_model(const ModelCommand& command) {
  const LoadedJob loaded = load_job(command.job_file, command.set, {.may_be_endless = true});
  check_report_folder(command.report);
  for (const std::string& note : loaded.notes) {
    std::fprintf(stderr, "murm: note: %s\n", note.c_str());
  }
  const ModelFacts facts = model_facts(loaded.job);
  std::fputs(model_text(loaded.job, facts).c_str(), stdout);
  if (command.report.empty()) return 0;
  if (const auto error = write_file_atomically(command.report, model_json(loaded.job, facts))) {
    throw InputError(error->text);
  }
  return 0;
}

}  // namespace murm
