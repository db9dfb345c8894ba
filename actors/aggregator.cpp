#include "actors/aggregator.hpp"

#include <map>

#include "actors/tensor_verbs.hpp"
#include "algorithms/ledger.hpp"

namespace murm {

namespace {

/// Leases are handed out in order, so a shard never sees one far beyond those it has taken: a bound on
/// what a peer can make the ledger grow.
constexpr LeaseId kLeasesAheadMax = LeaseId{1} << 20U;

class AggregatorDriver final : public TensorVerbs {
 public:
  AggregatorDriver(AggregatorActor::pointer self, AggregatorOptions options, StewardActor steward,
                   MonitorActor monitor, RejectionDesk coordinator)
      : self_(self),
        options_(std::move(options)),
        steward_(std::move(steward)),
        monitor_(std::move(monitor)),
        coordinator_(std::move(coordinator)),
        machine_(recorded(
            find_algorithm(options_.algorithm).make_aggregator(options_.algorithm, options_.shard),
            options_.recording)) {
    ledger_.reserve(options_.leases_expected);
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
    const bool member = routes_.contains(message.from);  // of this epoch: neither lost nor unknown
    if (!member || message.lease.id > ledger_.admitted_count() + kLeasesAheadMax) {
      ++refused_other_;
      return;
    }
    machine_->on_message(delivery.message, *this);
  }

  void change_membership(const Membership& membership) {
    for (const PeerId peer : membership.change.left) routes_.erase(peer);
    for (const auto& [peer, actor] : membership.routes) routes_.emplace(peer, actor);
    machine_->on_membership(membership.change, *this);
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
    result.refused_other = refused_other_;
    return result;
  }

  // -- Context
  PeerId self() const override { return PeerId::aggregator(options_.shard); }
  bool admit(const Lease& lease) override { return ledger_.admit(lease.id); }
  void applied(const Message& push, Version staleness) override {
    ledger_.applied();
    const Applied event{options_.shard, push.lease, push.from, push.loss_sum, staleness, updates_};
    self_->send(steward_, event);
    self_->send(monitor_, event);
  }
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) override {
    TensorVerbs::optimizer_step(step, x, gradient, state);
    ++updates_;
  }
  Tensor initial_parameters() override { return options_.initial; }
  void send(PeerId to, Message message) override {
    const auto route = routes_.find(to);
    if (route == routes_.end()) return;  // lost meanwhile: nobody waits for it
    message.from = PeerId::aggregator(options_.shard);
    self_->send(route->second, Delivery{to, std::move(message)});
  }
  void reject(const Message& message, std::string why) override {
    ++refused_other_;
    self_->send(coordinator_,
                PeerRejected{message.from, to_string(message.from) + " sent a " + why});
  }

 private:
  AggregatorActor::pointer self_;
  AggregatorOptions options_;
  StewardActor steward_;
  MonitorActor monitor_;
  RejectionDesk coordinator_;
  std::unique_ptr<Machine> machine_;
  Ledger ledger_;
  std::map<PeerId, DeliveryActor> routes_;
  std::uint64_t refused_other_ = 0;
  Version updates_ = 0;  // optimizer steps
};

}  // namespace

AggregatorActor::behavior_type aggregator(AggregatorActor::pointer self, AggregatorOptions options,
                                          StewardActor steward, MonitorActor monitor,
                                          RejectionDesk coordinator) {
  auto driver = std::make_shared<AggregatorDriver>(self, std::move(options), std::move(steward),
                                                   std::move(monitor), std::move(coordinator));
  return {
      [driver](const Delivery& delivery) { driver->deliver(delivery); },
      [driver](const Membership& membership) { driver->change_membership(membership); },
      [driver](const SnapshotRequest& request) {
        return driver->snapshot_state(request.with_optimizer);
      },
  };
}

}  // namespace murm
