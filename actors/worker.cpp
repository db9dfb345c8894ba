#include "actors/worker.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "actors/tensor_verbs.hpp"

namespace murm {

namespace {

/// How often a worker reports its counters, so that a lost one still stands in the run's report.
constexpr std::chrono::milliseconds kReportInterval{500};

/// Messages of peers that this worker has not heard of yet: news of them is under way.
constexpr std::size_t kHeldMax = 1024;

class WorkerDriver final : public TensorVerbs {
 public:
  WorkerDriver(WorkerSelf::pointer self, WorkerOptions options, LaneFactory make_lane,
               std::vector<DeliveryActor> aggregators, LeaseDesk steward, ReportDesk coordinator,
               std::shared_ptr<const Clock> clock)
      : self_(self),
        options_(std::move(options)),
        aggregators_(std::move(aggregators)),
        steward_(std::move(steward)),
        coordinator_(std::move(coordinator)),
        clock_(clock),
        course_(options_.course),
        has_peers_(find_algorithm(options_.algorithm).peers),
        machine_(recorded(make_worker(find_algorithm(options_.algorithm), options_.algorithm),
                          options_.recording)) {
    device_ = self->spawn<caf::detached>(device_actor, std::move(make_lane),
                                         caf::actor_cast<ComputeSink>(self), std::move(clock));
  }

  void seated(PeerId peer) {
    peer_ = peer;
    report_.worker = peer;
    tell_device_failure();
    start_when_ready();
  }
  void device_ready(const DeviceReady& ready) {
    device_ready_ = true;
    reader_ = ready.reader;
    report_.device = ready.device;
    start_when_ready();
  }

  void take_lease(const Lease& lease) {
    begin_event();
    if (first_lease_.count() == 0) first_lease_ = now_;
    if (reader_) self_->send(reader_, ReadLease{lease.position, lease.samples});
    machine_->on_lease(lease, *this);
  }

  void deliver(const Message& message) {
    if (message.course < course_) return;  // of an algorithm that the run has left
    if (message.course > course_) return hold(message);
    if (message.from.role() == Role::worker && !peers_.contains(message.from)) {
      if (has_peers_ && !left_.contains(message.from)) hold(message);
      return;
    }
    if (message.from.role() == Role::aggregator) learning_rate_ = message.learning_rate;
    begin_event();
    machine_->on_message(message, *this);
  }

  /// The first news is also the sign that the aggregators know this worker.
  void hear(const PeerNews& news) {
    const MembershipChange& change = news.members.change;
    for (const auto& [peer, actor] : news.routes) peers_.emplace(peer, actor);
    for (const PeerId peer : change.left) {
      peers_.erase(peer);
      left_.insert(peer);
    }
    start();
    begin_event();
    machine_->on_membership(change, *this);
    for (const Message& message : std::exchange(held_, {})) deliver(message);
    if (std::exchange(collect_asked_, false)) collect();
  }

  /// What was under way is given up: every lease is done with.
  void begin_course(const WorkerCourse& next) {
    cancel();
    course_ = next.course.course;
    options_.algorithm = *next.algorithm;
    machine_ = make_worker(find_algorithm(options_.algorithm), options_.algorithm);
    has_peers_ = find_algorithm(options_.algorithm).peers;
    peers_.clear();
    started_ = false;
    collect_asked_ = false;
    if (!has_peers_ && device_ready_) start();
  }

  void collect() {
    if (!started_) {
      collect_asked_ = true;
      return;
    }
    begin_event();
    machine_->on_collect(*this);
  }

  void timer(const TimerDue& timer) {
    if (timer.course != course_) return;
    begin_event();
    machine_->on_timer(timer.cookie, *this);
  }

