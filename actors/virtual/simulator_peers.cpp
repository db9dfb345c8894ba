// What workers are to each other: messages between them, news of members, timers, replicas and their mean.
#include <algorithm>
#include <cmath>

#include "actors/virtual/simulator.hpp"
#include "algorithms/partition.hpp"

namespace murm {

void Simulator::send_to_peer(VirtualWorker& worker, PeerId to, Message message) {
  VirtualWorker* receiver = occupant(static_cast<std::uint32_t>(to.ordinal()));
  if (receiver == nullptr || receiver->self() != to) return;  // lost meanwhile
  const std::uint32_t index = post_.create();
  Parcel& parcel = post_[index];
  parcel.kind = ParcelKind::algorithm;
  parcel.message = std::move(message);
  post_.send(worker, *receiver, index, now_);
}

void Simulator::deliver_to_peer(std::uint32_t index) {
  Parcel& parcel = post_[index];
  VirtualWorker& receiver = *workers_[parcel.to];
  if (!receiver.connected || receiver.died <= now_) return post_.discard(index);
  if (fates_.frozen(receiver)) return receiver.backlog.push_back(index);
  const Message message = std::move(parcel.message);
  post_.discard(index);
  receiver.deliver(message);
}

/// Push-sum weights and shares neither come from nothing nor vanish; a newcomer begins with its own.
void Simulator::balanced(VirtualWorker& worker, double before, double created) {
  constexpr double kRounding = 1e-9;
  if (before == 0 || std::abs(created) < kRounding) return;
  throw LawBroken(to_string(worker.self()) + " made " + std::to_string(created) +
                  " of the weight that exchanges conserve");
}

void Simulator::tell_members(VirtualWorker& worker,
                             std::shared_ptr<const MembershipChange> change) {
  const std::uint32_t index = post_.create();
  Parcel& parcel = post_[index];
  parcel.kind = ParcelKind::members;
  parcel.up = false;
  parcel.bulk = false;
  parcel.change = std::move(change);
  post_.send(worker, index, now_);
}

/// To each worker, before any lease of the epoch; a newcomer (at the start: everybody) hears of all.
void Simulator::tell_members_of(const MembershipChange& change) {
  if (!algorithm().peers || !begun_) return;
  const auto news = std::make_shared<const MembershipChange>(change);
  auto all = std::make_shared<MembershipChange>();
  all->epoch = change.epoch;
  for (const Seat& seat : seats_) {
    if (seat.taken) all->joined.push_back(workers_[seat.worker]->self());
  }
  std::sort(all->joined.begin(), all->joined.end());
  const bool everybody = change.joined.empty() && change.left.empty();
  for (const Seat& seat : seats_) {
    if (!seat.taken) continue;
    VirtualWorker& worker = *workers_[seat.worker];
    const bool newcomer = everybody || std::find(change.joined.begin(), change.joined.end(),
                                                 worker.self()) != change.joined.end();
    if (newcomer) {
      tell_members(worker, all);
    } else {
      tell_members(worker, news);
    }
  }
}

void Simulator::set_timer(PeerId machine, Nanoseconds delay, std::uint64_t cookie) {
  std::uint32_t index = 0;
  if (unused_timers_.empty()) {
    index = static_cast<std::uint32_t>(timers_.size());
    timers_.emplace_back();
  } else {
    index = unused_timers_.back();
    unused_timers_.pop_back();
  }
  timers_[index] = {machine, cookie, course_of(machine)};
  schedule(now_ + delay, EventKind::timer, index);
}

void Simulator::timer(std::uint32_t index) {
  const Timer timer = timers_[index];
  if (timer.machine.role() == Role::aggregator) {
    unused_timers_.push_back(index);
    if (timer.course != algorithm_->number) return;
    const auto shard = static_cast<std::uint32_t>(timer.machine.ordinal());
    aggregators_[shard]->timer(timer.cookie);
    return settle(shard);
  }
  VirtualWorker* worker = occupant(static_cast<std::uint32_t>(timer.machine.ordinal()));
  const bool there = worker != nullptr && worker->self() == timer.machine && worker->died > now_;
  if (there && fates_.frozen(*worker)) {
    return schedule(worker->frozen_until, EventKind::timer, index);
  }
  unused_timers_.push_back(index);
  if (there && timer.course == worker->course()) worker->timer(timer.cookie);
}

std::uint32_t Simulator::course_of(PeerId machine) {
  if (machine.role() == Role::aggregator) return algorithm_->number;
  return occupant(static_cast<std::uint32_t>(machine.ordinal()))->course();
}

/// Nothing is averaged where all begin alike: each replica of `consensus` begins somewhere else.
void Simulator::scatter(const VirtualWorker& worker, Message& message) const {
  const std::vector<float> replica = numbers_->random_replica(worker.slot());
  const Range range = shard_range(plan_.parameters, plan_.leases.shards, message.shard);
  const std::span<float> numbers = host_span(message.payload);
  std::copy_n(replica.begin() + static_cast<std::ptrdiff_t>(range.offset), range.length,
              numbers.begin());
}

/// The keepers' arithmetic: added in the order of the workers, then divided.
std::vector<float> Simulator::mean_replica() const {
  std::vector<PeerId> peers;
  for (const Seat& seat : seats_) {
    if (seat.taken) peers.push_back(workers_[seat.worker]->self());
  }
  std::sort(peers.begin(), peers.end());
  std::vector<float> mean;
  std::size_t count = 0;
  for (const PeerId peer : peers) {
    const Seat& seat = seats_[static_cast<std::uint32_t>(peer.ordinal())];
    const Tensor replica = workers_[seat.worker]->own_replica();
    if (replica.empty()) continue;
    if (count++ == 0) {
      flatten({replica}, mean);
      continue;
    }
    for_each_run(replica, [&](const float* data, std::size_t offset, std::size_t length) {
      for (std::size_t i = 0; i < length; ++i) mean[offset + i] += data[i];
    });
  }
  const float share = 1.0F / static_cast<float>(std::max<std::size_t>(count, 1));
  for (float& value : mean) value *= share;
  return mean;
}

std::vector<float> Simulator::parameters() const {
  std::vector<float> flat;
  if (algorithm().replicas) flat = mean_replica();
  if (!flat.empty()) return flat;
  std::vector<Tensor> parts;
  for (const auto& aggregator : aggregators_) parts.push_back(aggregator->parameters());
  flatten(parts, flat);
  return flat;
}

/// A worker has done another round: once all have done it, their replicas are compared.
void Simulator::measure_round(VirtualWorker& worker) {
  const std::uint64_t round = worker.rounds++;
  if (numbers_ == nullptr || plan_.job.model.kind != "consensus") return;
  const std::size_t workers = plan_.job.cluster.workers;
  if (!spread_.begun()) {
    std::vector<std::vector<float>> first;
    for (std::uint32_t slot = 0; slot < workers; ++slot) {
      first.push_back(numbers_->random_replica(slot));
    }
    spread_.add_round(ReplicaSpread::norm(first));
  }
  // Who is lost does no further round, and who comes back does others.
  const auto first_life = [](const Seat& seat) { return seat.taken && seat.occupants == 1; };
  if (!std::all_of(seats_.begin(), seats_.begin() + static_cast<std::ptrdiff_t>(workers),
                   first_life)) {
    return open_rounds_.clear();
  }
  if (worker.slot() >= workers || round < spread_.rounds()) return;  // after a change of algorithm
  const std::size_t place = round - spread_.rounds();
  if (place >= open_rounds_.size()) {
    open_rounds_.resize(place + 1, std::vector<std::vector<float>>(workers));
  }
  flatten({worker.own_replica()}, open_rounds_[place][worker.slot()]);
  while (!open_rounds_.empty() &&
         std::none_of(open_rounds_.front().begin(), open_rounds_.front().end(),
                      [](const std::vector<float>& replica) { return replica.empty(); })) {
    spread_.add_round(ReplicaSpread::norm(open_rounds_.front()));
    open_rounds_.pop_front();
  }
}

}  // namespace murm
