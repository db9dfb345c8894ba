#include "tests/unit/replay/recorded_run.hpp"

#include <algorithm>

#include "actors/virtual/virtual_tensors.hpp"
#include "algorithms/ledger.hpp"
#include "algorithms/partition.hpp"
#include "runtime/trace_record.hpp"

namespace murm::test {

namespace {

constexpr std::size_t kParameters = 23;
constexpr std::uint32_t kLeaseSamples = 4;

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
  algorithm.shards = options.shards;
  algorithm.clip = options.clip;
  algorithm.optimizer.kind = OptimizerKind::adam;
  algorithm.schedule.kind = ScheduleKind::cosine;
  algorithm.schedule.learning_rate = 0.05;
  algorithm.schedule.total = static_cast<double>(options.total) / kLeaseSamples;
  return algorithm;
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
  void request_lease() override {
    run.post(id, PeerId::coordinator(), [r = &run, peer = id] { r->give(r->plan_.request(peer)); });
  }
  void compute(const Lease& lease, std::span<const Tensor> parts) override {
    run.post(id, id, [this, lease, at = std::vector<Tensor>(parts.begin(), parts.end())] {
      GradientReady ready = gradient_of(lease, at);
      ready.gradient = wrap(ready.gradient, kParameters, Provenance{});
      machine->on_gradient(ready, *this);
    });
  }
  bool admit(const Lease& lease) override { return ledger.admit(lease.id); }
  void applied(const Message& push, Version staleness) override {
    ++run.applies;
    run.staleness_sum += staleness;
    run.post(id, PeerId::coordinator(),
             [r = &run, lease = push.lease.id] { r->plan_.applied(lease); });
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
      receiver.machine->on_message(message, receiver);
    });
  }
  void reject(const Message& /*message*/, std::string why) override { MURM_ASSERT(false, why); }

  RecordedRun& run;
  PeerId id;
  std::unique_ptr<Machine> machine;
  Ledger ledger;
};

RecordedRun::RecordedRun(const RecordedRunOptions& options)
    : options_(options),
      algorithm_(algorithm_of(options)),
      leases_{find_algorithm(algorithm_).synchronous, kLeaseSamples, options.total, options.shards},
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
    auto machine = find_algorithm(algorithm_).make_aggregator(algorithm_, shard);
    auto& actor = actors_.emplace(id, std::make_unique<Actor>(*this, id, std::move(machine)))
                      .first->second;
    actor->machine->on_start(*actor);
  }
  for (std::uint64_t ordinal = 0; ordinal < options.workers; ++ordinal) add_worker(ordinal);
  for (std::uint64_t events = 0; step(); ++events) {
    if (options.killed_at && events == *options.killed_at) kill(PeerId::worker(1));
  }
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
  options.machines = find_algorithm(algorithm_);
  options.leases = leases_;
  if (!numbers) return options;
  options.initial = Actor::initial_parameters_of_run();
  options.gradient = gradient_of;
  return options;
}

void RecordedRun::add_worker(std::uint64_t ordinal) {
  const PeerId id = PeerId::worker(ordinal);
  auto machine = find_algorithm(algorithm_).make_worker(algorithm_);
  Actor& actor = *actors_.emplace(id, std::make_unique<Actor>(*this, id, std::move(machine)))
                      .first->second;
  plan_.join(id);
  tell_aggregators({++epoch_, {id}, {}});
  actor.machine->on_start(actor);
}

void RecordedRun::kill(PeerId worker) {
  std::erase_if(mail_, [&](const auto& box) {
    return box.first.first == worker || box.first.second == worker;
  });
  actors_.erase(worker);
  tell_aggregators({++epoch_, {}, {worker}});
  give(plan_.leave(worker));
  add_worker((std::uint64_t{1} << 32U) | worker.ordinal());
}

void RecordedRun::tell_aggregators(const MembershipChange& change) {
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    Actor& actor = *actors_.at(PeerId::aggregator(shard));
    actor.machine->on_membership(change, actor);
  }
}

void RecordedRun::give(const std::vector<Grant>& grants) {
  for (const Grant& grant : grants) {
    post(PeerId::coordinator(), grant.worker, [this, grant] {
      Actor& actor = *actors_.at(grant.worker);
      actor.machine->on_lease(grant.lease, actor);
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
