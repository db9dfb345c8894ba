#include "actors/virtual/replay_account.hpp"

#include <algorithm>

namespace murm {

namespace {

constexpr std::size_t kHistogramPlaces = 1024;  // the last one counts everything above

std::size_t slot_of(PeerId worker) { return worker.ordinal() & UINT32_MAX; }

void append(RecordedTiming::Series& series, PeerId worker, Nanoseconds time) {
  const std::size_t slot = slot_of(worker);
  if (series.size() <= slot) series.resize(slot + 1);
  series[slot].push_back(time);
}

}  // namespace

void ReplayAccount::lease(PeerId worker, const Lease& lease, Nanoseconds now) {
  if (paused_) began_ = last_apply_ = now;
  paused_ = false;
  const auto [work, fresh] = workers_.try_emplace(worker);
  if (fresh) work->second.first_lease = now;
  work->second.row.id = slot_of(worker);
  Progress& progress = leases_[lease.id];
  ++(++progress.grants == 1 ? report_.ledger.issued : report_.ledger.reissued);
}

void ReplayAccount::gradient(PeerId worker, const Lease& lease, Nanoseconds spent,
                             Nanoseconds now) {
  append(timing_.compute, worker, spent);
  Work& work = workers_[worker];
  ++work.row.steps;
  work.row.samples += lease.samples;
  work.busy += spent;
  work.elapsed = now - work.first_lease;
}

void ReplayAccount::delivered(PeerId from, PeerId to, Nanoseconds delay) {
  if (from.role() == Role::worker && to.role() == Role::worker) return;
  if (from.role() == Role::worker) {
    append(timing_.up, from, delay);
  } else {
    append(timing_.down, to, delay);
  }
}

void ReplayAccount::applied(std::uint32_t shard, const Message& push, Version staleness,
                            Nanoseconds now) {
  last_apply_ = now;
  ++applies_;
  staleness_sum_ += static_cast<double>(staleness);
  report_.staleness.max = std::max(report_.staleness.max, staleness);
  auto& histogram = report_.staleness.histogram;
  const std::size_t place = std::min<std::size_t>(staleness, kHistogramPlaces - 1);
  if (histogram.size() <= place) histogram.resize(place + 1);
  ++histogram[place];
  if (shard == 0) {
    interval_.loss_sum += push.loss_sum;
    interval_.samples += push.lease.samples;
  }
  done_at_a_shard(push.lease, false);
}

void ReplayAccount::dropped(const Message& push, Nanoseconds now) {
  last_apply_ = now;
  done_at_a_shard(push.lease, true);
}

void ReplayAccount::done_at_a_shard(const Lease& lease, bool dropped) {
  Progress& progress = leases_[lease.id];
  progress.dropped = progress.dropped || dropped;
  if (++progress.shards != shards_) return;
  done_ += lease.samples;
  if (progress.dropped) {
    ++report_.ledger.dropped;
  } else {
    ++report_.ledger.applied;
    report_.samples += lease.samples;
  }
}

void ReplayAccount::updated(std::uint32_t shard, std::size_t steps) {
  if (shard == 0) report_.updates += steps;
}

void ReplayAccount::cut(std::uint32_t shard) {
  if (shard != 0) return;
  if (done_ / evaluation_every_ > cut_from_ / evaluation_every_) {
    train_loss_ = training_loss();
    interval_ = Mean{};
  }
  cut_from_ = done_;
  if (!paused_) active_ += last_apply_ - began_;
  paused_ = true;
}

double ReplayAccount::training_loss() const {
  if (interval_.samples == 0) return train_loss_;
  return interval_.loss_sum / static_cast<double>(interval_.samples);
}

double ReplayAccount::staleness_mean() const {
  return applies_ == 0 ? 0 : staleness_sum_ / static_cast<double>(applies_);
}

ReplayAccount::Glance ReplayAccount::glance() const {
  return {report_.samples, training_loss(), staleness_mean()};
}

Report ReplayAccount::report() const {
  Report report = report_;
  const Nanoseconds active = active_ + (paused_ ? Nanoseconds{0} : last_apply_ - began_);
  report.seconds = std::chrono::duration<double>(active).count();
  if (report.seconds > 0) {
    report.samples_per_second = static_cast<double>(report.samples) / report.seconds;
  }
  report.ledger.lost = report.ledger.issued -
                       std::min(report.ledger.issued,
                                report.ledger.applied + report.ledger.dropped);
  report.staleness.mean = staleness_mean();
  report.final.train_loss = training_loss();
  for (const auto& [peer, work] : workers_) {
    Report::PerWorker row = work.row;
    if (work.elapsed.count() > 0) {
      const auto ratio = static_cast<double>(work.busy.count()) /
                         static_cast<double>(work.elapsed.count());
      row.wait_fraction = std::max(0.0, 1.0 - ratio);
    }
    report.wait_fraction += row.wait_fraction / static_cast<double>(workers_.size());
    report.per_worker.push_back(row);
  }
  std::ranges::stable_sort(report.per_worker, {}, &Report::PerWorker::id);
  return report;
}

}  // namespace murm
