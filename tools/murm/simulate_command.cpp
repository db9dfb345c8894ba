#include "tools/murm/simulate_command.hpp"

#include <cmath>
#include <cstdio>

#include "actors/job_plan.hpp"
#include "actors/virtual/simulation.hpp"
#include "runtime/atomic_file.hpp"
#include "runtime/human_units.hpp"
#include "runtime/job_file.hpp"
#include "runtime/job_keys.hpp"
#include "runtime/metrics_csv.hpp"
#include "runtime/run_directory.hpp"
#include "runtime/world/scenario_file.hpp"
#include "tools/murm/run_files.hpp"
#include "tools/murm/shell_text.hpp"
#include "tools/murm/watch.hpp"

namespace murm {

namespace {

struct Inputs {
  Job job;
  LoadedScenario scenario;
  std::vector<std::string> notes;
};

Inputs load_inputs(const SimulateCommand& command) {
  const SplitOverrides overrides = split_overrides(command.set);
  LoadedJob job = load_job(command.job_file, overrides.job, {!command.until.empty()});
  Inputs inputs{std::move(job.job), load_scenario(command.scenario_file, overrides.scenario),
                std::move(job.notes)};
  for (std::string& note : inputs.scenario.notes) inputs.notes.push_back(std::move(note));
  return inputs;
}

/// The command that shows this run again.
std::string repeat_text(const SimulateCommand& command) {
  std::vector<std::string> words{"murm", "simulate", command.job_file.string()};
  const auto add = [&](std::initializer_list<std::string> more) {
    words.insert(words.end(), more);
  };
  if (!command.scenario_file.empty()) add({"--scenario", command.scenario_file.string()});
  for (const std::string& set : command.set) add({"--set", set});
  if (!command.until.empty()) add({"--until", command.until});
  if (command.phantom) add({"--phantom"});
  return shell_text(words);
}

std::optional<Error> write_metrics(const SimulationResult& result,
                                   const std::filesystem::path& file) {
  MetricsCsv metrics(file);
  for (const CurvePoint& point : result.curve) {
    MetricsRow row;
    row.seconds = point.virtual_seconds;
    row.samples = point.samples;
    row.updates = point.updates;
    row.train_loss = point.train_loss;
    if (auto error = metrics.append(row)) return error;
  }
  return std::nullopt;
}

void write_files(const SimulationResult& result, const RunDirectory& directory,
                 const std::filesystem::path& report_copy) {
  std::optional<Error> first;
  const auto keep = [&](std::optional<Error> error) {
    if (error && !first) first = std::move(error);
  };
  std::vector<LossPlot::Training> losses;
  for (const CurvePoint& point : result.curve) losses.push_back({point.samples, point.train_loss});
  const std::string json = report_json(result.report);
  keep(write_metrics(result, directory.metrics()));
  if (!result.parameters.empty()) {
    keep(write_parameters(result.parameters, result.layout, result.report, directory.parameters()));
    keep(write_file_atomically(directory.plot(), plot_of(result.report, std::move(losses))));
  }
  keep(write_file_atomically(directory.report(), json));
  if (!report_copy.empty()) keep(write_file_atomically(report_copy, json));
  if (first) throw RunError(first->text);
}

}  // namespace

int run_simulate(const SimulateCommand& command, SignalGate& signals) {
  const Inputs inputs = load_inputs(command);
  check_report_folder(command.report);
  SimulationOptions options;
  options.job = inputs.job;
  options.scenario = inputs.scenario.scenario;
  options.phantom = command.phantom;
  if (!command.until.empty()) options.until = parse_duration(command.until);
  options.repeat = repeat_text(command);
  Watch watch(signals, command.quiet);
  const SampleCount total = plan_job(inputs.job, phantom_shape(inputs.job)).leases.total;
  options.progress = [&watch, total](const CurvePoint& point) { return watch.look(point, total); };
  if (!command.quiet) {
    for (const std::string& note : inputs.notes) {
      std::fprintf(stderr, "murm: note: %s\n", note.c_str());
    }
  }
  if (!command.phantom) require_devices(inputs.job);
  const RunDirectory directory = command.out.empty() ? RunDirectory::create_beside(
                                                           std::filesystem::path("runs") /
                                                           (inputs.job.job.name + "-simulated"))
                                                     : RunDirectory::create(command.out, false);
  for (const auto& [file, text] :
       {std::pair{directory.job(), to_toml(inputs.job)},
        std::pair{directory.scenario(), to_toml(inputs.scenario.scenario)}}) {
    if (const auto error = write_file_atomically(file, text)) throw InputError(error->text);
  }
  if (!command.phantom) write_alphabet(inputs.job, directory);
  SimulationResult result = simulate(options);
  auto& final = result.report.final;
  if (models_text(inputs.job)) final.eval_perplexity = std::exp(final.eval_loss);
  watch.finish();
  write_files(result, directory, command.report);
  if (!command.quiet) {
    std::printf("%s  files        %s\n", summary_table(result.report).c_str(),
                directory.path().c_str());
  }
  return result.report.interrupted ? 128 + watch.signal() : 0;
}

}  // namespace murm
