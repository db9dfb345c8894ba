#include <algorithm>
#include <cstdio>

#include "actors/virtual/simulator.hpp"
#include "runtime/hash.hpp"
#include "runtime/process_info.hpp"

namespace murm {

namespace {

double seconds(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

/// One word into a running hash; integers only, so equal on every machine.
std::uint64_t fold(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
  return hash ^ (hash >> 29U);
}

std::string name_of(EventKind kind) {
  switch (kind) {
    case EventKind::churn:
      return "a change among the workers";
    case EventKind::cut:
      return "a partition begins";
    case EventKind::silence:
      return "a look at a silent worker";
    case EventKind::thaw:
      return "a frozen worker goes on";
    case EventKind::come:
      return "a worker comes";
    case EventKind::nobody:
      return "the deadline without workers";
    case EventKind::card:
      return "a message reaches a network card";
    case EventKind::arrival:
      return "a message arrives";
    case EventKind::service:
      return "an aggregator takes a message";
    case EventKind::membership:
      return "an aggregator changes its members";
    case EventKind::computed:
      return "a gradient is ready";
    case EventKind::timer:
      return "a timer";
  }
  return "an event";
}

std::string text_of(ParcelKind kind, MessageKind message) {
  switch (kind) {
    case ParcelKind::lease_request:
      return "a lease request";
    case ParcelKind::lease_grant:
      return "a lease";
    case ParcelKind::goodbye:
      return "a goodbye";
    case ParcelKind::members:
      return "news of members";
    case ParcelKind::course:
      return "news of another algorithm";
    case ParcelKind::algorithm:
      break;
  }
  switch (message) {
    case MessageKind::pull:
      return "a pull";
    case MessageKind::push:
      return "a push";
    case MessageKind::parameters:
      return "parameters";
    case MessageKind::exchange:
      return "an exchange";
    case MessageKind::answer:
      return "an answer";
    case MessageKind::decline:
      return "a refusal to exchange";
    case MessageKind::replica:
      return "a replica";
  }
  return "a message";
}

}  // namespace

void Simulator::note(const EventKey& event) {
  std::uint64_t hash = fold(trace_, static_cast<std::uint64_t>(event.time_ns));
  hash = fold(hash, event.place ^ (std::uint64_t{event.kind} << 48U));
  const auto kind = static_cast<EventKind>(event.kind);
  current_.index = none;
  if (kind == EventKind::arrival || kind == EventKind::service) {
    const Parcel& parcel = post_[event.content];
    current_ = {parcel.worker,       parcel.shard, parcel.kind,
                parcel.message.kind, parcel.up,    parcel.message.lease.id};
    hash = fold(hash, parcel.message.lease.id ^ (parcel.message.version << 32U) ^
                          (std::uint64_t{parcel.worker} << 8U) ^
                          static_cast<std::uint64_t>(parcel.kind));
    hash = fold(hash, parcel.shard ^ (static_cast<std::uint64_t>(parcel.message.kind) << 32U));
  }
  trace_ = hash;
}

std::string Simulator::described() const {
  const EventKey& event = event_;
  const auto kind = static_cast<EventKind>(event.kind);
  std::string who;
  if (kind == EventKind::computed || kind == EventKind::silence || kind == EventKind::thaw) {
    const VirtualWorker& worker = *workers_[event.content];
    who = " at " + to_string(worker.self()) + ", lease " + std::to_string(worker.lease().id);
  } else if (kind == EventKind::come) {
    who = " to slot " + std::to_string(event.content);
  } else if (current_.index != none) {
    const std::string peer = to_string(workers_[current_.index]->self());
    who = ", " + text_of(current_.kind, current_.message) + (current_.up ? " of " : " for ") +
          peer + ", lease " + std::to_string(current_.lease);
    if (current_.kind == ParcelKind::algorithm) who += ", shard " + std::to_string(current_.shard);
  }
  char text[160];
  std::snprintf(text, sizeof text, "seed %llu, %.9f s of virtual time, event %llu: ",
                static_cast<unsigned long long>(plan_.job.job.seed), seconds(now_),
                static_cast<unsigned long long>(events_));
  return text + name_of(kind) + who +
         (options_.repeat.empty() ? "" : ". Again: " + options_.repeat);
}

void Simulator::evaluate() {
  const SampleCount applied = leases_.counts().samples_done();
  const SampleCount every = plan_.evaluation_every;
  const bool due = applied / every > evaluated_at_ / every || leases_.finished();
  if (!due || applied == evaluated_at_) return;
  if (target_reached(plan_.job, evaluate_now()) && ending_ == Ending::none) {
    time_to_target_ = seconds(now_);
    ending_ = Ending::target;
  }
}

Evaluation Simulator::evaluate_now() {
  evaluated_at_ = leases_.counts().samples_done();
  const Evaluation evaluation = numbers_->evaluate_at(parameters());
  course_.evaluated(evaluation, now_);
  return evaluation;
}

/// A round is over when every worker has done one more step.
void Simulator::measure_spread() {
  std::uint64_t rounds = std::numeric_limits<std::uint64_t>::max();
  for (const Seat& seat : seats_) {
    if (seat.taken) rounds = std::min(rounds, workers_[seat.worker]->steps);
  }
  if (spread_.begun() && rounds <= spread_.rounds()) return;
  std::vector<std::vector<float>> first;
  std::vector<std::vector<float>> replicas;
  for (const Seat& seat : seats_) {
    if (!seat.taken) continue;
    const VirtualWorker& worker = *workers_[seat.worker];
    std::vector<Tensor> parts(worker.replica().begin(), worker.replica().end());
    // A machine with a replica of its own may be sent something else: what its replica is to change by.
    if (Tensor own = worker.own_replica(); !own.empty()) parts = {std::move(own)};
    const bool missing = std::any_of(parts.begin(), parts.end(),
                                     [](const Tensor& part) { return part.empty(); });
    if (!spread_.begun()) first.push_back(numbers_->random_replica(worker.slot()));
    replicas.emplace_back();
    if (missing) {
      replicas.back() = numbers_->random_replica(worker.slot());
    } else {
      flatten(parts, replicas.back());
    }
  }
  if (!spread_.begun()) spread_.add_round(ReplicaSpread::norm(first));
  spread_.add_round(ReplicaSpread::norm(replicas));
}

SimulationResult Simulator::result() {
  SimulationResult result;
  if (numbers_ != nullptr) {
    result.parameters = parameters();
    if (leases_.counts().samples_done() != evaluated_at_) evaluate_now();
  }
  result.curve = course_.curve();
  fill(result.report);
  if (numbers_ != nullptr) {
    StreamHash hash;
    hash.add(std::as_bytes(std::span<const float>(result.parameters)));
    result.report.parameters_hash = hash.hex();
  }
  return result;
}

void Simulator::fill(Report& report) const {
  const Job& job = plan_.job;
  report.job = job.job.name;
  report.algorithm = job.algorithm.name;
  report.status = ending_ == Ending::target        ? "target reached"
                  : ending_ == Ending::until       ? "time is up"
                  : ending_ == Ending::interrupted ? "interrupted"
                                                   : "finished";
  report.interrupted = ending_ == Ending::interrupted;
  report.seed = job.job.seed;
  report.workers = job.cluster.workers;
  report.aggregators = job.cluster.aggregators;
  report.transport = "simulated";
  report.parameters = plan_.parameters;
  course_.fill(report);
  const LeaseCounts& counts = leases_.counts();
  report.samples = counts.samples_applied;
  report.epochs = static_cast<double>(report.samples) / static_cast<double>(plan_.shape.train);
  if (report.seconds > 0) {
    report.samples_per_second = static_cast<double>(report.samples) / report.seconds;
  }
  report.bytes.sent = post_.bytes_down();
  report.bytes.received = post_.bytes_up();
  report.bytes.between_workers = post_.bytes_between();
  report.ledger.issued = counts.issued;
  report.ledger.applied = counts.applied;
  report.ledger.reissued = counts.reissued;
  report.ledger.dropped = counts.dropped;
  if (ending_ == Ending::finished) {  // before the end the rest is with the workers
    report.ledger.lost = counts.issued - counts.applied - counts.dropped;
    report.ledger.samples_skipped = leases_.position() - counts.samples_done();
  }
  for (const auto& aggregator : aggregators_) {
    report.ledger.refused_duplicate += aggregator->ledger().refused_count();
    report.refused["not of this run's members"] += aggregator->refused();
  }
  if (late_ > 0) report.refused["of lost workers"] = late_;
  if (post_.duplicates() > 0) report.refused["arrived twice"] = post_.duplicates();
  for (const auto& worker : workers_) {
    Report::PerWorker each;
    each.id = worker->slot();
    each.device = numbers_ == nullptr ? "phantom" : "cpu";
    each.steps = worker->steps;
    each.samples = worker->samples;
    const double elapsed = seconds(worker->last_gradient - worker->first_lease);
    if (worker->steps > 0 && elapsed > 0) {
      each.wait_fraction = std::max(0.0, 1.0 - seconds(worker->busy) / elapsed);
    }
    report.wait_fraction += each.wait_fraction / static_cast<double>(workers_.size());
    report.per_worker.push_back(each);
  }
  report.peak_rss_bytes = peak_rss_bytes();
  Report::Simulation simulation;
  simulation.virtual_seconds = seconds(now_);
  simulation.gradients = counts.applied;
  if (now_.count() > 0) {
    simulation.gradients_per_virtual_second = static_cast<double>(counts.applied) / seconds(now_);
  }
  simulation.events = events_;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(trace_));
  simulation.trace_hash = text;
  simulation.time_to_target = time_to_target_;
  if (spread_.begun()) simulation.contraction_per_round = spread_.contraction_per_round();
  report.simulation = simulation;
}

}  // namespace murm
