#include "tests/unit/algorithms/world.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "algorithms/partition.hpp"

namespace murm::test {

struct World::Actor final : Context {
  Actor(World& w, PeerId peer, std::unique_ptr<Machine> m)
      : world(w), id(peer), machine(std::move(m)) {}

  PeerId self() const override { return id; }
  std::chrono::nanoseconds now() const override {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(world.now));
  }
  void set_timer(std::chrono::nanoseconds delay, std::uint64_t cookie) override {
    world.at(world.now + static_cast<Time>(delay.count()), id,
             [this, cookie] { machine->on_timer(cookie, *this); });
  }
  void collected() override {}
  void request_lease(std::uint32_t samples) override {
    if (std::exchange(requesting, true)) world.rejected.push_back(to_string(id) + " asks twice");
    world.send(id, PeerId::coordinator(), [this_world = &world, peer = id, samples] {
      this_world->give(this_world->plan.request(peer, samples));
    });
  }
  void compute(const Lease& lease, std::span<const Tensor> parts) override {
    MURM_ASSERT(!computing, to_string(id));
    computing = true;
    if (computed) world.waited += world.now - idle_since;
    Numbers x;
    for (const Tensor& part : parts)
      x.insert(x.end(), host_span(part).begin(), host_span(part).end());
    GradientReady ready{lease, make_tensor(x.size()), 0};
    ready.loss_sum = world.options_.problem.gradient_sum(x, lease.position, lease.samples,
                                                         host_span(ready.gradient));
    const std::uint64_t draw = world.random_();
    const Time time = world.options_.compute_time ? world.options_.compute_time(id, draw) : 10;
    world.at(world.now + time, id, [this, ready, mine = ++job] {
      if (mine != job) return;  // given up
      computing = false;
      computed = true;
      idle_since = world.now;
      machine->on_gradient(ready, *this);
    });
  }

  void cancel() override {
    computing = false;
    ++job;
  }

  bool admit(const Lease& lease) override {
    const bool fresh = ledger.admit(lease.id);
    if (!fresh) ++world.refused;
    return fresh;
  }
  void applied(const Message& push, Version staleness) override {
    ledger.applied();
    taken.push_back(push.lease);
    ++world.updates;
    world.staleness_sum += staleness;
    if (world.on_applied) world.on_applied(push, staleness);
    world.send(id, PeerId::coordinator(),
               [this_world = &world, lease = push.lease.id] { this_world->plan.applied(lease); });
  }
  void dropped(const Message& push) override {
    ledger.dropped();
    world.send(id, PeerId::coordinator(), [this_world = &world, lease = push.lease.id] {
      this_world->plan.applied(lease, true);
    });
  }
  Tensor initial_parameters() override {
    const AlgorithmOptions& options = world.options_.algorithm;
    const Range range = shard_range(options.parameters, options.shards, id.ordinal());
    const Tensor all = make_tensor(options.parameters);
    std::ranges::copy(test::initial_parameters(options.parameters), host_span(all).begin());
    return all.slice(range.offset, range.length);
  }

  void compensate(const Compensation&, const Tensor&, const Tensor&, const Tensor&, const Tensor&,
                  const Tensor&) override {
    MURM_ASSERT(false, "no delay compensation in this world");
  }
  void combine(const RobustOptions&, std::span<const Tensor>, std::span<const double>,
               const Tensor&, const Tensor&) override {
    MURM_ASSERT(false, "no robust rules in this world");
  }
  Tensor encode(Codec&, const Tensor&) override {
    MURM_ASSERT(false, "no codes in this world");
    return {};
  }
  void restore(Codec&, const Tensor&) override { MURM_ASSERT(false, "no codes in this world"); }
  bool decode(const Codec&, const Tensor&, const Tensor&) override {
    MURM_ASSERT(false, "no codes in this world");
    return false;
  }