  void computed(ComputeDone done) {
    if (done.number == on_device_) device_is_free();
    if (done.number != job_) return;  // given up meanwhile
    if (const Nanoseconds rest = asked_at_ + options_.step_time_min - clock_->now();
        options_.step_time_min.count() > 0 && rest.count() > 0) {
      self_->delayed_send(self_, rest, std::move(done));  // emulated slow machine: held back
      return;
    }
    const Nanoseconds spent = std::max(done.ended - done.began, options_.step_time_min);
    const Lease& lease = done.gradient.lease;
    job_ = 0;
    if (!std::isfinite(done.gradient.loss_sum)) return diverged(lease);
    begin_event();
    if (options_.attack) {
      options_.attack->corrupt(host_span(done.gradient.gradient), lease.samples);
    }
    ++report_.steps;
    report_.samples += lease.samples;
    report_.busy_ns += static_cast<std::uint64_t>(spent.count());
    report_.data_wait_ns += static_cast<std::uint64_t>(done.data_wait.count());
    report_.elapsed_ns = static_cast<std::uint64_t>((now_ - first_lease_).count());
    machine_->on_gradient(done.gradient, *this);
  }

  void device_failed(const Failure& failure) {
    device_failure_ = "worker " + std::to_string(options_.slot) + ": " + failure.reason;
    tell_device_failure();
  }
  void report() { self_->send(coordinator_, report_); }
  void report_again() {
    report();
    self_->delayed_send(self_, kReportInterval, ReportRequest{});
  }
  void end() {
    caf::anon_send_exit(device_, caf::exit_reason::user_shutdown);
    device_ = nullptr;
    reader_ = nullptr;
  }

  // -- Context
  PeerId self() const override { return peer_; }
  std::chrono::nanoseconds now() const override { return now_; }
  void set_timer(std::chrono::nanoseconds delay, std::uint64_t cookie) override {
    self_->delayed_send(self_, delay, TimerDue{cookie, course_});
  }
  void request_lease(std::uint32_t samples) override {
    self_->send(steward_, LeaseRequest{peer_, samples, course_});
  }
  void compute(const Lease& lease, std::span<const Tensor> parameters) override {
    asked_at_ = clock_->now();
    job_ = ++jobs_;
    next_job_ = ComputeJob{lease, {parameters.begin(), parameters.end()}, job_};
    if (on_device_ == 0) device_is_free();
  }
  /// A device cannot be interrupted: what it computes comes to nothing, and the next job waits for it.
  void cancel() override {
    job_ = 0;
    next_job_.reset();
  }
  void send(PeerId to, Message message) override {
    message.from = peer_;
    message.course = course_;
    if (to.role() == Role::aggregator) {
      self_->send(aggregators_.at(to.ordinal()), Delivery{to, std::move(message)});
    } else if (const auto route = peers_.find(to); route != peers_.end()) {
      self_->send(route->second, Delivery{to, std::move(message)});
    }
  }
  void reject(const Message& /*message*/, std::string why) override {
    self_->send(coordinator_,
                Failure{peer_, "worker " + std::to_string(options_.slot) + " received " + why});
  }

 private:
  /// A machine sees one time for the whole of an event, and a recording keeps it.
  void begin_event() { now_ = clock_->now(); }

  /// Without a seat nobody would know whose failure it is.
  void tell_device_failure() {
    if (peer_ == PeerId{} || device_failure_.empty()) return;
    self_->send(coordinator_, Failure{peer_, device_failure_, true});
  }

  /// The first report tells the coordinator that this worker can begin.
  void start_when_ready() {
    if (peer_ == PeerId{} || !device_ready_) return;
    report_again();
    if (!has_peers_) start();  // the others have partners to ask first, who must know them
  }
  void device_is_free() {
    on_device_ = next_job_ ? next_job_->number : 0;
    if (next_job_) self_->send(device_, std::move(*next_job_));
    next_job_.reset();
  }
  void hold(const Message& message) {
    if (held_.size() < kHeldMax) held_.push_back(message);
  }
  void start() {
    if (std::exchange(started_, true)) return;
    begin_event();
    machine_->on_start(*this);
  }

