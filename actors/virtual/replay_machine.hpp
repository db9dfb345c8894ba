// One machine of a recorded run, started afresh: takes the events of its trace and compares.
// Room: actors/virtual. Drives the machine as the actors do; whose turn it is, the replay decides.
// Caller: actors/virtual/replay.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "actors/virtual/replay_account.hpp"
#include "actors/virtual/virtual_tensors.hpp"
#include "algorithms/ledger.hpp"
#include "runtime/trace_record.hpp"

namespace murm {

/// Gradient of a lease at parameters given in consecutive parts.
using GradientFunction = std::function<GradientReady(const Lease&, std::span<const Tensor>)>;

/// What machines have sent and nobody has taken yet, by (from, to).
struct Letter {
  Message message;
  Nanoseconds sent{0};
};
using ReplayMail = std::map<std::pair<PeerId, PeerId>, std::deque<Letter>>;

/// What the machines of one replay share.
struct ReplayWorld {
  Device* device = nullptr;   // null: no numbers
  GradientFunction gradient;  // empty: no numbers
  std::uint64_t parameters = 0;
  bool replicas = false;  // updates happen at the workers
  bool peers = false;     // workers hear of members
  ReplayMail mail;
  ReplayAccount account;
};

class ReplayMachine final : public VirtualTensors {
 public:
  /// `initial`: of an aggregator, the numbers of its shard.
  ReplayMachine(PeerId self, std::unique_ptr<Machine> machine, Tensor initial, ReplayWorld& world);

  /// False while the sender has not sent the message that `record` says was taken.
  bool can_take(const TraceRecord& record) const;
  /// Gives the machine this event, unless what it is about has come out differently: then nothing
  /// happens and the text says what. Requires: can_take.
  std::string take(const TraceRecord& record);

  /// This shard's parameters when its state was last read, or as they are; an aggregator's.
  std::vector<float> parameters() const;

  // -- Context
  PeerId self() const override { return self_; }
  std::chrono::nanoseconds now() const override { return now_; }
  void set_timer(std::chrono::nanoseconds /*delay*/, std::uint64_t cookie) override {
    timers_.insert(cookie);
  }
  void collected() override {}
  void request_lease(std::uint32_t /*samples*/) override {}
  void compute(const Lease& lease, std::span<const Tensor> parameters) override;
  void cancel() override;
  bool admit(const Lease& lease) override;
  void applied(const Message& push, Version staleness) override;
  void dropped(const Message& push) override;
  Tensor initial_parameters() override { return initial_; }
  void send(PeerId to, Message message) override;
  void reject(const Message& message, std::string why) override;

 private:
  std::string take_gradient(const TraceRecord& record);
  std::string take_message(const TraceRecord& record);
  std::string take_timer(const TraceRecord& record);
  std::string take_lease(const TraceRecord& record);
  std::string take_membership(const TraceRecord& record);
  std::string look_at_state(const TraceRecord& record);
  std::uint32_t shard() const { return static_cast<std::uint32_t>(self_.ordinal()); }

  PeerId self_;
  std::unique_ptr<Machine> machine_;
  Tensor initial_;
  ReplayWorld& world_;
  Ledger ledger_;
  std::optional<Epoch> heard_;  // the latest that this machine was told of
  Nanoseconds now_{0};          // of the record: what the machine saw on the day of the run
  std::multiset<std::uint64_t> timers_;  // cookies of those that are set
  bool started_ = false;
  bool computing_ = false;
  Lease lease_;                     // being computed
  std::vector<Tensor> parameters_;  // at which it is
  Nanoseconds asked_{0};            // for it
  std::vector<float> state_;        // parameters, when last read
};

}  // namespace murm