  Tensor allocate(std::size_t length) override { return make_tensor(length); }
  Tensor snapshot(const Tensor& source) override { return copy_of(source); }
  void copy(const Tensor& destination, const Tensor& source) override {
    std::ranges::copy(host_span(source), host_span(destination).begin());
  }
  void axpy(const Tensor& y, float a, const Tensor& x) override {
    add(host_span(y), a, host_span(x));
  }
  void scale(const Tensor& x, float a) override {
    for (float& value : host_span(x)) value *= a;
  }
  void clip(const Tensor& x, double unit, double limit) override {
    double square = 0;
    for (const float value : host_span(x))
      square += static_cast<double>(value) * static_cast<double>(value);
    const double norm = std::sqrt(square) * unit;
    if (norm > limit) scale(x, static_cast<float>(limit / norm));
  }
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) override {
    test::optimizer_step(step, host_span(x), host_span(gradient), state);
  }

  void send(PeerId to, Message message) override {
    message.from = id;
    world.send(id, to, [this_world = &world, to, message] {
      Actor& actor = *this_world->actors_.at(to);
      actor.machine->on_message(message, actor);
    });
  }
  void reject(const Message& /*message*/, std::string why) override {
    world.rejected.push_back(to_string(id) + ": " + why);
  }

  World& world;
  PeerId id;
  std::unique_ptr<Machine> machine;
  Ledger ledger;             // aggregators
  std::vector<Lease> taken;  // aggregators: applied, in order
  bool requesting = false;
  bool computing = false;
  std::uint64_t job = 0;  // what is computed, or was given up
  bool computed = false;
  Time idle_since = 0;
};

WorldOptions::WorldOptions() {
  algorithm.parameters = 7;
  algorithm.schedule.learning_rate = 0.05;
}

World::World(WorldOptions options, const Checkpoint* start)
    : plan({find_algorithm(options.algorithm).synchronous, options.lease_samples, options.total,
            options.algorithm.shards}),
      options_(std::move(options)),
      random_(options_.seed) {
  if (start != nullptr) {
    start_ = *start;
    plan.restore(start_.lease, start_.step, start_.position);
  }
  const Algorithm& algorithm = find_algorithm(options_.algorithm);
  for (std::uint32_t shard = 0; shard < options_.algorithm.shards; ++shard) {
    const PeerId id = PeerId::aggregator(shard);
    auto actor = std::make_unique<Actor>(*this, id,
                                         algorithm.make_aggregator(options_.algorithm, shard));
    actor->machine->on_start(*actor);
    if (start != nullptr) {
      actor->machine->load(start->shards[shard], *actor);
      actor->ledger.restore(start->lease);
    }
    actors_.emplace(id, std::move(actor));
  }
  for (std::uint64_t i = 0; i < options_.workers; ++i) join(0);
}

World::~World() = default;

void World::join(Time when) {
  at(when, PeerId::coordinator(), [this] { add_worker(); });
}

void World::add_worker() {
  const PeerId id = PeerId::worker(joined_++);
  const Algorithm& algorithm = find_algorithm(options_.algorithm);
  auto actor = std::make_unique<Actor>(*this, id, algorithm.make_worker(options_.algorithm));
  Actor* started = actor.get();
  actors_.emplace(id, std::move(actor));
  plan.join(id);
  tell_aggregators({++epoch_, {id}, {}});
  send(PeerId::coordinator(), id, [started] { started->machine->on_start(*started); });
}

void World::kill(std::uint64_t worker, Time when, LastWords words) {
  at(when, PeerId::coordinator(), [this, id = PeerId::worker(worker), words] {
    const bool last = actors_.size() <= options_.algorithm.shards + 1;
    if (last || actors_.erase(id) == 0) return;
    ++deaths;
    dead_[id] = words;
    at(now + random_() % (4 * options_.delay_max + 1), PeerId::coordinator(), [this, id] {
      tell_aggregators({++epoch_, {}, {id}});
      give(plan.leave(id));
    });
  });
}

void World::tell_aggregators(const MembershipChange& change) {
  for (std::uint32_t shard = 0; shard < options_.algorithm.shards; ++shard) {
    send(PeerId::coordinator(), PeerId::aggregator(shard),
         [change, actor = actors_.at(PeerId::aggregator(shard)).get()] {
           actor->machine->on_membership(change, *actor);
         });
  }
}

void World::hold_at(SampleCount boundary) { give(plan.hold_at(boundary)); }

void World::give(const std::vector<Grant>& grants) {
  for (const Grant& grant : grants) {
    send(PeerId::coordinator(), grant.worker, [this, grant] {
      Actor& actor = *actors_.at(grant.worker);
      if (grant.lease.requested) actor.requesting = false;
      actor.machine->on_lease(grant.lease, actor);
    });
  }
}

