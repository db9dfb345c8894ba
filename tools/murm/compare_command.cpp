#include "tools/murm/compare_command.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <set>
#include <thread>

#include "actors/virtual/simulation.hpp"
#include "algorithms/vocabulary.hpp"
#include "runtime/atomic_file.hpp"
#include "runtime/clock.hpp"
#include "runtime/human_units.hpp"
#include "runtime/job_file.hpp"
#include "runtime/job_keys.hpp"
#include "runtime/progress.hpp"
#include "runtime/run_directory.hpp"
#include "runtime/world/scenario_file.hpp"
#include "tools/murm/compare_entry.hpp"
#include "tools/murm/compare_page.hpp"
#include "tools/murm/compare_pool.hpp"
#include "tools/murm/compare_report.hpp"
#include "tools/murm/compare_summary.hpp"
#include "tools/murm/compare_table.hpp"
#include "tools/murm/run_files.hpp"
#include "tools/murm/shell_text.hpp"

namespace murm {
namespace {

constexpr std::uint64_t kSeedsMax = 100;
constexpr std::uint64_t kJobsMax = 256;
constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::seconds kGoodbye{2};

/// All that can be wrong with what the user gave, found before anything runs.
struct Plan {
  Job job;  // without the keys of an entry
  Scenario scenario;
  std::vector<CompareEntry> entries;
  std::vector<Job> jobs;  // one per entry
  std::vector<std::uint64_t> seeds;
  std::optional<std::chrono::nanoseconds> until;
  std::set<std::string> notes;
};

std::optional<std::chrono::nanoseconds> until_of(const CompareCommand& command) {
  if (command.until.empty()) return std::nullopt;
  try {
    return parse_duration(command.until);
  } catch (const InputError& error) {
    throw InputError(std::string("--until: ") + error.what());
  }
}

std::vector<std::uint64_t> seeds_of(const CompareCommand& command, std::uint64_t first) {
  if (command.seeds < 1 || command.seeds > kSeedsMax) {
    throw InputError("--seeds " + std::to_string(command.seeds) + ": expected 1 to " +
                     std::to_string(kSeedsMax) + ". HINT: 3 to 10 show the spread");
  }
  if (const auto last = static_cast<double>(first) + static_cast<double>(command.seeds);
      last > find_job_key("job.seed")->limits.max) {
    throw InputError("--seeds " + std::to_string(command.seeds) + " from job.seed " +
                     std::to_string(first) +
                     " on: beyond the largest seed. HINT: a smaller --seed");
  }
  std::vector<std::uint64_t> seeds;
  for (std::uint64_t i = 0; i < command.seeds; ++i) seeds.push_back(first + i);
  return seeds;
}

void check_jobs(const CompareCommand& command) {
  if (command.jobs <= kJobsMax) return;
  throw InputError("--jobs " + std::to_string(command.jobs) + ": expected at most " +
                   std::to_string(kJobsMax) + ". HINT: leave it out to use the cores there are");
}

bool has_target(const Job& job) { return job.job.target_loss > 0 || job.job.target_accuracy > 0; }

Plan make_plan(const CompareCommand& command) {
  Plan plan;
  check_jobs(command);
  plan.entries = parse_entries(command.algorithms);
  const SplitOverrides overrides = split_overrides(command.set);
  plan.until = until_of(command);
  const LoadOptions options{.may_be_endless = plan.until.has_value()};
  check_report_folder(command.report);
  plan.job = load_job(command.job_file, overrides.job, options).job;
  for (const CompareEntry& entry : plan.entries) {
    std::vector<std::string> keys = overrides.job;
    keys.insert(keys.end(), entry.overrides.begin(), entry.overrides.end());
    LoadedJob loaded = load_job(command.job_file, keys, options);
    plan.jobs.push_back(std::move(loaded.job));
    plan.notes.insert(loaded.notes.begin(), loaded.notes.end());
  }
  LoadedScenario loaded = load_scenario(command.scenario, overrides.scenario);
  plan.scenario = std::move(loaded.scenario);
  plan.notes.insert(loaded.notes.begin(), loaded.notes.end());
  plan.seeds = seeds_of(command, plan.job.job.seed);
  return plan;
}

/// The command that shows one run again.
std::string repeat_text(const CompareCommand& command, const CompareEntry& entry,
                        std::uint64_t seed) {
  std::vector<std::string> words{"murm", "simulate", command.job_file.string()};
  const auto add = [&](const std::string& flag, const std::string& value) {
    words.push_back(flag);
    words.push_back(value);
  };
  if (!command.scenario.empty()) add("--scenario", command.scenario.string());
  for (const std::string& key : command.set) add("--set", key);
  for (const std::string& key : entry.overrides) add("--set", key);
  add("--seed", std::to_string(seed));
  if (!command.until.empty()) add("--until", command.until);
  if (command.phantom) words.emplace_back("--phantom");
  return shell_text(words);
}

std::vector<SimulationOptions> runs_of(const CompareCommand& command, const Plan& plan) {
  std::vector<SimulationOptions> runs;
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    for (const std::uint64_t seed : plan.seeds) {
      SimulationOptions options;
      options.job = plan.jobs[i];
      options.job.job.seed = seed;
      options.scenario = plan.scenario;
      options.phantom = command.phantom;
      options.until = plan.until;
      options.repeat = repeat_text(command, plan.entries[i], seed);
      runs.push_back(std::move(options));
    }
  }
  return runs;
}

std::size_t threads_of(const CompareCommand& command) {
  const std::uint64_t cores = std::max(1U, std::thread::hardware_concurrency());
  return command.jobs > 0 ? command.jobs : std::min(cores, kJobsMax);
}

/// Draws the progress until all runs have ended; gives the signal that stopped them, or 0. After a signal
/// nobody waits long for runs in the middle of a step, and a second one leaves at once.
int wait_for(ComparePool& pool, SignalGate& signals, ProgressStyle style) {
  const SystemClock clock;
  Progress progress(std::cerr, clock, style, [] { return terminal_width(STDERR_FILENO); });
  const auto start = clock.now();
  int signal = 0;
  std::chrono::steady_clock::time_point leave;
  while (!pool.done()) {
    const auto woken = signals.wait(std::chrono::steady_clock::now() + kRedraw);
    if (woken.signal != 0 && signal != 0) std::_Exit(128 + woken.signal);
    if (woken.signal != 0) {
      signal = woken.signal;
      leave = std::chrono::steady_clock::now() + kGoodbye;
      pool.stop();
    }
    if (signal != 0 && std::chrono::steady_clock::now() > leave) std::_Exit(128 + signal);
    ProgressState state = pool.progress();
    state.seconds = seconds_since(clock, start);
    if (state.seconds > 0)
      state.samples_per_second = static_cast<double>(state.samples) / state.seconds;
    progress.update(state);
  }
  progress.finish();
  return signal;
}

void write(const std::filesystem::path& file, const std::string& text) {
  if (const auto error = write_file_atomically(file, text)) throw RunError(error->text);
}

std::string page_of(const CompareCommand& command, const Plan& plan, const CompareFacts& facts,
                    const CompareTable& table, std::vector<AlgorithmSummary> algorithms) {
  return compare_html({.facts = facts,
                       .job = plan.job,
                       .scenario = plan.scenario,
                       .command = command.command_line,
                       .job_toml = to_toml(plan.job),
                       .scenario_toml = to_toml(plan.scenario),
                       .table = table,
                       .algorithms = std::move(algorithms)});
}

}  // namespace

