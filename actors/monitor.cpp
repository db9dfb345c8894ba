#include "actors/monitor.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "runtime/atomic_file.hpp"
#include "runtime/metrics_csv.hpp"

namespace murm {

namespace {

constexpr std::chrono::milliseconds kRowInterval{100};
constexpr std::chrono::milliseconds kSpeedInterval{10};  // a shorter row says nothing about speed
constexpr std::size_t kHistogramPlaces = 1024;           // the last one counts everything above

class Monitor {
 public:
  Monitor(MonitorOptions options, std::shared_ptr<const Clock> clock)
      : options_(std::move(options)),
        clock_(std::move(clock)),
        metrics_(options_.metrics_file),
        progress_(std::cerr, *clock_, options_.style,
                  [] { return terminal_width(STDERR_FILENO); }) {
    state_.samples = options_.samples_start;
    state_.samples_total = options_.samples_total;
  }

  void applied(const Applied& event) {
    const Nanoseconds now = clock_->now();
    if (applies_ == 0) began_ = row_at_ = now;
    ++applies_;
    staleness_sum_ += static_cast<double>(event.staleness);
    summary_.staleness_max = std::max(summary_.staleness_max, event.staleness);
    const std::size_t place = std::min<std::size_t>(event.staleness, kHistogramPlaces - 1);
    if (summary_.staleness_histogram.size() <= place)
      summary_.staleness_histogram.resize(place + 1);
    ++summary_.staleness_histogram[place];
    if (event.shard != 0) return;
    summary_.updates = event.version;
    WorkDone& work = summary_.applied[event.worker];
    ++work.leases;
    work.samples += event.lease.samples;
    state_.samples += event.lease.samples;
    row_.add(event);
    interval_.add(event);
    if (now - row_at_ >= kRowInterval) write_row(now);
    progress_.update(state_);
  }

  void evaluated(const Evaluated& event) {
    if (interval_.samples > 0) summary_.train_loss = interval_.mean();
    interval_ = Mean{};
    state_.accuracy = event.evaluation.accuracy;
    const Nanoseconds now = clock_->now();
    if (row_.samples > 0) write_row(now);
    MetricsRow row = current_row(now);
    row.eval_loss = event.evaluation.loss;
    row.eval_accuracy = event.evaluation.accuracy;
    append(row);
    progress_.update(state_);
    progress_.message("evaluation at " + std::to_string(event.samples) + " samples: " +
                      evaluation_text(event.evaluation.loss, event.evaluation.accuracy));
  }

  void notice(const std::string& text) { progress_.message(text); }

  void switched(const Switched& change) {
    summary_.changes.push_back({change.samples, change.to});
    progress_.message("at " + std::to_string(change.samples) + " samples: " + change.from + " -> " +
                      change.to);
    if (options_.job_file.empty()) return;
    if (const auto error = write_file_atomically(options_.job_file, change.job)) {
      progress_.message(error->text);
    }
  }

  MonitorSummary summary() {
    if (row_.samples > 0) write_row(clock_->now());
    progress_.finish();
    if (interval_.samples > 0) summary_.train_loss = interval_.mean();  // not evaluated yet
    summary_.staleness_mean = mean_staleness();
    return summary_;
  }

 private:
  struct Mean {
    double loss_sum = 0;
    SampleCount samples = 0;
    void add(const Applied& event) {
      loss_sum += event.loss_sum;
      samples += event.lease.samples;
    }
    double mean() const { return loss_sum / static_cast<double>(samples); }
  };

  double mean_staleness() const {
    return applies_ == 0 ? 0 : staleness_sum_ / static_cast<double>(applies_);
  }

  MetricsRow current_row(Nanoseconds now) const {
    MetricsRow row;
    row.seconds = std::chrono::duration<double>(now - began_).count();
    row.samples = state_.samples;
    row.updates = summary_.updates;
    row.staleness_mean = mean_staleness();
    return row;
  }

  void write_row(Nanoseconds now) {
    MetricsRow row = current_row(now);
    const double elapsed = std::chrono::duration<double>(now - row_at_).count();
    row.train_loss = row_.mean();
    if (now - row_at_ >= kSpeedInterval) {
      row.samples_per_second = static_cast<double>(row_.samples) / elapsed;
      state_.samples_per_second = row.samples_per_second;
    }
    summary_.losses.push_back({state_.samples, row.train_loss});
    state_.seconds = row.seconds;
    state_.loss = row.train_loss;
    state_.staleness_mean = row.staleness_mean;
    append(row);
    row_ = Mean{};
    row_at_ = now;
  }

  void append(const MetricsRow& row) {
    if (const auto error = metrics_.append(row)) progress_.message(error->text);
  }

  MonitorOptions options_;
  std::shared_ptr<const Clock> clock_;
  MetricsCsv metrics_;
  Progress progress_;
  ProgressState state_;
  MonitorSummary summary_;
  std::uint64_t applies_ = 0;
  double staleness_sum_ = 0;
  Mean row_;       // since the last line of metrics.csv
  Mean interval_;  // since the last evaluation
  Nanoseconds began_{0};
  Nanoseconds row_at_{0};
};

}  // namespace

MonitorActor::behavior_type monitor(MonitorActor::pointer /*self*/, MonitorOptions options,
                                    std::shared_ptr<const Clock> clock) {
  auto state = std::make_shared<Monitor>(std::move(options), std::move(clock));
  return {
      [state](const Applied& event) { state->applied(event); },
      [state](const Evaluated& event) { state->evaluated(event); },
      [state](const Notice& notice) { state->notice(notice.text); },
      [state](const Switched& change) { state->switched(change); },
      [state](const MonitorSummaryRequest&) { return state->summary(); },
  };
}

}  // namespace murm
