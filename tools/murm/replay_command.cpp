#include "tools/murm/replay_command.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "actors/job_plan.hpp"
#include "actors/virtual/replay.hpp"
#include "actors/virtual/simulation.hpp"
#include "runtime/atomic_file.hpp"
#include "runtime/hash.hpp"
#include "runtime/human_units.hpp"
#include "runtime/job_file.hpp"
#include "runtime/process_info.hpp"
#include "runtime/run_directory.hpp"
#include "tools/murm/run_files.hpp"
#include "tools/murm/shell_text.hpp"
#include "tools/murm/watch.hpp"

namespace murm {

namespace {

using Json = nlohmann::ordered_json;

/// What the run itself reported; empty when it left no report.
Json recorded_report(const std::filesystem::path& run) {
  const auto file = RunDirectory::report(run);
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return Json::object();
  Json report = Json::parse(stream, nullptr, false);
  if (!report.is_object()) {
    throw InputError(file.string() +
                     " is no report of a run. HINT: it must be as `murm train` left it");
  }
  return report;
}

std::string text_of(const Json& report, const char* key) {
  const auto found = report.find(key);
  return found != report.end() && found->is_string() ? found->get<std::string>() : "";
}

double number_of(const Json& report, const char* part, const char* key) {
  const auto place = part == nullptr ? Json::json_pointer("/" + std::string(key))
                                     : Json::json_pointer("/" + std::string(part) + "/" + key);
  if (!report.contains(place) || !report.at(place).is_number()) return not_measured;
  return report.at(place).get<double>();
}

void write_json(const std::filesystem::path& file, const Json& json) {
  if (file.empty()) return;
  if (const auto error = write_file_atomically(file, json.dump(2) + "\n")) {
    throw RunError(error->text);
  }
}

ReplayOptions options_for(const std::filesystem::path& run, const JobPlan& plan, Watch& watch) {
  ReplayOptions options;
  options.traces = RunDirectory::traces(run);
  options.algorithm = plan.algorithm;
  options.machines = find_algorithm(plan.algorithm);
  options.leases = plan.leases;
  options.evaluation_every = std::max<SampleCount>(plan.evaluation_every, 1);
  options.progress = [&watch](const ProgressState& state) { return watch.look(state); };
  return options;
}

void complete(Report& report, const JobPlan& plan) {
  report.job = plan.job.job.name;
  report.algorithm = plan.job.algorithm.name;
  report.seed = plan.job.job.seed;
  report.workers = plan.job.cluster.workers;
  report.aggregators = plan.job.cluster.aggregators;
  report.processes = plan.job.cluster.processes;
  report.transport = "none";
  report.parameters = plan.parameters;
  report.epochs = static_cast<double>(report.samples) / static_cast<double>(plan.shape.train);
  report.peak_rss_bytes = peak_rss_bytes();
}

/// Compares with the run's own report what the events alone do not say.
void judge_end(ReplayResult& result, const Json& recorded) {
  if (!result.difference.empty()) return;
  const std::string was = text_of(recorded, "parameters_hash");
  if (was.empty() || was == result.report.parameters_hash) return;
  result.difference = "every event is the same, but not the end: parameters_hash recorded " + was +
                      ", replayed " + result.report.parameters_hash;
  if (!result.torn.empty()) {
    result.difference += "; the trace of " + result.torn.front() + " is torn";
  }
}

Json replay_json(const ReplayResult& result) {
  Json json = Json::parse(report_json(result.report));
  json["events"] = result.events;
  json["bytes_per_event"] = result.events == 0 ? 0
                                               : static_cast<double>(result.bytes) /
                                                     static_cast<double>(result.events);
  json["identical"] = result.difference.empty();
  if (!result.difference.empty()) json["difference"] = result.difference;
  return json;
}

void print(const ReplayResult& result, const Json& json, bool compared) {
  const Report& report = result.report;
  std::printf("  replayed    %s events of %llu machines, %.1f bytes each\n",
              with_separators(result.events).c_str(),
              static_cast<unsigned long long>(result.machines),
              json.at("bytes_per_event").get<double>());
  std::printf("  run         %s samples in %s, %s updates, staleness %s on average\n",
              with_separators(report.samples).c_str(), human_duration(report.seconds).c_str(),
              with_separators(report.updates).c_str(),
              human_number(report.staleness.mean, 2).c_str());
  for (const std::string& machine : result.torn) {
    std::printf("  note        the trace of %s is torn: its process ended in the middle of it\n",
                machine.c_str());
  }
  if (!result.difference.empty()) return;
  std::printf("  identical   parameters hash %s%s\n", report.parameters_hash.c_str(),
              compared ? "" : " (the run left no report to compare it with)");
}

int repeat(const ReplayCommand& command, const Job& job, SignalGate& signals) {
  const auto test = load_split(job, Split::test);
  const JobPlan plan = plan_job(job, data_shape(job, *test));
  const Json recorded = recorded_report(command.run);
  Watch watch(signals, command.quiet);
  ReplayOptions options = options_for(command.run, plan, watch);
  options.initial = initial_parameters(job, plan.shape);
  const std::shared_ptr<GradientLane> lane = make_lane_factory(job)();
  options.gradient = [lane](const Lease& lease, std::span<const Tensor> parameters) {
    return lane->run(lease, parameters);
  };
  ReplayResult result = replay(options);
  watch.finish();
  if (result.stopped) return 128 + watch.signal();
  complete(result.report, plan);
  if (result.difference.empty()) {
    StreamHash hash;
    hash.add(std::as_bytes(std::span<const float>(result.parameters)));
    result.report.parameters_hash = hash.hex();
    const EvaluatorParts parts = make_evaluator_factory(job, test)();
    const Evaluation evaluation = evaluate(parts, result.parameters);
    result.report.final.eval_loss = evaluation.loss;
    result.report.final.eval_accuracy = evaluation.accuracy;
  }
  judge_end(result, recorded);
  const Json json = replay_json(result);
  // A folder that cannot be written to must not cost the answer.
  if (!command.quiet) print(result, json, !text_of(recorded, "parameters_hash").empty());
  std::fflush(stdout);
  std::string unwritten;
  try {
    write_json(RunDirectory::replay(command.run), json);
    write_json(command.report, json);
  } catch (const RunError& error) {
    unwritten = error.what();
  }
  if (!result.difference.empty()) throw RunError("the replay differs: " + result.difference);
  if (!unwritten.empty()) throw RunError(unwritten);
  return 0;
}

void print_row(const char* what, const std::string& was, const std::string& is) {
  std::printf("  %-12s%-34s%s\n", what, was.c_str(), is.c_str());
}

void print_comparison(const Json& recorded, const Json& against) {
  const auto row = [&](const char* what, auto&& text) {
    print_row(what, text(recorded), text(against));
  };
  const auto real = [](const char* part, const char* key, int digits) {
    return [=](const Json& json) { return human_number(number_of(json, part, key), digits); };
  };
  const auto share = [](const char* part, const char* key) {
    return [=](const Json& json) { return human_percent(number_of(json, part, key), 2); };
  };
  const auto text = [](const char* key) {
    return [=](const Json& json) { return text_of(json, key); };
  };
  print_row("", "recorded", "in its place, virtual");
  row("algorithm", text("algorithm"));
  row("seconds", real(nullptr, "seconds", 2));
  row("samples", real(nullptr, "samples", 0));
  row("samples/s", real(nullptr, "samples_per_second", 0));
  row("updates", real(nullptr, "updates", 0));
  row("staleness", real("staleness", "mean", 2));
  row("waiting", share(nullptr, "wait_fraction"));
  row("loss", real("final", "eval_loss", 4));
  row("accuracy", share("final", "eval_accuracy"));
  row("hash", text("parameters_hash"));
}

/// The command that shows this answer again.
std::string repeat_text(const ReplayCommand& command) {
  std::vector<std::string> words{"murm", "replay", command.run.string(), "--against",
                                 command.against};
  for (const std::string& set : command.set) words.insert(words.end(), {"--set", set});
  return shell_text(words);
}

/// The same job with another algorithm in a world whose only weather is what the run met.
int ask_against(const ReplayCommand& command, const Job& job, SignalGate& signals) {
  std::vector<std::string> set = command.set;
  set.push_back("algorithm.name=" + command.against);
  SimulationOptions options;
  options.job = load_job(RunDirectory::job(command.run), set).job;
  options.repeat = repeat_text(command);
  const Json own = recorded_report(command.run);
  Watch watch(signals, command.quiet);
  const JobPlan plan = plan_job(job, data_shape(job, *load_split(job, Split::test)));
  ReplayResult result = replay(options_for(command.run, plan, watch));
  if (result.stopped) {
    watch.finish();
    return 128 + watch.signal();
  }
  if (!result.difference.empty()) throw RunError("the traces disagree: " + result.difference);
  if (result.timing.compute.empty()) {
    throw InputError(command.run.string() +
                     ": the run ended before a gradient was computed, so nobody knows how long one "
                     "takes. HINT: record a longer run");
  }
  complete(result.report, plan);
  Json recorded = Json::parse(report_json(result.report));
  if (!own.empty()) {
    const Json waiting = recorded["wait_fraction"];
    recorded.merge_patch(own);
    recorded["wait_fraction"] = waiting;
  }
  options.scenario.compute.distribution = "trace";
  options.scenario.recorded = std::make_shared<const RecordedTiming>(result.timing);
  options.progress = [&](const CurvePoint& point) { return watch.look(point, plan.leases.total); };
  const SimulationResult simulated = simulate(options);
  watch.finish();
  if (watch.signal() != 0) return 128 + watch.signal();
  const Json against = Json::parse(report_json(simulated.report));
  if (!command.quiet) print_comparison(recorded, against);
  write_json(command.report, against);
  return 0;
}

}  // namespace

int run_replay(const ReplayCommand& command, SignalGate& signals) {
  if (!RunDirectory::is_run(command.run)) {
    throw InputError(command.run.string() +
                     " is not the folder of a run. HINT: it is the DIR that "
                     "`murm train --record --out DIR` wrote, by default runs/<name>");
  }
  if (RunDirectory::is_in_use(command.run)) {
    throw InputError(command.run.string() +
                     " is in use by a run that has not ended. HINT: replay it when it is over");
  }
  check_report_folder(command.report);
  const Job job = load_job(RunDirectory::job(command.run), command.set).job;
  if (command.against.empty()) return repeat(command, job, signals);
  return ask_against(command, job, signals);
}

}  // namespace murm
