// A worker in virtual time: one life of a worker, from its join to its loss.
// Room: actors/virtual. Drives the machine as actors/worker does; time and messages are the office's.
// Caller: actors/virtual/simulator.
#pragma once
#include <chrono>
#include <limits>
#include <map>
#include <memory>
#include <vector>

#include "actors/virtual/virtual_tensors.hpp"
#include "algorithms/registry.hpp"
#include "models/gradient_lane.hpp"
#include "runtime/clock.hpp"

namespace murm {

class VirtualWorker;

/// What a worker asks of the world around it.
class WorkerOffice {
 public:
  virtual ~WorkerOffice() = default;
  virtual void request_lease(VirtualWorker& worker) = 0;
  /// Calls back `computed` after the time a step takes.
  virtual void begin_step(VirtualWorker& worker, std::span<const Tensor> parameters) = 0;
  virtual void send(VirtualWorker& worker, PeerId to, Message message) = 0;
  virtual void rejected(VirtualWorker& worker, const std::string& why) = 0;
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
  VirtualWorker(const Algorithm& algorithm, const AlgorithmOptions& options, PeerId peer,
                std::uint32_t index, Device* device, GradientLane* lane, WorkerOffice& office);

  void start() { machine_->on_start(*this); }
  void take_lease(const Lease& lease);
  void deliver(const Message& message);
  /// The step in progress has taken `spent` and ends now.
  void computed(Nanoseconds spent, Nanoseconds now);

  const Lease& lease() const { return lease_; }  // being computed
  bool computing() const { return computing_; }
  /// Gives back its machine and tensors: nothing is asked of it any more.
  void retire();
  /// The parameters it last received, by shard; empty before and in phantom mode.
  std::span<const Tensor> replica() const { return replica_; }

  // -- Context
  PeerId self() const override { return peer_; }
  void request_lease() override { office_.request_lease(*this); }
  void compute(const Lease& lease, std::span<const Tensor> parameters) override;
  void send(PeerId to, Message message) override;
  void reject(const Message& message, std::string why) override;
  bool admit(const Lease& lease) override;
  void applied(const Message& push, Version staleness) override;
  Tensor initial_parameters() override;

  const std::uint32_t index;  // among all lives of all workers, in order of joining
  std::uint32_t slot() const { return static_cast<std::uint32_t>(peer_.ordinal()); }

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

  // -- for the report
  std::uint64_t steps = 0;
  SampleCount samples = 0;
  Nanoseconds busy{0};
  Nanoseconds first_lease{-1};
  Nanoseconds last_gradient{0};
  Nanoseconds step_began{0};
  Nanoseconds step_time{0};
  Nanoseconds stood_still{0};  // in this step, frozen

 private:
  PeerId peer_;
  GradientLane* lane_;
  WorkerOffice& office_;
  std::unique_ptr<Machine> machine_;
  Lease lease_;
  bool computing_ = false;
  std::vector<Tensor> parameters_;  // of the step in progress; empty in phantom mode
  std::vector<Tensor> replica_;
  std::size_t gradient_length_;
  double learning_rate_ = 0;
};

}  // namespace murm
