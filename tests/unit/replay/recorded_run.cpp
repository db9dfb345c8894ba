#include "tests/unit/replay/recorded_run.hpp"

#include <algorithm>

#include "actors/virtual/virtual_tensors.hpp"
#include "algorithms/forwarding_context.hpp"
#include "algorithms/ledger.hpp"
#include "algorithms/partition.hpp"
#include "runtime/trace_record.hpp"

namespace murm::test {

namespace {

constexpr std::size_t kParameters = 23;
constexpr std::uint32_t kLeaseSamples = 4;

/// A worker that holds each push back until a timer fires, whose time it then tells.
class PushesLater final : public Machine {
 public:
  explicit PushesLater(std::unique_ptr<Machine> machine) : machine_(std::move(machine)) {}
  void on_start(Context& context) override { machine_->on_start(context); }
  void on_lease(const Lease& lease, Context& context) override {
    machine_->on_lease(lease, context);
  }
  void on_message(const Message& message, Context& context) override {
    machine_->on_message(message, context);
  }
  void on_gradient(const GradientReady& gradient, Context& context) override {
    held_ = gradient;
    context.set_timer(std::chrono::milliseconds(1), gradient.lease.id + 7);
  }
  void on_timer(std::uint64_t /*cookie*/, Context& context) override {
    TellsTime telling;
    telling.between(context);
    machine_->on_gradient(held_, telling);
  }

 private:
  class TellsTime final : public ForwardingContext {
   public:
    void send(PeerId to, Message message) override {
      message.round = static_cast<std::uint64_t>(now().count());
      ForwardingContext::send(to, std::move(message));
    }
  };
  std::unique_ptr<Machine> machine_;
  GradientReady held_;
};

std::unique_ptr<Machine> make_pushes_later(const AlgorithmOptions& options) {
  return std::make_unique<PushesLater>(find_algorithm(options).make_worker(options));
}

/// The toy problem's gradient, as the lane of a job would compute it.
GradientReady gradient_of(const Lease& lease, std::span<const Tensor> parts) {
  Numbers x;
  for (const Tensor& part : parts) {
    for_each_run(part, [&](const float* data, std::size_t, std::size_t length) {
      x.insert(x.end(), data, data + length);
    });
  }
  GradientReady ready{lease, make_tensor(x.size()), 0};
  ready.loss_sum = Problem{}.gradient_sum(x, lease.position, lease.samples,
                                          host_span(ready.gradient));
  return ready;
}

AlgorithmOptions algorithm_of(const RecordedRunOptions& options) {
  AlgorithmOptions algorithm;
  algorithm.name = options.algorithm;
  algorithm.staleness = 2;
  algorithm.parameters = kParameters;
  algorithm.workers = options.workers;
  algorithm.batch = kLeaseSamples;
  algorithm.local_steps = 3;
  algorithm.shards = options.shards;
  algorithm.clip = options.clip;
  algorithm.optimizer.kind = OptimizerKind::adam;
  algorithm.schedule.kind = ScheduleKind::cosine;
  algorithm.schedule.learning_rate = 0.05;
  algorithm.schedule.total = static_cast<double>(options.total) / kLeaseSamples;
  return algorithm;
}

Algorithm machines_of(const RecordedRunOptions& options, const AlgorithmOptions& algorithm) {
  Algorithm machines = find_algorithm(algorithm);
  if (options.timers) machines.make_worker = make_pushes_later;
  return machines;
}

LeasePlanOptions leases_of(const Algorithm& machines, const AlgorithmOptions& algorithm,
                           const RecordedRunOptions& options) {
  LeasePlanOptions leases;
  leases.synchronous = machines.synchronous;
  leases.lease_samples = kLeaseSamples;
  leases.total = options.total;
  leases.shards = options.shards;
  if (machines.plan_leases != nullptr) machines.plan_leases(algorithm, leases);
  return leases;
}

}  // namespace

class RecordedRun::StepClock final : public Clock {
 public:
  Nanoseconds now() const override { return now_ += Nanoseconds(1000); }

