// A worker in virtual time: one life of a worker, from its join to its loss.
// Room: actors/virtual. Drives the machine as actors/worker does; time and messages are the office's.
// Caller: actors/virtual/simulator.
#pragma once
#include <chrono>
#include <limits>
#include <map>
#include <memory>
#include <vector>

#include "actors/virtual/clockwork.hpp"
#include "actors/virtual/virtual_course.hpp"
#include "actors/virtual/virtual_tensors.hpp"
#include "algorithms/robust/byzantine.hpp"
#include "models/gradient_lane.hpp"
#include "runtime/clock.hpp"

namespace murm {

class VirtualWorker;

/// What a worker asks of the world around it.
class WorkerOffice : public Clockwork {
 public:
  virtual void request_lease(VirtualWorker& worker, std::uint32_t samples) = 0;
  /// Calls back `computed` after the time a step takes.
  virtual void begin_step(VirtualWorker& worker, std::span<const Tensor> parameters) = 0;
  virtual void send(VirtualWorker& worker, PeerId to, Message message) = 0;
  virtual void rejected(VirtualWorker& worker, const std::string& why) = 0;
  /// After an event: `worker` held `before` of what exchanges conserve, and has made `created` out of nothing.
  virtual void balanced(VirtualWorker& worker, double before, double created) = 0;
};

/// One direction of a connection: what arrives out of order waits, what arrives twice is dropped.
struct ChannelEnd {
  std::uint64_t sent = 0;
  std::uint64_t expected = 0;
  std::map<std::uint64_t, std::uint32_t> early;  // sequence -> parcel
};

class VirtualWorker final : public VirtualTensors {
 public:
  /// `lane` computes gradients; null: phantoms.
  VirtualWorker(const VirtualCourse& course, PeerId peer, std::uint32_t index, Device* device,
                GradientLane* lane, WorkerOffice& office);

  void start() {
    event(0, [&] { machine_->on_start(*this); });
  }
  void take_lease(const Lease& lease);
  void deliver(const Message& message);
  void change_membership(const MembershipChange& change);
  void timer(std::uint64_t cookie) {
    event(0, [&] { machine_->on_timer(cookie, *this); });
  }
  /// Another algorithm from now on: what was under way is given up.
  void begin_course(const VirtualCourse& next);
  std::uint32_t course() const { return course_; }
  /// The step in progress has taken `spent` and ends now.
  void computed(Nanoseconds spent, Nanoseconds now);

  const Lease& lease() const { return lease_; }  // being computed
  bool computing() const { return computing_; }
  /// Gives back its machine and tensors: nothing is asked of it any more.
  void retire();
  /// The parameters it last received, by shard; empty before and in phantom mode.
  std::span<const Tensor> replica() const { return replica_; }
  /// The replica that the machine trains, as it counts; empty where it has none.
  Tensor own_replica() const;

  // -- Context
  PeerId self() const override { return peer_; }
  std::chrono::nanoseconds now() const override { return office_.now(); }
  void set_timer(std::chrono::nanoseconds delay, std::uint64_t cookie) override {
    office_.set_timer(peer_, delay, cookie);
  }
  void collected() override;
  void request_lease(std::uint32_t most) override { office_.request_lease(*this, most); }
  void compute(const Lease& lease, std::span<const Tensor> parameters) override;
  void cancel() override;
  void send(PeerId to, Message message) override;
  void reject(const Message& message, std::string why) override;
  bool admit(const Lease& lease) override;
  void applied(const Message& push, Version staleness) override;
  void dropped(const Message& push) override;
  Tensor initial_parameters() override;

  const std::uint32_t index;  // among all lives of all workers, in order of joining
  std::uint32_t slot() const { return static_cast<std::uint32_t>(peer_.ordinal()); }

  std::optional<Attack> attack;  // that it makes on its gradients

  // -- its fate, kept by actors/virtual/fates
  bool asking = false;                          // for a lease that has not come
  bool connected = true;                        // as the coordinator sees it
  Nanoseconds died{Nanoseconds::max()};         // says nothing more from then on
  Nanoseconds frozen_from{Nanoseconds::max()};  // stands still
  Nanoseconds frozen_until{Nanoseconds::max()};
  Nanoseconds silent_until{0};  // by what has happened to it so far
  bool gone = false;            // it died or left: this life does not come back
  Nanoseconds joined{0};
  Nanoseconds heard{0};                // its latest message to arrive
  std::vector<std::uint32_t> backlog;  // parcels that arrived while it was frozen

  // -- its connection: [up, down] x [control, bulk]
  ChannelEnd channels[2][2];
  // -- and with other workers, by their index: sent to, received from
  std::map<std::uint32_t, std::uint64_t> sent_to;
  std::map<std::uint32_t, ChannelEnd> received_from;

  // -- for the report
  std::uint64_t steps = 0;
  SampleCount samples = 0;
  std::uint64_t rounds = 0;  // leases done, as it has told the keepers
  Nanoseconds busy{0};
  Nanoseconds first_lease{-1};
  Nanoseconds last_gradient{0};
  Nanoseconds step_began{0};
  Nanoseconds step_time{0};
  Nanoseconds stood_still{0};  // in this step, frozen
  Nanoseconds step_due{0};     // the one event that ends it; others are of steps given up

 private:
  template <class Handle>
  void event(double received, Handle&& handle) {
    const double before = machine_->mass();
    weight_sent_ = 0;
    handle();
    office_.balanced(*this, before, machine_->mass() + weight_sent_ - before - received);
  }

  PeerId peer_;
  bool shares_memory_;
  GradientLane* lane_;
  WorkerOffice& office_;
  std::unique_ptr<Machine> machine_;
  Lease lease_;
  bool computing_ = false;
  std::vector<Tensor> parameters_;  // of the step in progress; empty in phantom mode
  std::vector<Tensor> replica_;
  std::uint32_t course_;
  std::vector<Message> held_;  // of a course that it has not heard of
  std::size_t gradient_length_;
  double learning_rate_ = 0;
  double weight_sent_ = 0;  // in this event, to other workers
};

}  // namespace murm
