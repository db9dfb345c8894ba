#include "tools/murm/run_outputs.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <set>
#include <vector>

#include "runtime/atomic_file.hpp"
#include "runtime/hash.hpp"
#include "runtime/job_keys.hpp"
#include "runtime/process_info.hpp"
#include "tools/murm/run_files.hpp"

namespace murm {

namespace {

double seconds(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

std::vector<std::span<const float>> final_parts(const RunOutcome& outcome) {
  std::vector<std::span<const float>> parts;
  for (const ShardSnapshot& shard : outcome.shards) {
    if (shard.state.tensors.empty()) return {};  // an aggregator was lost
    parts.push_back(host_span(shard.state.tensor("parameters")));
  }
  return parts;
}

std::string status_of(const RunOutcome& outcome) {
  if (outcome.status == RunStatus::interrupted) return "interrupted";
  if (outcome.status == RunStatus::failed) return "failed: " + outcome.reason;
  return outcome.view.finished ? "finished" : "target reached";
}

void fill_ledger(Report& report, const RunOutcome& outcome, const JobPlan& plan) {
  const LeaseCounts& counts = outcome.view.counts;
  report.ledger.issued = counts.issued;
  report.ledger.applied = counts.applied;
  report.ledger.dropped = counts.dropped;
  report.ledger.reissued = counts.reissued;
  report.ledger.lost = counts.issued - counts.applied - counts.dropped;
  report.ledger.samples_skipped = outcome.view.position - counts.samples_done();
  std::uint64_t repeated = 0;
  for (const ShardSnapshot& shard : outcome.shards) {
    report.ledger.refused_duplicate += shard.refused_duplicate;
    report.refused["not of this run's members"] += shard.refused_other;
    repeated = std::max(repeated, shard.applied - std::min(shard.applied, shard.admitted));
  }
  report.ledger.samples_repeated = repeated * plan.leases.lease_samples;
}

void fill_workers(Report& report, const RunOutcome& outcome) {
  std::uint64_t busy_ns = 0;
  std::uint64_t data_wait_ns = 0;
  for (const auto& [peer, record] : outcome.workers) {
    Report::PerWorker worker;
    worker.id = record.slot;
    worker.pid = static_cast<std::int64_t>(record.process_id);
    worker.device = record.report.device;
    worker.steps = record.report.steps;
    worker.samples = record.report.samples;
    if (record.lost) {  // its last report is older than its last gradient
      const auto work = outcome.summary.applied.find(peer);
      if (work != outcome.summary.applied.end()) {
        worker.steps = work->second.leases;
        worker.samples = work->second.samples;
      }
    }
    if (record.report.elapsed_ns > 0) {
      const double busy = static_cast<double>(record.report.busy_ns);
      worker.wait_fraction = std::max(0.0,
                                      1.0 - busy / static_cast<double>(record.report.elapsed_ns));
    }
    worker.peak_rss_bytes = record.report.peak_rss_bytes;
    if (record.connection == 0)
      worker.peak_rss_bytes = peak_rss_bytes();  // it lives in this process
    if (record.report.busy_ns > 0) {
      worker.data_wait_fraction = static_cast<double>(record.report.data_wait_ns) /
                                  static_cast<double>(record.report.busy_ns);
    }
    busy_ns += record.report.busy_ns;
    data_wait_ns += record.report.data_wait_ns;
    report.per_worker.push_back(worker);
  }
  if (busy_ns > 0) {
    report.data_wait_fraction = static_cast<double>(data_wait_ns) / static_cast<double>(busy_ns);
  }
  for (const Report::PerWorker& worker : report.per_worker) {
    report.wait_fraction += worker.wait_fraction / static_cast<double>(report.per_worker.size());
  }
  std::stable_sort(report.per_worker.begin(), report.per_worker.end(),
                   [](const auto& a, const auto& b) { return a.id < b.id; });
}

}  // namespace

Report make_report(const RunOutcome& outcome, const JobPlan& plan, const TransportCounters& traffic,
                   const LinkCounts& refused, const std::string& endpoint) {
  const Job& job = plan.job;
  Report report;
  report.job = job.job.name;
  report.algorithm = job.algorithm.name;
  report.changes = outcome.summary.changes;
  report.status = status_of(outcome);
  report.interrupted = outcome.status == RunStatus::interrupted;
  report.seed = job.job.seed;
  report.workers = job.cluster.workers;
  report.aggregators = job.cluster.aggregators;
  std::set<std::uint64_t> connections;  // worker processes, also those that joined by hand
  for (const auto& [peer, record] : outcome.workers) {
    if (record.connection != 0) connections.insert(record.connection);
  }
  report.processes = std::max<std::uint64_t>(job.cluster.processes, connections.size());
  report.transport = endpoint.empty() ? "none" : endpoint.substr(0, endpoint.find(':'));
  report.parameters = plan.parameters;
  report.updates = outcome.summary.updates;
  report.samples = outcome.view.counts.samples_applied;
  report.epochs = static_cast<double>(report.samples) / static_cast<double>(plan.shape.train);
  report.seconds = seconds(outcome.view.active);
  const auto fresh = static_cast<double>(report.samples - outcome.samples_before);
  if (report.seconds > 0) report.samples_per_second = fresh / report.seconds;
  report.final.train_loss = outcome.summary.train_loss;
  if (!outcome.evaluations.empty()) {
    report.final.eval_loss = outcome.evaluation.loss;
    report.final.eval_accuracy = outcome.evaluation.accuracy;
    if (models_text(job)) report.final.eval_perplexity = std::exp(outcome.evaluation.loss);
  }
  report.staleness.mean = outcome.summary.staleness_mean;
  report.staleness.max = outcome.summary.staleness_max;
  report.staleness.histogram = outcome.summary.staleness_histogram;
  report.bytes.sent = traffic.bytes_sent;
  report.bytes.received = traffic.bytes_received;
  report.refused = refused.refused;
  if (traffic.refused > 0) report.refused["frames"] = traffic.refused;
  fill_ledger(report, outcome, plan);
  fill_workers(report, outcome);
  StreamHash hash;
  for (const auto& part : final_parts(outcome)) hash.add(std::as_bytes(part));
  report.parameters_hash = hash.hex();
  report.peak_rss_bytes = peak_rss_bytes();
  for (const Evaluated& evaluated : outcome.evaluations) {
    report.evaluations.push_back({evaluated.samples, seconds(evaluated.active),
                                  evaluated.evaluation.loss, evaluated.evaluation.accuracy});
  }
  return report;
}

void write_outputs(const RunOutcome& outcome, const JobPlan& plan, const Report& report,
                   const RunDirectory& directory, const std::filesystem::path& report_copy) {
  std::optional<Error> first;
  const auto keep = [&](std::optional<Error> error) {
    if (error && !first) first = std::move(error);
  };
  const std::string json = report_json(report);
  std::vector<float> flat;  // tensors of the model cross the borders of shards
  flat.reserve(plan.parameters);
  for (const auto& part : final_parts(outcome)) flat.insert(flat.end(), part.begin(), part.end());
  if (!flat.empty()) {
    keep(write_parameters(flat, parameter_layout(plan.job, plan.shape), report,
                          directory.parameters()));
  }
  std::vector<LossPlot::Training> losses;
  for (const LossPoint& point : outcome.summary.losses)
    losses.push_back({point.samples, point.loss});
  keep(write_file_atomically(directory.plot(), plot_of(report, std::move(losses))));
  keep(write_file_atomically(directory.report(), json));
  if (!report_copy.empty()) keep(write_file_atomically(report_copy, json));
  if (first) throw RunError(first->text);
}

}  // namespace murm
