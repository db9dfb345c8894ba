// The simulator: one queue of events, and the machines of a cluster around it.
// Room: actors/virtual. Plays coordinator, steward and network for the machines, as the actors do for real.
// Caller: actors/virtual/simulation. What happens to workers is decided in fates, what must hold in laws.
#pragma once
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "actors/algorithm_course.hpp"
#include "actors/virtual/course.hpp"
#include "actors/virtual/fates.hpp"
#include "actors/virtual/laws.hpp"
#include "actors/virtual/numbers.hpp"
#include "actors/virtual/post.hpp"
#include "actors/virtual/replica_spread.hpp"
#include "runtime/world/service_time.hpp"

namespace murm {

class Simulator final : public WorkerOffice, public FateOffice {
 public:
  /// `numbers`: null in phantom mode.
  Simulator(const SimulationOptions& options, const JobPlan& plan, Numbers* numbers);

  /// Until the job is done, `until`, or an interrupt. Throws RunError, LawBroken.
  void run();
  SimulationResult result();

  // -- WorkerOffice
  void request_lease(VirtualWorker& worker, std::uint32_t samples) override;
  void set_timer(PeerId machine, Nanoseconds delay, std::uint64_t cookie) override;
  void begin_step(VirtualWorker& worker, std::span<const Tensor> parameters) override;
  void send(VirtualWorker& worker, PeerId to, Message message) override;
  void rejected(VirtualWorker& worker, const std::string& why) override;
  void balanced(VirtualWorker& worker, double before, double created) override;

  // -- FateOffice
  Nanoseconds now() const override { return now_; }
  VirtualWorker& worker(std::uint32_t index) override { return *workers_[index]; }
  VirtualWorker* occupant(std::uint64_t slot) override;
  std::size_t living() const override { return living_; }
  void join(std::uint64_t slot) override;
  void lose(VirtualWorker& worker) override;
  void say_goodbye(VirtualWorker& worker) override;
  void deliver(std::uint32_t parcel) override;
  void schedule(Nanoseconds at, EventKind kind, std::uint32_t content) override;

 private:
  struct Mailbox {
    Nanoseconds busy_until{0};
    std::uint32_t waiting = 0;  // events that are its turn later: first come, first served
    std::deque<MembershipChange> changes;  // that wait for their turn
  };
  struct Seat {
    std::uint32_t worker = 0;  // index, while `taken`
    bool taken = false;
    std::uint64_t occupants = 0;  // so far
    std::uint64_t steps = 0;      // begun by all of them
  };
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  /// The message that is being handled, for the text of a broken law.
  struct Current {
    std::uint32_t index = none;  // of its worker
    std::uint32_t shard = 0;
    ParcelKind kind = ParcelKind::algorithm;
    MessageKind message = MessageKind::pull;
    bool up = true;
    LeaseId lease = 0;
  };
  struct Timer {
    PeerId machine;
    std::uint64_t cookie = 0;
    std::uint32_t course = 0;
  };
  enum class Ending : std::uint8_t { none, finished, target, until, interrupted };

  void schedule(Nanoseconds at, EventKind kind, std::uint32_t content, std::uint32_t place);
  void handle(const EventKey& event);
  void note(const EventKey& event);
  bool advance();
  std::string described() const;
  void computed(const EventKey& event);
  void end_step_at(VirtualWorker& worker, Nanoseconds at);
  void arrived(std::uint32_t parcel);
  void timer(std::uint32_t index);
  void to_aggregator(std::uint32_t parcel);
  void serve(std::uint32_t parcel);
  void send_to_peer(VirtualWorker& worker, PeerId to, Message message);
  void deliver_to_peer(std::uint32_t parcel);
  void tell_members(VirtualWorker& worker, std::shared_ptr<const MembershipChange> change);
  void tell_members_of(const MembershipChange& change);
  void change_membership(const MembershipChange& change);
  void apply_membership(std::uint32_t shard);
  void settle(std::uint32_t shard);
  void grant(const std::vector<Grant>& grants);
  const Algorithm& algorithm() const { return *algorithm_->algorithm; }
  std::uint32_t course_of(PeerId machine);
  LawOptions law_options() const;
  void hold_at_next_course();
  void begin_course();
  void evaluate();
  Evaluation evaluate_now();
  void measure_spread();
  void measure_round(VirtualWorker& worker);
  void scatter(const VirtualWorker& worker, Message& message) const;
  std::vector<float> mean_replica() const;
  std::vector<float> parameters() const;
  void post(std::uint32_t shard, PeerId to, Message message);
  void fill(Report& report) const;
  std::uint64_t bytes() const {
    return post_.bytes_up() + post_.bytes_down() + post_.bytes_between();
  }

  SimulationOptions options_;
  JobPlan plan_;
  AlgorithmCourse algorithms_;
  std::shared_ptr<const VirtualCourse> algorithm_;  // in effect
  Numbers* numbers_;
  EventQueue queue_;
  NetworkModel network_;
  ServiceTimes times_;
  Post post_;
  LeasePlan leases_;
  Laws laws_;
  Course course_;
  Fates fates_;
  ReplicaSpread spread_;
  std::deque<std::vector<std::vector<float>>> open_rounds_;  // replicas of rounds not all have done
  std::vector<Timer> timers_;
  std::vector<std::uint32_t> unused_timers_;
  bool begun_ = false;  // the first workers have joined
  Nanoseconds apply_time_;
  std::vector<std::unique_ptr<VirtualAggregator>> aggregators_;
  std::vector<Mailbox> mailboxes_;
  std::vector<std::unique_ptr<VirtualWorker>> workers_;  // every life, in order of joining
  std::vector<WorkerReads> reads_;                       // by worker
  std::vector<Seat> seats_;
  std::size_t living_ = 0;
  std::uint64_t late_ = 0;       // messages of workers that had lost their seat
  std::size_t idle_events_ = 0;  // in the queue: those that no worker waits for
  Epoch epoch_ = 0;
  Nanoseconds now_{0};
  std::uint64_t events_ = 0;
  std::uint64_t trace_ = 0;
  EventKey event_;  // that is being handled
  Current current_;
  SampleCount evaluated_at_ = 0;
  double time_to_target_ = not_measured;
  Ending ending_ = Ending::none;
};

}  // namespace murm
