#include "actors/virtual/simulator.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "algorithms/partition.hpp"
#include "runtime/world/world_time.hpp"

namespace murm {

namespace {

// Between two looks at the caller: some milliseconds, with and without numbers.
constexpr std::uint64_t kPhantomEvents = 8192;
constexpr std::uint64_t kNumericEvents = 64;

EventClass class_of(EventKind kind) {
  switch (kind) {
    case EventKind::card:
    case EventKind::arrival:
    case EventKind::service:
    case EventKind::membership:
      return EventClass::message;
    case EventKind::computed:
    case EventKind::timer:
      return EventClass::compute;
    default:
      return EventClass::fate;
  }
}

/// Whether a worker could wait for such an event; the others happen to a run that has come to a halt, too.
bool is_idle(EventKind kind) { return kind == EventKind::churn || kind == EventKind::nobody; }

}  // namespace

Simulator::Simulator(const SimulationOptions& options, const JobPlan& plan, Numbers* numbers)
    : options_(options),
      plan_(plan),
      algorithms_(plan.job, plan.shape),
      algorithm_(std::make_shared<const VirtualCourse>(VirtualCourse{
          options.algorithm != nullptr ? options.algorithm : &find_algorithm(plan_.algorithm),
          plan_.algorithm, 0})),
      numbers_(numbers),
      network_(options_.scenario, plan_.job.cluster.workers, plan_.job.job.seed),
      times_(options_.scenario, plan_.job.job.seed),
      post_(queue_, network_),
      leases_(plan_.leases),
      laws_(law_options()),
      fates_(options_.scenario, plan_.job.cluster.workers, plan_.job.job.seed, network_, *this),
      apply_time_(std::llround(options_.scenario.compute.apply_ms * 1e6)),
      mailboxes_(plan_.leases.shards) {
  for (std::uint32_t shard = 0; shard < plan_.leases.shards; ++shard) {
    const Range range = shard_range(plan_.parameters, plan_.leases.shards, shard);
    Tensor initial = numbers_ == nullptr ? Tensor() : numbers_->initial(range.offset, range.length);
    aggregators_.push_back(std::make_unique<VirtualAggregator>(
        algorithm_, shard, numbers_ == nullptr ? nullptr : &numbers_->device(), std::move(initial),
        [this](std::uint32_t from, PeerId to, Message message) {
          post(from, to, std::move(message));
        },
        *this));
  }
}

void Simulator::run() {
  try {
    for (std::uint64_t slot = 0; slot < plan_.job.cluster.workers; ++slot) join(slot);
    begun_ = true;
    tell_members_of({epoch_, {}, {}});
    fates_.begin();
    hold_at_next_course();
    const std::uint64_t progress_events = numbers_ == nullptr ? kPhantomEvents : kNumericEvents;
    while (ending_ == Ending::none && advance()) {
      if (events_ % progress_events == 0 && options_.progress &&
          !options_.progress(course_.now(bytes(), now_))) {
        ending_ = Ending::interrupted;
      }
    }
    laws_.at_end(leases_.next_lease(), ending_ == Ending::finished);
  } catch (const LawBroken& law) {
    throw LawBroken("a law is broken: " + std::string(law.what()) + "; " + described());
  } catch (const RunError&) {
    throw;
  } catch (const std::exception& error) {
    throw LawBroken("a machine failed: " + std::string(error.what()) + "; " + described());
  }
}

/// Handles the next event; false when there is none or time is up.
bool Simulator::advance() {
  const bool time_is_up = options_.until &&
                          (queue_.empty() || queue_.top().time_ns > options_.until->count());
  if (time_is_up) {
    ending_ = Ending::until;
    now_ = *options_.until;
    return false;
  }
  // Nobody waits for an idle event, so what waits now waits for ever.
  if (queue_.size() == idle_events_ && living_ > 0) {
    throw LawBroken("every worker waits and nothing is under way");
  }
  if (queue_.empty()) throw RunError("all workers are lost, and nobody is to come");
  event_ = queue_.pop();
  if (is_idle(static_cast<EventKind>(event_.kind))) --idle_events_;
  now_ = Nanoseconds(event_.time_ns);
  ++events_;
  note(event_);
  handle(event_);
  return true;
}

void Simulator::handle(const EventKey& event) {
  switch (static_cast<EventKind>(event.kind)) {
    case EventKind::churn:
      return fates_.churn();
    case EventKind::cut:
      return fates_.cut(event.content);
    case EventKind::silence:
      return fates_.silence(event.content);
    case EventKind::thaw:
      return fates_.thaw(event.content);
    case EventKind::come:
      return fates_.come(event.content);
    case EventKind::nobody:
      return fates_.nobody(event.content);
    case EventKind::card:
      return post_.at_card(event.content, now_);
    case EventKind::arrival:
      return arrived(event.content);
    case EventKind::timer:
      return timer(event.content);
    case EventKind::service:
      --mailboxes_[post_[event.content].shard].waiting;
      return serve(event.content);
    case EventKind::membership:
      --mailboxes_[event.content].waiting;
      return apply_membership(event.content);
    case EventKind::computed:
      return computed(event);
  }
}

void Simulator::arrived(std::uint32_t index) {
  const Parcel& arriving = post_[index];
  VirtualWorker& at = *workers_[arriving.worker];
  if (arriving.peer) {
    VirtualWorker& to = *workers_[arriving.to];
    if (!to.connected) return post_.discard(index);
    for (const std::uint32_t parcel : post_.arrived(at, to, index)) deliver(parcel);
    return;
  }
  if (!at.connected) {
    if (arriving.up && arriving.passage.left <= at.died) ++late_;
    return post_.discard(index);
  }
  for (const std::uint32_t parcel : post_.arrived(at, index)) deliver(parcel);
}

void Simulator::schedule(Nanoseconds at, EventKind kind, std::uint32_t content) {
  schedule(at, kind, content, content);
}

void Simulator::schedule(Nanoseconds at, EventKind kind, std::uint32_t content,
                         std::uint32_t place) {
  if (at > end_of_time) return;
  if (is_idle(kind)) ++idle_events_;
  queue_.push(at, static_cast<std::uint8_t>(class_of(kind)), place, static_cast<std::uint8_t>(kind),
              content);
}

// -- steps

void Simulator::begin_step(VirtualWorker& worker, std::span<const Tensor> parameters) {
  laws_.begins(worker.lease(), worker.self());
  if (algorithm().plain_gradients) laws_.computes(reads_[worker.index], parameters);
  Seat& seat = seats_[worker.slot()];
  worker.step_began = now_;
  worker.stood_still = Nanoseconds{0};
  worker.step_time = std::max(times_.step(worker.slot(), seat.steps++, now_), Nanoseconds{1});
  end_step_at(worker, now_ + worker.step_time);
}

void Simulator::end_step_at(VirtualWorker& worker, Nanoseconds at) {
  worker.step_due = at;
  schedule(at, EventKind::computed, worker.index);
}

void Simulator::computed(const EventKey& event) {
  VirtualWorker& worker = *workers_[event.content];
  if (worker.died <= now_ || !worker.computing() || worker.step_due != now_) return;
  if (fates_.frozen(worker)) {  // what is left of the step is done when it goes on
    return end_step_at(worker, worker.frozen_until);
  }
  const Nanoseconds due = worker.step_began + worker.step_time + worker.stood_still;
  if (due > now_) return end_step_at(worker, due);
  worker.computed(worker.step_time, now_);
  const bool spreads = numbers_ != nullptr && plan_.job.model.kind == "consensus";
  if (spreads && !algorithm().replicas) measure_spread();
}

// -- leases

void Simulator::request_lease(VirtualWorker& worker, std::uint32_t samples) {
  if (std::exchange(worker.asking, true)) {
    throw LawBroken(to_string(worker.self()) + " asks for another lease before it has the first");
  }
  const std::uint32_t index = post_.create();
  Parcel& parcel = post_[index];
  parcel.kind = ParcelKind::lease_request;
  parcel.message.lease.samples = samples;
  parcel.message.course = worker.course();
  parcel.up = true;
  parcel.bulk = false;
  post_.send(worker, index, now_);
}

void Simulator::grant(const std::vector<Grant>& grants) {
  for (const Grant& grant : grants) {
    VirtualWorker& worker = *occupant(static_cast<std::uint32_t>(grant.worker.ordinal()));
    laws_.granted(grant.lease, grant.worker);
    course_.granted(now_);
    const std::uint32_t index = post_.create();
    Parcel& parcel = post_[index];
    parcel.kind = ParcelKind::lease_grant;
    parcel.up = false;
    parcel.bulk = false;
    parcel.message.lease = grant.lease;
    post_.send(worker, index, now_);
  }
}

// -- messages

void Simulator::send(VirtualWorker& worker, PeerId to, Message message) {
  if (to.role() == Role::worker) return send_to_peer(worker, to, std::move(message));
  if (message.kind == MessageKind::push) {
    if (algorithm().plain_gradients) laws_.pushed(reads_[worker.index], message);
    if (algorithm().replicas && message.shard == 0) measure_round(worker);
  }
  const std::uint32_t index = post_.create();
  Parcel& parcel = post_[index];
  parcel.kind = ParcelKind::algorithm;
  parcel.up = true;
  parcel.bulk = true;
  parcel.shard = static_cast<std::uint32_t>(to.ordinal());
  parcel.message = std::move(message);
  post_.send(worker, index, now_);
}

void Simulator::post(std::uint32_t shard, PeerId to, Message message) {
  VirtualWorker* worker = occupant(static_cast<std::uint32_t>(to.ordinal()));
  if (worker == nullptr || worker->self() != to) return;  // lost meanwhile: nobody waits for it
  const std::uint32_t index = post_.create();
  Parcel& parcel = post_[index];
  parcel.kind = ParcelKind::algorithm;
  parcel.up = false;
  parcel.bulk = true;
  parcel.shard = shard;
  parcel.message = std::move(message);
  const bool spreads = numbers_ != nullptr && plan_.job.model.kind == "consensus";
  if (spreads && algorithm().replicas) scatter(*worker, parcel.message);
  post_.send(*worker, index, now_);
}

void Simulator::deliver(std::uint32_t index) {
  Parcel& parcel = post_[index];
  if (parcel.peer) return deliver_to_peer(index);
  VirtualWorker& worker = *workers_[parcel.worker];
  if (!worker.connected || (!parcel.up && worker.died <= now_)) return post_.discard(index);
  if (!parcel.up && fates_.frozen(worker)) return worker.backlog.push_back(index);
  if (parcel.up) worker.heard = now_;
  if (parcel.up && parcel.kind == ParcelKind::algorithm) return to_aggregator(index);
  const ParcelKind kind = parcel.kind;
  const Message message = std::move(parcel.message);
  const std::shared_ptr<const MembershipChange> change = std::move(parcel.change);
  const std::shared_ptr<const VirtualCourse> course = std::move(parcel.course);
  post_.discard(index);
  switch (kind) {
    case ParcelKind::lease_request:
      if (message.course != algorithm_->number) return;  // its machine is no more
      return grant(leases_.request(worker.self(), message.lease.samples));
    case ParcelKind::members:
      return worker.change_membership(*change);
    case ParcelKind::course:
      reads_[worker.index] = WorkerReads();
      return worker.begin_course(*course);
    case ParcelKind::lease_grant:
      if (worker.first_lease.count() < 0) worker.first_lease = now_;
      if (message.lease.requested) worker.asking = false;
      return worker.take_lease(message.lease);
    case ParcelKind::algorithm:
      if (algorithm().plain_gradients && message.course == worker.course()) {
        laws_.parameters_received(reads_[worker.index], message);
      }
      return worker.deliver(message);
    case ParcelKind::goodbye:
      return lose(worker);
  }
}

void Simulator::to_aggregator(std::uint32_t index) {
  const Parcel& parcel = post_[index];
  Mailbox& mailbox = mailboxes_[parcel.shard];
  Nanoseconds done = std::max(now_, mailbox.busy_until);
  if (parcel.message.kind == MessageKind::push && apply_time_.count() > 0) {
    const Range range = shard_range(plan_.parameters, plan_.leases.shards, parcel.shard);
    const double share = static_cast<double>(range.length) / static_cast<double>(plan_.parameters);
    done += Nanoseconds(std::llround(static_cast<double>(apply_time_.count()) * share));
  }
  mailbox.busy_until = done;
  if (done == now_ && mailbox.waiting == 0) return serve(index);
  ++mailbox.waiting;
  schedule(done, EventKind::service, index, parcel.shard);
}

void Simulator::serve(std::uint32_t index) {
  const std::uint32_t shard = post_[index].shard;
  const Message message = std::move(post_[index].message);
  post_.discard(index);
  aggregators_[shard]->take(message);
  settle(shard);
}

void Simulator::settle(std::uint32_t shard) {
  VirtualAggregator& aggregator = *aggregators_[shard];
  aggregator.settle();
  ShardEffects& effects = aggregator.effects();
  const bool idle = effects.applied.empty() && effects.dropped.empty() && effects.steps.empty() &&
                    effects.sent.empty() && effects.rejected.empty();
  if (!idle) {
    laws_.settle(shard, effects, aggregator.ledger());
    for (const AppliedGradient& applied : effects.applied) {
      course_.applied(shard, applied, laws_.version(shard), bytes(), now_);
      leases_.applied(applied.lease.id);
    }
    for (const Lease& lease : effects.dropped) leases_.applied(lease.id, true);
    if (numbers_ != nullptr) evaluate();
    if (leases_.finished() && ending_ == Ending::none) ending_ = Ending::finished;
    effects.applied.clear();
    effects.dropped.clear();
    effects.steps.clear();
    effects.sent.clear();
    if (leases_.drained() && algorithms_.due(leases_.position())) begin_course();
  }
}

void Simulator::rejected(VirtualWorker& worker, const std::string& why) {
  throw LawBroken(to_string(worker.self()) + " refuses a message of ours: " + why);
}

// -- membership

VirtualWorker* Simulator::occupant(std::uint64_t slot) {
  if (slot >= seats_.size() || !seats_[slot].taken) return nullptr;
  return workers_[seats_[slot].worker].get();
}

void Simulator::join(std::uint64_t slot) {
  if (slot >= seats_.size()) seats_.resize(slot + 1);
  Seat& seat = seats_[slot];
  const auto index = static_cast<std::uint32_t>(workers_.size());
  const PeerId peer = PeerId::worker((seat.occupants << 32U) | slot);
  workers_.push_back(std::make_unique<VirtualWorker>(
      *algorithm_, peer, index, numbers_ == nullptr ? nullptr : &numbers_->device(),
      numbers_ == nullptr ? nullptr : &numbers_->lane(), *this));
  reads_.emplace_back();
  ++seat.occupants;
  seat.taken = true;
  seat.worker = index;
  ++living_;
  fates_.joined();
  VirtualWorker& worker = *workers_.back();
  worker.attack = emulated_attack(plan_.job, slot);
  worker.joined = now_;
  worker.heard = now_;
  leases_.enter(++epoch_);
  leases_.join(peer);
  change_membership({epoch_, {peer}, {}});
  if (begun_) tell_members_of({epoch_, {peer}, {}});
  worker.start();
}

void Simulator::lose(VirtualWorker& worker) {
  worker.connected = false;
  seats_[worker.slot()].taken = false;
  --living_;
  for (const std::uint32_t parcel : std::exchange(worker.backlog, {})) post_.discard(parcel);
  for (auto& direction : worker.channels) {
    for (ChannelEnd& channel : direction) {
      for (const auto& [sequence, parcel] : std::exchange(channel.early, {})) post_.discard(parcel);
    }
  }
  for (auto& [from, channel] : worker.received_from) {
    for (const auto& [sequence, parcel] : std::exchange(channel.early, {})) post_.discard(parcel);
  }
  worker.retire();
  leases_.enter(++epoch_);
  change_membership({epoch_, {}, {worker.self()}});
  tell_members_of({epoch_, {}, {worker.self()}});
  grant(leases_.leave(worker.self()));
  fates_.lost(worker);
}

void Simulator::say_goodbye(VirtualWorker& worker) {
  const std::uint32_t index = post_.create();
  Parcel& parcel = post_[index];
  parcel.kind = ParcelKind::goodbye;
  parcel.up = true;
  parcel.bulk = false;
  post_.send(worker, index, now_);
}

void Simulator::change_membership(const MembershipChange& change) {
  for (std::uint32_t shard = 0; shard < aggregators_.size(); ++shard) {
    Mailbox& mailbox = mailboxes_[shard];
    mailbox.changes.push_back(change);
    if (mailbox.busy_until <= now_ && mailbox.waiting == 0) {
      apply_membership(shard);
    } else {
      ++mailbox.waiting;
      schedule(std::max(now_, mailbox.busy_until), EventKind::membership, shard, shard);
    }
  }
}

void Simulator::apply_membership(std::uint32_t shard) {
  Mailbox& mailbox = mailboxes_[shard];
  const MembershipChange change = std::move(mailbox.changes.front());
  mailbox.changes.pop_front();
  aggregators_[shard]->change_membership(change);
  settle(shard);
}

}  // namespace murm