int run_compare(const CompareCommand& command, SignalGate& signals) {
  const Plan plan = make_plan(command);
  if (!command.quiet) {
    for (const std::string& note : plan.notes)
      std::fprintf(stderr, "murm: note: %s\n", note.c_str());
  }
  const auto folder = command.out.empty()
                          ? std::filesystem::path("runs") / (plan.job.job.name + "-compare")
                          : command.out;
  const RunDirectory directory = RunDirectory::create(folder, false);
  write(directory.job(), to_toml(plan.job));
  write(directory.scenario(), to_toml(plan.scenario));

  const SystemClock clock;
  const auto start = clock.now();
  ComparePool pool(runs_of(command, plan), threads_of(command), simulate,
                   [&signals] { signals.notify(); });
  const int signal = wait_for(pool, signals, progress_style_for(STDERR_FILENO, command.quiet));
  if (signal != 0) return 128 + signal;

  const bool targeted = std::ranges::any_of(plan.jobs, has_target);
  std::vector<std::string> labels;
  for (const CompareEntry& entry : plan.entries) labels.push_back(entry.label);
  const auto algorithms = summarise(labels, plan.seeds.size(), pool.results(), targeted);
  const CompareTable table = make_table(algorithms, targeted);
  CompareFacts facts;
  facts.job = plan.job.job.name;
  facts.workers = plan.job.cluster.workers;
  facts.seeds = plan.seeds;
  facts.phantom = command.phantom;
  if (plan.until) facts.until_seconds = std::chrono::duration<double>(*plan.until).count();
  facts.wall_seconds = seconds_since(clock, start);
  const std::string json = compare_json(facts, algorithms);
  write(directory.report(), json);
  if (!command.report.empty()) write(command.report, json);
  write(directory.page(), page_of(command, plan, facts, table, algorithms));
  if (!command.quiet) {
    std::printf("%s, %llu workers, %s\n\n%s\n  page   %s\n", facts.job.c_str(),
                static_cast<unsigned long long>(facts.workers), seeds_text(facts.seeds).c_str(),
                table_text(table).c_str(), directory.page().c_str());
  }
  return 0;
}

}  // namespace murm