 private:
  mutable Nanoseconds now_{1'000'000};
};

struct RecordedRun::Actor final : VirtualTensors {
  Actor(RecordedRun& r, PeerId peer, std::unique_ptr<Machine> m)
      : VirtualTensors(&r.device_),
        run(r),
        id(peer),
        machine(recorded(std::move(m), r.recording_)) {}

  PeerId self() const override { return id; }
  /// The machine, for one event, which has a time of its own.
  Machine& event() {
    time = run.recording_->clock->now();
    return *machine;
  }
  std::chrono::nanoseconds now() const override { return time; }
  void set_timer(std::chrono::nanoseconds /*delay*/, std::uint64_t cookie) override {
    run.post(id, id, [this, cookie] { event().on_timer(cookie, *this); });
  }
  void collected() override {}
  void request_lease(std::uint32_t /*samples*/) override {
    run.post(id, PeerId::coordinator(), [r = &run, peer = id] { r->give(r->plan_.request(peer)); });
  }
  void compute(const Lease& lease, std::span<const Tensor> parts) override {
    run.post(id, id,
             [this, job = ++job, lease, at = std::vector<Tensor>(parts.begin(), parts.end())] {
               if (job != this->job) return;
               GradientReady ready = gradient_of(lease, at);
               ready.gradient = wrap(ready.gradient, kParameters, Provenance{});
               event().on_gradient(ready, *this);
             });
  }
  void cancel() override { ++job; }
  bool admit(const Lease& lease) override { return ledger.admit(lease.id); }
  void applied(const Message& push, Version staleness) override {
    ++run.applies;
    run.staleness_sum += staleness;
    run.post(id, PeerId::coordinator(),
             [r = &run, lease = push.lease.id] { r->plan_.applied(lease); });
  }
  void dropped(const Message& push) override {
    run.post(id, PeerId::coordinator(),
             [r = &run, lease = push.lease.id] { r->plan_.applied(lease, true); });
  }
  Tensor initial_parameters() override {
    const Range range = shard_range(kParameters, run.options_.shards, id.ordinal());
    const Numbers all = initial_parameters_of_run();
    const Tensor part = make_tensor(range.length);
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(range.offset), range.length,
                host_span(part).begin());
    return wrap(part, range.length, Provenance{});
  }
  static Numbers initial_parameters_of_run() { return test::initial_parameters(kParameters); }
  void send(PeerId to, Message message) override {
    message.from = id;
    run.post(id, to, [r = &run, to, message] {
      Actor& receiver = *r->actors_.at(to);
      receiver.event().on_message(message, receiver);
    });
  }
  void reject(const Message& /*message*/, std::string why) override { MURM_ASSERT(false, why); }

  RecordedRun& run;
  PeerId id;
  std::unique_ptr<Machine> machine;
  Nanoseconds time{0};
  std::uint64_t job = 0;  // what is computed, or was given up
  Ledger ledger;
};

RecordedRun::RecordedRun(const RecordedRunOptions& options)
    : options_(options),
      algorithm_(algorithm_of(options)),
      machines_(machines_of(options, algorithm_)),
      leases_(leases_of(machines_, algorithm_, options)),
      plan_(leases_),
      recording_(std::make_shared<Recording>()),
      random_(options.seed) {
  recording_->folder = folder_.path();
  recording_->run = options.seed;
  recording_->parameters = kParameters;
  recording_->shards = options.shards;
  recording_->algorithm = options.algorithm;
  recording_->clock = std::make_shared<StepClock>();
  recording_->notice = [](const std::string& text) { MURM_ASSERT(false, text); };
  for (std::uint32_t shard = 0; shard < options.shards; ++shard) {
    const PeerId id = PeerId::aggregator(shard);
    auto machine = machines_.make_aggregator(algorithm_, shard);
    auto& actor = actors_.emplace(id, std::make_unique<Actor>(*this, id, std::move(machine)))
                      .first->second;
    actor->event().on_start(*actor);
  }
  for (std::uint64_t ordinal = 0; ordinal < options.workers; ++ordinal) add_worker(ordinal);
  for (std::uint64_t events = 0; step(); ++events) {
    if (options.killed_at && events == *options.killed_at) kill(PeerId::worker(1));
  }
  if (machines_.replicas) collect();
  for (auto& [id, actor] : actors_) {
    if (id.role() != Role::aggregator) continue;
    MachineState state;
    actor->machine->save(state);
    const auto part = host_span(state.tensor("parameters"));
    parameters.insert(parameters.end(), part.begin(), part.end());
    if (id == PeerId::aggregator(0)) updates = state.number("version");
  }
}

