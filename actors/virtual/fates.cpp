#include "actors/virtual/fates.hpp"

#include <algorithm>
#include <cmath>

#include "runtime/liveness.hpp"
#include "runtime/world/world_time.hpp"

namespace murm {

namespace {

constexpr int kHandshakes = 3;  // one-way trips: hello, welcome, first report

Nanoseconds later(Nanoseconds now, Nanoseconds delay) {
  return delay > never - now ? never : now + delay;
}

}  // namespace

Fates::Fates(const Scenario& scenario, std::uint64_t workers, std::uint64_t seed,
             const NetworkModel& network, FateOffice& office)
    : network_(network),
      office_(office),
      schedule_(scenario, workers, seed),
      partitions_(scenario.partition),
      heartbeat_(std::llround(scenario.detection.heartbeat_ms * 1e6)) {}

void Fates::begin() {
  next_ = schedule_.next();
  if (next_) office_.schedule(next_->time, EventKind::churn, 0);
  for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
    office_.schedule(moment_from_seconds(partitions_[i].from_s), EventKind::cut, i);
  }
}

void Fates::churn() {
  const ScheduledChurn now = *next_;
  next_ = schedule_.next();
  if (next_) office_.schedule(next_->time, EventKind::churn, 0);
  happens(now);
}

void Fates::happens(const ScheduledChurn& churn) {
  const Nanoseconds now = office_.now();
  if (churn.event == ChurnKind::join) return comes_after(churn.slot, Nanoseconds{0});
  VirtualWorker* worker = office_.occupant(churn.slot);
  if (worker == nullptr || worker->died <= now) return;  // nobody there to hit
  const bool acts = churn.event == ChurnKind::leave || churn.event == ChurnKind::freeze;
  if (acts && frozen(*worker)) return;
  if (churn.event == ChurnKind::freeze) {
    worker->frozen_from = now;
    worker->frozen_until = later(now, churn.duration);
    office_.schedule(worker->frozen_until, EventKind::thaw, worker->index);
    return falls_silent(*worker, worker->frozen_until);
  }
  worker->died = now;
  worker->gone = true;
  if (churn.event != ChurnKind::crash) office_.say_goodbye(*worker);
  falls_silent(*worker, never);  // in case that nobody hears it
  if (churn.duration != never) comes_after(churn.slot, churn.duration);
}

void Fates::cut(std::uint32_t partition) {
  for (const std::uint64_t slot : partitions_[partition].workers) {
    VirtualWorker* worker = office_.occupant(slot);
    if (worker == nullptr || worker->died <= office_.now()) continue;
    falls_silent(*worker, network_.heals(0, worker->slot() + 1, office_.now()));
  }
}

bool Fates::frozen(const VirtualWorker& worker) const {
  return worker.frozen_from <= office_.now() && office_.now() < worker.frozen_until;
}

bool Fates::is_silent(const VirtualWorker& worker) const {
  return worker.died <= office_.now() || frozen(worker) ||
         network_.cut(0, worker.slot() + 1, office_.now());
}

void Fates::falls_silent(VirtualWorker& worker, Nanoseconds until) {
  const Nanoseconds now = office_.now();
  if (worker.silent_until <= now) {
    // Heartbeats left at every interval since the join; what is on its way still arrives.
    const Nanoseconds since = now - worker.joined;
    const Nanoseconds heartbeat = worker.joined + since / heartbeat_ * heartbeat_ +
                                  network_.latency(worker.slot() + 1, 0);
    worker.heard = std::max(worker.heard, std::min(heartbeat, now));
  }
  worker.silent_until = std::max(worker.silent_until, until);
  office_.schedule(lost_at(worker), EventKind::silence, worker.index);
}

/// The coordinator looks at every interval of its own.
Nanoseconds Fates::lost_at(const VirtualWorker& worker) const {
  const Nanoseconds deadline = worker.heard + heartbeat_misses_max * heartbeat_;
  return (deadline / heartbeat_ + 1) * heartbeat_;
}

void Fates::silence(std::uint32_t index) {
  VirtualWorker& worker = office_.worker(index);
  if (!worker.connected || !is_silent(worker)) return;
  const Nanoseconds due = lost_at(worker);
  if (due > office_.now()) return office_.schedule(due, EventKind::silence, index);
  office_.lose(worker);
}

void Fates::thaw(std::uint32_t index) {
  VirtualWorker& worker = office_.worker(index);
  if (worker.gone) return;
  // Whoever finds its connection closed ends, is started again and joins anew.
  if (!worker.connected) return comes_after(worker.slot(), Nanoseconds{0});
  worker.stood_still += office_.now() - std::max(worker.frozen_from, worker.step_began);
  worker.frozen_from = never;
  for (const std::uint32_t parcel : std::exchange(worker.backlog, {})) office_.deliver(parcel);
}

void Fates::lost(VirtualWorker& worker) {
  const bool cut = network_.cut(0, worker.slot() + 1, office_.now());
  const bool alive = worker.died > office_.now();
  if (alive && cut && !frozen(worker)) comes_after(worker.slot(), Nanoseconds{0});
  worker.died = std::min(worker.died, office_.now());
  if (office_.living() == 0) {
    office_.schedule(later(office_.now(), rejoin_deadline), EventKind::nobody, generation_);
  }
}

void Fates::comes_after(std::uint64_t slot, Nanoseconds delay) {
  const Nanoseconds at = later(later(office_.now(), delay), handshake(slot));
  if (at != never) office_.schedule(at, EventKind::come, static_cast<std::uint32_t>(slot));
}

Nanoseconds Fates::handshake(std::uint64_t slot) const {
  return kHandshakes * network_.latency(static_cast<Host>(slot + 1), 0);
}

void Fates::come(std::uint32_t slot) {
  VirtualWorker* occupant = office_.occupant(slot);
  // Its earlier life has not been missed yet: the seat becomes free once it is.
  if (occupant != nullptr && occupant->died <= office_.now()) {
    return office_.schedule(office_.now() + heartbeat_, EventKind::come, slot);
  }
  while (occupant != nullptr) occupant = office_.occupant(++slot);
  const Host host = slot + 1;
  if (!network_.cut(0, host, office_.now())) return office_.join(slot);
  const Nanoseconds heals = network_.heals(0, host, office_.now());
  if (heals != never) office_.schedule(heals + handshake(slot), EventKind::come, slot);
}

void Fates::joined() { ++generation_; }

void Fates::nobody(std::uint32_t generation) const {
  if (generation != generation_ || office_.living() > 0) return;
  throw RunError("no worker came back within 30 s after all were lost");
}

}  // namespace murm
