// An aggregator in virtual time: one shard's machine, its ledger, and its mailbox.
// Room: actors/virtual. Drives the machine as actors/aggregator does; where messages go is the post's.
// Caller: actors/virtual/simulator.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "actors/virtual/clockwork.hpp"
#include "actors/virtual/virtual_course.hpp"
#include "actors/virtual/virtual_tensors.hpp"
#include "algorithms/ledger.hpp"

namespace murm {

/// A gradient that the machine says it has applied.
struct AppliedGradient {
  Lease lease;
  PeerId from;
  double loss_sum = 0;
  Version read = 0;  // version the gradient was computed at
  Version staleness = 0;
};

/// Parameters that the machine has sent.
struct SentParameters {
  Version version = 0;
  std::uint64_t content = 0;  // what the payload is made of, whatever the order
};

/// What one event did to a shard: judged by the laws before anything else happens.
struct ShardEffects {
  std::vector<AppliedGradient> applied;
  std::vector<Lease> dropped;
  std::vector<StepTaken> steps;
  std::vector<SentParameters> sent;
  std::string rejected;  // why the machine refused what it was given
};

class VirtualAggregator final : public VirtualTensors {
 public:
  using Send = std::function<void(std::uint32_t shard, PeerId to, Message message)>;

  /// `initial`: numbers of this shard's initial parameters, empty in phantom mode.
  VirtualAggregator(std::shared_ptr<const VirtualCourse> course, std::uint32_t shard,
                    Device* device, Tensor initial, Send send_to, Clockwork& clockwork);

  /// Another algorithm from now on, at a cut. `mean`: the numbers of this shard, where the model was the mean of
  /// the workers' replicas; else empty, and the aggregator's own parameters stay.
  void begin_course(std::shared_ptr<const VirtualCourse> next, std::span<const float> mean,
                    Epoch epoch);
  MachineState state() const;

  /// Messages of peers that are not members are dropped and counted.
  void take(const Message& message);
  void change_membership(const MembershipChange& change);
  void timer(std::uint64_t cookie) { machine_->on_timer(cookie, *this); }

  ShardEffects& effects() { return effects_; }
  /// Moves the optimizer steps of the event that has just been handled into the effects.
  void settle();
  Tensor parameters() const;
  const Ledger& ledger() const { return ledger_; }
  std::uint64_t refused() const { return refused_; }

  // -- Context
  PeerId self() const override { return PeerId::aggregator(shard_); }
  bool admit(const Lease& lease) override { return ledger_.admit(lease.id); }
  void applied(const Message& push, Version staleness) override;
  void dropped(const Message& push) override;
  Tensor initial_parameters() override { return initial_; }
  void send(PeerId to, Message message) override;
  void reject(const Message& message, std::string why) override;
  std::chrono::nanoseconds now() const override { return clockwork_.now(); }
  void set_timer(std::chrono::nanoseconds delay, std::uint64_t cookie) override {
    clockwork_.set_timer(self(), delay, cookie);
  }
  void collected() override {}
  void request_lease(std::uint32_t samples) override;
  void compute(const Lease& lease, std::span<const Tensor> parameters) override;
  void cancel() override;

 private:
  std::shared_ptr<const VirtualCourse> course_;
  std::uint32_t shard_;
  Tensor initial_;
  Send post_;
  Clockwork& clockwork_;
  std::unique_ptr<Machine> machine_;
  Ledger ledger_;
  std::vector<PeerId> members_;  // ascending
  ShardEffects effects_;
  std::uint64_t refused_ = 0;
};

}  // namespace murm