  void diverged(const Lease& lease) {
    char rate[32];
    std::snprintf(rate, sizeof rate, "%g", learning_rate_);
    self_->send(coordinator_,
                Failure{peer_, "the loss is not finite at worker " + std::to_string(options_.slot) +
                                   ", step " + std::to_string(lease.step) + ", lr " + rate +
                                   ". HINT: lower training.lr or set training.clip"});
  }

  WorkerSelf::pointer self_;
  WorkerOptions options_;
  PeerId peer_;
  bool device_ready_ = false;
  std::string device_failure_;
  std::vector<DeliveryActor> aggregators_;  // by shard; remote: its link, for each
  LeaseDesk steward_;
  ReportDesk coordinator_;
  std::shared_ptr<const Clock> clock_;
  std::uint32_t course_;
  bool has_peers_;
  std::unique_ptr<Machine> machine_;
  std::map<PeerId, DeliveryActor> peers_;  // members, as far as this worker has heard
  std::set<PeerId> left_;
  std::vector<Message> held_;  // of workers, or a course, that it has not heard of
  bool started_ = false;
  bool collect_asked_ = false;  // before the start
  Nanoseconds now_{0};          // of the event in progress
  DeviceActor device_;
  DataReader reader_;                   // none: the model reads no data
  std::uint64_t jobs_ = 0;              // given to the device so far
  std::uint64_t job_ = 0;               // whose gradient is awaited; 0: none
  std::uint64_t on_device_ = 0;         // 0: none
  std::optional<ComputeJob> next_job_;  // waits for the device
  WorkerReport report_;
  Nanoseconds first_lease_{0};
  Nanoseconds asked_at_{0};  // the device, for the step in progress
  double learning_rate_ = 0;
};

}  // namespace

WorkerSelf::behavior_type worker(WorkerSelf::pointer self, WorkerOptions options,
                                 LaneFactory make_lane, std::vector<DeliveryActor> aggregators,
                                 LeaseDesk steward, ReportDesk coordinator,
                                 std::shared_ptr<const Clock> clock) {
  auto driver = std::make_shared<WorkerDriver>(self, std::move(options), std::move(make_lane),
                                               std::move(aggregators), std::move(steward),
                                               std::move(coordinator), std::move(clock));
  return {
      [driver](const Delivery& delivery) { driver->deliver(delivery.message); },
      [driver](const LeaseGrant& grant) { driver->take_lease(grant.lease); },
      [driver, self](const StopWorker&) {
        driver->report();
        driver->end();
        self->quit();
      },
      [driver](const PeerNews& news) { driver->hear(news); },
      [driver](const Collect&) { driver->collect(); },
      [driver](const StartWorker& start) { driver->seated(start.peer); },
      [driver](const DeviceReady& ready) { driver->device_ready(ready); },
      [driver](const ComputeDone& done) { driver->computed(done); },
      [driver](const Failure& failure) { driver->device_failed(failure); },
      [driver](const ReportRequest&) { driver->report_again(); },
      [driver](const WorkerCourse& next) { driver->begin_course(next); },
      [driver](const TimerDue& timer) { driver->timer(timer); },
  };
}

WorkerSelf spawn_worker(caf::actor_system& system, WorkerOptions options, LaneFactory make_lane,
                        std::vector<DeliveryActor> aggregators, LeaseDesk steward,
                        ReportDesk coordinator, std::shared_ptr<const Clock> clock) {
  const bool computes = !find_algorithm(options.algorithm).plain_gradients;
  const auto spawn = [&](auto spawner) {
    return spawner(std::move(options), std::move(make_lane), std::move(aggregators),
                   std::move(steward), std::move(coordinator), std::move(clock));
  };
  if (computes) {
    return spawn([&](auto&&... arguments) {
      return system.spawn<caf::detached>(worker, std::move(arguments)...);
    });
  }
  return spawn([&](auto&&... arguments) { return system.spawn(worker, std::move(arguments)...); });
}

}  // namespace murm