RecordedRun::~RecordedRun() = default;

std::filesystem::path RecordedRun::trace(PeerId machine) const {
  return folder_ / (machine_name(machine) + ".trace");
}

ReplayOptions RecordedRun::replay_options(bool numbers) const {
  ReplayOptions options;
  options.traces = folder_.path();
  options.algorithm = algorithm_;
  options.machines = machines_;
  options.leases = leases_;
  if (!numbers) return options;
  options.initial = Actor::initial_parameters_of_run();
  options.gradient = gradient_of;
  return options;
}

void RecordedRun::add_worker(std::uint64_t ordinal) {
  const PeerId id = PeerId::worker(ordinal);
  auto machine = machines_.make_worker(algorithm_);
  Actor& actor = *actors_.emplace(id, std::make_unique<Actor>(*this, id, std::move(machine)))
                      .first->second;
  plan_.enter(++epoch_);
  plan_.join(id);
  tell_members({epoch_, {id}, {}});
  actor.event().on_start(actor);
}

void RecordedRun::kill(PeerId worker) {
  std::erase_if(mail_, [&](const auto& box) {
    return box.first.first == worker || box.first.second == worker;
  });
  actors_.erase(worker);
  plan_.enter(++epoch_);
  tell_members({epoch_, {}, {worker}});
  give(plan_.leave(worker));
  add_worker((std::uint64_t{1} << 32U) | worker.ordinal());
}

void RecordedRun::tell_members(const MembershipChange& change) {
  MembershipChange all{change.epoch, {}, {}};
  for (const auto& [id, actor] : actors_) {
    if (id.role() == Role::worker) all.joined.push_back(id);
  }
  for (const auto& [id, actor] : actors_) {
    if (id.role() == Role::aggregator) {
      actor->event().on_membership(change, *actor);
    } else if (machines_.peers) {
      const bool is_new = std::ranges::find(change.joined, id) != change.joined.end();
      post(PeerId::coordinator(), id, [this, peer = id, told = is_new ? all : change] {
        Actor& hearing = *actors_.at(peer);
        hearing.event().on_membership(told, hearing);
      });
    }
  }
}

void RecordedRun::collect() {
  for (const auto& [id, actor] : actors_) actor->event().on_collect(*actor);  // aggregators first
  while (step()) {
  }
}

void RecordedRun::give(const std::vector<Grant>& grants) {
  for (const Grant& grant : grants) {
    post(PeerId::coordinator(), grant.worker, [this, grant] {
      Actor& actor = *actors_.at(grant.worker);
      actor.event().on_lease(grant.lease, actor);
    });
  }
}

void RecordedRun::post(PeerId from, PeerId to, std::function<void()> effect) {
  if (to == PeerId::coordinator() || actors_.contains(to)) {
    mail_[{from, to}].push_back(std::move(effect));
  }
}

bool RecordedRun::step() {
  if (mail_.empty()) return false;
  auto box = std::next(mail_.begin(), static_cast<std::ptrdiff_t>(random_() % mail_.size()));
  const auto effect = std::move(box->second.front());
  box->second.pop_front();
  if (box->second.empty()) mail_.erase(box);
  effect();
  return true;
}

}  // namespace murm::test