void World::say(Message message) {
  Actor& actor = *actors_.at(PeerId::aggregator(message.shard));
  actor.machine->on_message(message, actor);
}

void World::send(PeerId from, PeerId to, std::function<void()> effect) {
  Time delay = options_.delay_max == 0 ? 0 : random_() % (options_.delay_max + 1);
  if (options_.delay_max != 0 && random_() % 8 == 0) delay *= 8;
  Time& latest = links_[{from, to}];
  latest = std::max(latest, now + delay);
  queue_.emplace(Key{latest, from, sequence_++}, Event{to, std::move(effect)});
}

void World::at(Time when, PeerId who, std::function<void()> effect) {
  queue_.emplace(Key{when, who, sequence_++}, Event{who, std::move(effect)});
}

bool World::broken(PeerId from, PeerId to, Time when) {
  const auto dead = dead_.find(from);
  if (dead == dead_.end() || dead->second == LastWords::arrive) return false;
  if (dead->second == LastWords::vanish) return true;
  const auto [entry, fresh] = breaks_.try_emplace({from, to}, 0);
  if (fresh) entry->second = when + random_() % (4 * options_.delay_max + 2);
  if (fresh && random_() % 2 == 0) entry->second = when;
  return when >= entry->second;
}

void World::run() {
  while (!queue_.empty()) {
    const auto next = queue_.extract(queue_.begin());
    const auto& [time, from, sequence] = next.key();
    MURM_ASSERT(sequence < 10'000'000, "this run does not end");
    now = time;
    const PeerId to = next.mapped().to;
    const bool there = to == PeerId::coordinator() || actors_.contains(to);
    if (there && !broken(from, to, time)) next.mapped().effect();
  }
}

std::string World::fault() const {
  if (!rejected.empty()) return rejected.front();
  if (plan.position() < options_.total && !plan.drained()) return "the plan is not drained";
  if (plan.position() == options_.total && !plan.finished()) return "the plan is not finished";
  if (plan.counts().applied != plan.next_lease()) return "a lease was not counted as applied";
  if (plan.counts().samples_applied != plan.position())
    return "samples were not counted as applied";
  for (std::uint32_t shard = 0; shard < options_.algorithm.shards; ++shard) {
    const Actor& actor = *actors_.at(PeerId::aggregator(shard));
    const std::string who = to_string(actor.id);
    std::vector<int> times(plan.position() - start_.position, 0);
    for (const Lease& lease : actor.taken) {
      for (SampleCount k = 0; k < lease.samples; ++k)
        ++times.at(lease.position - start_.position + k);
    }
    if (std::ranges::count(times, 1) != std::ssize(times))
      return who + " missed or repeated a sample";
    const std::uint64_t leases = start_.lease + actor.taken.size();
    if (actor.ledger.admitted_count() != leases) return who + " admitted but did not apply";
    if (actor.ledger.applied_count() != leases) return who + " counts its applies wrong";
  }
  return {};
}

Checkpoint World::checkpoint() const {
  Checkpoint cut{{}, plan.next_lease(), plan.next_step(), plan.position()};
  for (std::uint32_t shard = 0; shard < options_.algorithm.shards; ++shard) {
    MachineState& state = cut.shards.emplace_back();
    actors_.at(PeerId::aggregator(shard))->machine->save(state);
    for (auto& [name, tensor] : state.tensors) tensor = copy_of(tensor);
  }
  return cut;
}

Numbers World::parameters() const {
  Numbers x;
  for (const MachineState& state : checkpoint().shards) {
    const std::span<float> part = host_span(state.tensor("parameters"));
    x.insert(x.end(), part.begin(), part.end());
  }
  return x;
}

std::vector<std::vector<Lease>> World::steps() const {
  std::map<Step, std::map<std::uint32_t, Lease>> sorted;
  for (const Lease& lease : actors_.at(PeerId::aggregator(0))->taken) {
    sorted[lease.step][lease.index] = lease;
  }
  std::vector<std::vector<Lease>> steps;
  for (const auto& [step, leases] : sorted) {
    std::vector<Lease>& row = steps.emplace_back();
    for (const auto& [index, lease] : leases) row.push_back(lease);
  }
  return steps;
}

}  // namespace murm::test
