#include "actors/aggregator.hpp"

#include <map>

#include "actors/tensor_verbs.hpp"
#include "algorithms/handover.hpp"
#include "algorithms/ledger.hpp"

namespace murm {

namespace {

/// Leases are handed out in order, so a shard never sees one far beyond those it has taken: a bound on
/// what a peer can make the ledger grow.
constexpr LeaseId kLeasesAheadMax = LeaseId{1} << 20U;

class AggregatorDriver final : public TensorVerbs {
 public:
  AggregatorDriver(AggregatorSelf::pointer self, AggregatorOptions options, StewardActor steward,
                   MonitorActor monitor, RejectionDesk coordinator,
                   std::shared_ptr<const Clock> clock)
      : self_(self),
        options_(std::move(options)),
        steward_(std::move(steward)),
        monitor_(std::move(monitor)),
        coordinator_(std::move(coordinator)),
        clock_(std::move(clock)),
        course_(options_.course),
        keeps_(traits().replicas || traits().one_process),
        length_(options_.initial.length()),
        machine_(recorded(make_aggregator(traits(), *options_.algorithm, options_.shard),
                          options_.recording)) {
    ledger_.reserve(options_.leases_expected);
    begin_event();
    machine_->on_start(*this);
    if (options_.restored) {
      machine_->load(*options_.restored, *this);
      updates_ = options_.restored->number("version");
      ledger_.restore(options_.restored_leases);
      options_.restored.reset();
    }
    options_.initial = Tensor();
  }

  void deliver(const Delivery& delivery) {
    const Message& message = delivery.message;
    if (message.course < course_) return;                // of an algorithm that the run has left
    const bool member = routes_.contains(message.from);  // of this epoch: neither lost nor unknown
    if (!member || message.lease.id > ledger_.admitted_count() + kLeasesAheadMax) {
      ++refused_other_;
      return;
    }
    begin_event();
    if (!fits(message)) return reject(message, "gradient of another length than its shard");
    machine_->on_message(message, *this);
  }

  void change_membership(const Membership& membership) {
    for (const PeerId peer : membership.change.left) routes_.erase(peer);
    for (const auto& [peer, actor] : membership.routes) routes_.emplace(peer, actor);
    epoch_ = membership.change.epoch;
    begin_event();
    machine_->on_membership(membership.change, *this);
  }

  /// Nothing is under way but messages of the course before, which nobody takes any more.
  void begin_course(const NextCourse& next) {
    const std::shared_ptr<const AlgorithmOptions> before = options_.algorithm;
    const std::unique_ptr<Machine> old = std::move(machine_);
    options_.algorithm = next.algorithm;
    course_ = next.course;
    keeps_ = traits().replicas || traits().one_process;
    machine_ = make_aggregator(traits(), *options_.algorithm, options_.shard);
    begin_event();
    MachineState state;
    old->save(state);
    options_.initial = snapshot(state.tensor("parameters"));
    machine_->on_start(*this);
    options_.initial = Tensor();
    hand_over(*old, find_algorithm(*before), *machine_, traits(), *this);
    MembershipChange members{epoch_, {}, {}};
    for (const auto& [peer, actor] : routes_) members.joined.push_back(peer);
    machine_->on_membership(members, *this);
  }

  caf::result<Collected> collect() {
    collecting_.push_back(self_->make_response_promise());
    begin_event();
    machine_->on_collect(*this);
    return caf::delegated<Collected>();
  }

  void timer(const TimerDue& timer) {
    if (timer.course != course_) return;
    begin_event();
    machine_->on_timer(timer.cookie, *this);
  }

  ShardSnapshot snapshot_state(bool with_optimizer) {
    ShardSnapshot result;
    result.shard = options_.shard;
    MachineState state;
    machine_->save(state);
    result.state.numbers = state.numbers;
    for (const auto& [name, tensor] : state.tensors) {
      if (with_optimizer || name == "parameters") {
        result.state.tensors.emplace_back(name, snapshot(tensor));
      }
    }
    result.refused_duplicate = ledger_.refused_count();
    result.admitted = ledger_.admitted_count();
    result.applied = ledger_.applied_count();
    result.dropped = ledger_.dropped_count();
    result.refused_other = refused_other_;
    return result;
  }

