#include "tools/murm/simulate_command.hpp"

#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "actors/job_plan.hpp"
#include "actors/virtual/simulation.hpp"
#include "runtime/atomic_file.hpp"
#include "runtime/human_units.hpp"
#include "runtime/job_file.hpp"
#include "runtime/metrics_csv.hpp"
#include "runtime/progress.hpp"
#include "runtime/run_directory.hpp"
#include "runtime/world/scenario_file.hpp"
#include "tools/murm/run_files.hpp"

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
  std::string text = "murm simulate " + command.job_file.string();
  if (!command.scenario_file.empty()) text += " --scenario " + command.scenario_file.string();
  for (const std::string& set : command.set) text += " --set '" + set + "'";
  if (!command.until.empty()) text += " --until " + command.until;
  if (command.phantom) text += " --phantom";
  return text;
}

/// Tells the bar how far the run is; stops it at a signal.
class Watch {
 public:
  Watch(const SimulateCommand& command, const Job& job, SignalGate& signals)
      : signals_(signals),
        progress_(std::cerr, clock_, progress_style_for(STDERR_FILENO, command.quiet),
                  [] { return terminal_width(STDERR_FILENO); }) {
    state_.samples_total = plan_job(job, phantom_shape(job)).leases.total;
  }

  bool see(const CurvePoint& point) {
    state_.samples = point.samples;
    state_.seconds = point.virtual_seconds;
    state_.loss = point.train_loss;
    progress_.update(state_);
    const SignalGate::Woken woken = signals_.wait(std::chrono::steady_clock::now());
    if (woken.signal != 0) signal_ = woken.signal;
    return signal_ == 0;
  }
  void finish() { progress_.finish(); }
  int signal() const { return signal_; }

 private:
  SignalGate& signals_;
  SystemClock clock_;
  Progress progress_;
  ProgressState state_;
  int signal_ = 0;
};

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
  Watch watch(command, inputs.job, signals);
  options.progress = [&watch](const CurvePoint& point) { return watch.see(point); };
  if (!command.quiet) {
    for (const std::string& note : inputs.notes) {
      std::fprintf(stderr, "murm: note: %s\n", note.c_str());
    }
  }
  const RunDirectory directory = command.out.empty() ? RunDirectory::create_beside(
                                                           std::filesystem::path("runs") /
                                                           (inputs.job.job.name + "-simulated"))
                                                     : RunDirectory::create(command.out, false);
  for (const auto& [file, text] :
       {std::pair{directory.job(), to_toml(inputs.job)},
        std::pair{directory.scenario(), to_toml(inputs.scenario.scenario)}}) {
    if (const auto error = write_file_atomically(file, text)) throw InputError(error->text);
  }
  const SimulationResult result = simulate(options);
  watch.finish();
  write_files(result, directory, command.report);
  if (!command.quiet) {
    std::printf("%s  files        %s\n", summary_table(result.report).c_str(),
                directory.path().c_str());
  }
  return result.report.interrupted ? 128 + watch.signal() : 0;
}

}  // namespace murm
