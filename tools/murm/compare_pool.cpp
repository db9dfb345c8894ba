#include "tools/murm/compare_pool.hpp"

#include <algorithm>
#include <utility>

#include "actors/job_plan.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {

namespace {

/// 0: the job has no known end.
double planned_samples(const Job& job) {
  if (job.job.samples > 0) return static_cast<double>(job.job.samples);
  if (!(job.job.epochs > 0)) return 0;
  return job.job.epochs * static_cast<double>(phantom_shape(job).train);
}

}  // namespace

ComparePool::ComparePool(std::vector<SimulationOptions> runs, std::size_t threads,
                         Simulate simulate, std::function<void()> notify)
    : simulate_(std::move(simulate)), notify_(std::move(notify)) {
  MURM_ASSERT(threads > 0, std::to_string(threads));
  for (SimulationOptions& options : runs) {
    Run run;
    run.options = std::move(options);
    run.planned = planned_samples(run.options.job);
    runs_.push_back(std::move(run));
  }
  // Their addresses are fixed from here on.
  for (Run& run : runs_) {
    run.options.progress = [this, &run](const CurvePoint& point) {
      const std::lock_guard<std::mutex> guard(mutex_);
      run.samples = static_cast<double>(point.samples);
      run.seconds = point.virtual_seconds;
      return !stopped_;
    };
  }
  for (std::size_t i = 0; i < std::min(threads, runs_.size()); ++i)
    threads_.emplace_back([this] { work(); });
}

ComparePool::~ComparePool() { stop(); }

void ComparePool::work() {
  for (;;) {
    Run* run = nullptr;
    {
      const std::lock_guard<std::mutex> guard(mutex_);
      if (stopped_ || next_ == runs_.size()) return;
      run = &runs_[next_++];
    }
    simulate(*run);
    notify_();
  }
}

void ComparePool::simulate(Run& run) {
  CompareResult result;
  std::exception_ptr error;
  try {
    result.simulation = simulate_(run.options);
    result.simulation.parameters = {};  // their hash is in the report
    result.simulation.layout = {};
  } catch (const RunError& failure) {
    const std::string text = failure.what();
    result.diverged = text.find("loss is not finite") != std::string::npos;
    result.reason = text;
    if (!result.diverged) error = std::current_exception();
  } catch (...) {
    error = std::current_exception();
  }
  if (error) stop();  // what else runs is of no use
  const std::lock_guard<std::mutex> guard(mutex_);
  if (!result.diverged && !error)
    run.samples = static_cast<double>(result.simulation.report.samples);
  run.result = std::move(result);
  run.error = error;
  run.ended = true;
  ++ended_;
}

bool ComparePool::done() const {
  const std::lock_guard<std::mutex> guard(mutex_);
  return stopped_ ? ended_ == next_ : ended_ == runs_.size();
}

double ComparePool::expected_samples(const Run& run) const {
  if (run.ended) return run.samples;
  const double all = run.planned;
  if (!run.options.until || !(run.seconds > 0)) return all;
  const double until = std::chrono::duration<double>(*run.options.until).count();
  const double by_then = run.samples * std::max(1.0, until / run.seconds);
  return all > 0 ? std::min(all, by_then) : by_then;
}

ProgressState ComparePool::progress() const {
  const std::lock_guard<std::mutex> guard(mutex_);
  double samples = 0;
  double expected = 0;
  std::size_t begun = 0;
  for (std::size_t i = 0; i < next_; ++i) {
    const double own = expected_samples(runs_[i]);
    samples += runs_[i].samples;
    expected += own;
    if (own > 0) ++begun;
  }
  // Those that wait are expected to be as long as the others.
  const auto waiting = static_cast<double>(runs_.size() - next_);
  if (begun > 0) expected += waiting * expected / static_cast<double>(begun);
  ProgressState state;
  state.samples = static_cast<SampleCount>(samples);
  state.samples_total = std::max(state.samples, static_cast<SampleCount>(expected));
  return state;
}

std::vector<CompareResult> ComparePool::results() {
  const std::lock_guard<std::mutex> guard(mutex_);
  for (const Run& run : runs_) {
    if (run.error) std::rethrow_exception(run.error);
  }
  std::vector<CompareResult> results;
  for (Run& run : runs_) {
    MURM_ASSERT(run.ended, "a run was not simulated");
    results.push_back(std::move(run.result));
  }
  return results;
}

}  // namespace murm