  // -- Context
  PeerId self() const override { return PeerId::aggregator(options_.shard); }
  bool admit(const Lease& lease) override { return ledger_.admit(lease.id); }
  void applied(const Message& push, Version staleness) override {
    ledger_.applied();
    if (keeps_) ++updates_;
    const Applied event{options_.shard, push.lease, push.from, push.loss_sum,
                        staleness,      updates_,   false};
    self_->send(steward_, event);
    self_->send(monitor_, event);
  }
  void dropped(const Message& push) override {
    ledger_.dropped();
    self_->send(steward_,
                Applied{options_.shard, push.lease, push.from, push.loss_sum, 0, updates_, true});
  }
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) override {
    TensorVerbs::optimizer_step(step, x, gradient, state);
    ++updates_;
  }
  std::chrono::nanoseconds now() const override { return now_; }
  void set_timer(std::chrono::nanoseconds delay, std::uint64_t cookie) override {
    self_->delayed_send(self_, delay, TimerDue{cookie, course_});
  }
  void collected() override {
    for (auto& promise : std::exchange(collecting_, {})) promise.deliver(Collected{});
  }
  Tensor initial_parameters() override { return options_.initial; }
  void send(PeerId to, Message message) override {
    const auto route = routes_.find(to);
    if (route == routes_.end()) return;  // lost meanwhile: nobody waits for it
    message.from = PeerId::aggregator(options_.shard);
    message.course = course_;
    self_->send(route->second, Delivery{to, std::move(message)});
  }
  void reject(const Message& message, std::string why) override {
    ++refused_other_;
    self_->send(coordinator_,
                PeerRejected{message.from, to_string(message.from) + " sent a " + why});
  }

 private:
  const Algorithm& traits() const { return find_algorithm(*options_.algorithm); }

  /// A machine sees one time for the whole of an event, and a recording keeps it.
  void begin_event() { now_ = clock_->now(); }

  /// The wire bounds the length of a push, but does not say what it must be.
  bool fits(const Message& message) const {
    if (message.kind != MessageKind::push || !traits().whole_pushes) return true;
    if (message.dropped) return message.payload.length() == 0;  // nothing comes of its lease
    if (options_.algorithm->compression.name != "none" && !keeps_) return true;  // the code judges
    return message.payload.length() == (keeps_ ? 0 : length_);
  }

  AggregatorSelf::pointer self_;
  AggregatorOptions options_;
  StewardActor steward_;
  MonitorActor monitor_;
  RejectionDesk coordinator_;
  std::shared_ptr<const Clock> clock_;
  std::uint32_t course_;
  Epoch epoch_ = 0;
  bool keeps_;  // the workers make the updates: pushes only say what is done
  std::size_t length_;
  std::unique_ptr<Machine> machine_;
  Ledger ledger_;
  std::map<PeerId, DeliveryActor> routes_;
  std::uint64_t refused_other_ = 0;
  Version updates_ = 0;  // optimizer steps, also those of a keeper's workers
  std::vector<caf::response_promise> collecting_;  // who waits for `collected`
  Nanoseconds now_{0};                             // of the event in progress
};

}  // namespace

AggregatorSelf::behavior_type aggregator(AggregatorSelf::pointer self, AggregatorOptions options,
                                         StewardActor steward, MonitorActor monitor,
                                         RejectionDesk coordinator,
                                         std::shared_ptr<const Clock> clock) {
  auto driver = std::make_shared<AggregatorDriver>(self, std::move(options), std::move(steward),
                                                   std::move(monitor), std::move(coordinator),
                                                   std::move(clock));
  return {
      [driver](const Delivery& delivery) { driver->deliver(delivery); },
      [driver](const Membership& membership) { driver->change_membership(membership); },
      [driver](const SnapshotRequest& request) {
        return driver->snapshot_state(request.with_optimizer);
      },
      [driver](const CollectRequest&) { return driver->collect(); },
      [driver](const NextCourse& next) { driver->begin_course(next); },
      [driver](const TimerDue& timer) { driver->timer(timer); },
  };
}

}  // namespace murm
