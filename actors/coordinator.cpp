#include "actors/coordinator.hpp"

#include <algorithm>
#include <set>

#include "actors/algorithm_course.hpp"
#include "actors/checkpointer.hpp"
#include "runtime/job_file.hpp"
#include "runtime/liveness.hpp"

namespace murm {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kDrainDeadline{700};  // after an interrupt: what is in flight may still land
constexpr milliseconds kReportDeadline{500};   // at the end: workers may still report
constexpr milliseconds kReplicaDeadline{700};  // after an interrupt: replicas may still come
constexpr seconds kCollectDeadline{30};        // at a cut: until all replicas have come
constexpr seconds kSnapshotDeadline{30};
constexpr seconds kEvaluationDeadline{600};
constexpr seconds kDiskDeadline{600};

enum class Phase : std::uint8_t { gathering, running, cutting, ending, over };

class Coordinator {
 public:
  Coordinator(CoordinatorSelf::pointer self, CoordinatorOptions options)
      : self_(self),
        options_(std::move(options)),
        course_(options_.job, options_.shape, options_.course),
        replicas_(replicas(course_.job())) {}

  void meet(const Cast& cast) {
    cast_ = cast;
    for (const auto& aggregator : cast_.aggregators) self_->monitor(aggregator);
    self_->monitor(cast_.steward);
    self_->monitor(cast_.evaluator);
  }

  JoinAnswer join(const JoinRequest& request) {
    JoinAnswer answer;
    if (phase_ >= Phase::ending) {
      answer.refusal = "the run is over";
      return answer;
    }
    const Result<std::vector<WorkerSeat>> seats = seats_.admit(request);
    if (!seats) {
      answer.refusal = seats.error().text;
      return answer;
    }
    answer.run = options_.run;
    answer.welcome = Welcome{to_toml(course_.job()),
                             "",
                             *seats,
                             static_cast<std::uint32_t>(cast_.aggregators.size()),
                             options_.parameters,
                             options_.samples,
                             course_.number()};
    for (const WorkerSeat& seat : *seats) self_->monitor(seats_.actor(seat.peer));
    answer.epoch = epoch_;
    if (outcome_.signal == 0) ++deadline_;  // whoever waited for a worker has one
    return answer;
  }

  void lose(const ProcessLost& lost) {
    std::vector<PeerId> left = seats_.lose(lost);
    for (const PeerId peer : left) members_.erase(peer);
    if (phase_ >= Phase::ending) return;
    if (lost.connection != 0 && left.empty()) return;  // a stranger, never seated
    if (phase_ == Phase::gathering && !options_.workers_can_come) {
      return end(RunStatus::failed, "a worker process ended before the run began: " + lost.reason);
    }
    if (!left.empty()) go_on_without(std::move(left), lost.reason, "all workers were lost");
  }

  /// One whose process goes on.
  void lose_worker(const Failure& failure) {
    const auto record = seats_.records().find(failure.worker);
    if (phase_ >= Phase::ending || record == seats_.records().end() || record->second.lost) return;
    if (phase_ == Phase::gathering) return fail(failure.reason);
    if (record->second.connection == 0) {  // else its own process sees to it
      const WorkerActor& worker = seats_.actor(failure.worker);
      self_->demonitor(worker.address());
      self_->send(worker, StopWorker{failure.worker});
    }
    seats_.lose(failure.worker);
    members_.erase(failure.worker);
    go_on_without({failure.worker}, failure.reason, failure.reason);
  }

  void reject(const PeerRejected& rejected) {
    const auto record = seats_.records().find(rejected.peer);
    if (record == seats_.records().end() || record->second.lost) return;
    if (record->second.connection == 0) return fail(rejected.why);
    self_->send(seats_.actor(rejected.peer), StopWorker{rejected.peer});
    lose(ProcessLost{record->second.connection, 0, rejected.why});
  }

  void fail(const Failure& failure) {
    if (failure.of_worker_alone) return lose_worker(failure);
    end(RunStatus::failed, failure.reason);
  }
  void fail(const std::string& reason) { end(RunStatus::failed, reason); }
  void take_report(const WorkerReport& report) {
    if (!seats_.report(report)) return;
    if (members_.insert(report.worker).second) admit(report.worker);
    if (phase_ == Phase::ending && reports_missing_.erase(report.worker) > 0)
      collect_when_complete();
  }

  void interrupt(int signal) {
    if (outcome_.signal != 0 || phase_ >= Phase::ending) return;
    outcome_.signal = signal;
    if (phase_ == Phase::gathering) return end(RunStatus::interrupted, "interrupted");
    self_->send(cast_.steward, StopLeases{});
    arm(kDrainDeadline);
  }

  /// Answered when it is done, or will not be.
  caf::result<SwitchAnswer> change_algorithm(const SwitchRequest& request) {
    if (phase_ >= Phase::ending) return SwitchAnswer{false, "the run is over"};
    if (phase_ == Phase::gathering) return SwitchAnswer{false, "the run has not begun"};
    if (options_.recorded) {
      return SwitchAnswer{false, "the run is recorded, and a recording is of one algorithm"};
    }
    if (const auto why = course_.ask(request.to, options_.one_process)) {
      return SwitchAnswer{false, *why};
    }
    change_asked_ = self_->make_response_promise();
    if (phase_ == Phase::running) self_->send(cast_.steward, HoldAt{1});
    return caf::delegated<SwitchAnswer>();
  }

  void deadline(std::uint64_t generation) {
    if (generation != deadline_ || phase_ == Phase::over) return;
    if (phase_ == Phase::ending) {
      reports_missing_.clear();
      return collect_when_complete();
    }
    if (outcome_.signal != 0) return drain_is_over();
    end(RunStatus::failed, "no worker came back within 30 s after all were lost");
  }

  void drained(const StewardView& view) {
    if (phase_ != Phase::running) return;
    phase_ = Phase::cutting;
    outcome_.view = view;
    const bool stopping = outcome_.signal != 0;
    const SampleCount checkpoint_every = options_.job.checkpoint.every;
    const bool evaluate = !stopping && (view.finished || crossed(options_.evaluation_every) ||
                                        course_.due(view.position));
    const bool checkpoint = cast_.checkpointer && checkpoint_every != 0 &&
                            (stopping || view.finished || crossed(checkpoint_every));
    cut_from_ = view.position;
    have_snapshots_ = false;
    collect_replicas([this, evaluate, checkpoint] { cut(evaluate, checkpoint); });
  }

 private:
  bool crossed(SampleCount every) const {
    return every != 0 && outcome_.view.position / every > cut_from_ / every;
  }

  SampleCount next_boundary(SampleCount position) const {
    SampleCount boundary = (position / options_.evaluation_every + 1) * options_.evaluation_every;
    if (const SampleCount every = options_.job.checkpoint.every; every != 0) {
      boundary = std::min(boundary, (position / every + 1) * every);
    }
    if (const auto change = course_.next_after(position)) boundary = std::min(boundary, *change);
    return course_.asked() ? position + 1 : boundary;
  }

  void cut(bool evaluate, bool checkpoint) {
    take_snapshots(checkpoint, [this, evaluate, checkpoint] {
      if (phase_ != Phase::cutting) return;
      have_snapshots_ = true;
      pieces_missing_ = 1 + (evaluate ? 1 : 0) + (checkpoint ? 1 : 0);
      if (evaluate) start_evaluation();
      if (checkpoint) start_checkpoint();
      piece_done();
    });
  }

  /// Makes the aggregators' parameters those of the whole run, then goes on; while the cut is in progress.
  template <class Then>
  void collect_replicas(Then then) {
    if (!replicas_) return then();
    collecting_ = true;
    auto missing = std::make_shared<std::size_t>(cast_.aggregators.size());
    for (const auto& aggregator : cast_.aggregators) {
      self_->request(aggregator, kCollectDeadline, CollectRequest{})
          .then(
              [this, missing, then](const Collected&) {
                if (--*missing > 0 || phase_ != Phase::cutting) return;
                collecting_ = false;
                then();
              },
              [this](const caf::error& error) {
                broken("a worker's replica is missing: an aggregator", error);
              });
    }
    // After the aggregators: what comes of it finds them expecting it.
    for (const PeerId peer : members_) self_->send(seats_.actor(peer), Collect{peer});
  }

  /// After an interrupt. Where nothing more lands, the replicas are asked for as they are, but not for long.
  void drain_is_over() {
    const bool ask = replicas_ && phase_ == Phase::running;
    const bool wait = replicas_ && phase_ == Phase::cutting && collecting_;
    if (std::exchange(waited_for_replicas_, true) || (!ask && !wait)) {
      return end(RunStatus::interrupted, "interrupted");
    }
    arm(kReplicaDeadline);
    if (!ask) return;
    phase_ = Phase::cutting;
    have_snapshots_ = false;
    collect_replicas([this] { end(RunStatus::interrupted, "interrupted"); });
  }

  /// A worker takes part from its first report on: until then it may still be loading its data.
  void admit(PeerId peer) {
    Membership membership;
    membership.change.joined.push_back(peer);
    membership.routes.emplace_back(peer, seats_.actor(peer));
    announce(std::move(membership));
    if (phase_ == Phase::gathering && members_.size() >= options_.job.cluster.workers) begin();
  }

  void begin() {
    phase_ = Phase::running;
    cut_from_ = options_.position;
    if (course_.due(options_.position)) begin_course(options_.position);
    self_->send(cast_.steward, HoldAt{next_boundary(options_.position)});
  }

  /// At a cut. Each hears of it before anything that belongs to the next course can reach it.
  void begin_course(SampleCount position) {
    const std::string from = course_.job().algorithm.name;
    const JobPlan plan = course_.advance(position);
    const std::string to = plan.algorithm.name;
    replicas_ = replicas(plan.job);
    const NextCourse next{course_.number(),
                          std::make_shared<const AlgorithmOptions>(plan.algorithm), plan.leases};
    for (const auto& aggregator : cast_.aggregators) self_->send(aggregator, next);
    for (const PeerId peer : seats_.live()) {
      self_->send(seats_.actor(peer), WorkerCourse{{peer, next.course, to}, next.algorithm});
    }
    self_->send(cast_.steward, next);
    self_->send(cast_.monitor, Switched{position, from, to, to_toml(course_.whole())});
    answer_change({true, "switched from " + from + " to " + to + " at " + std::to_string(position) +
                             " samples"});
  }

  void answer_change(SwitchAnswer answer) {
    if (!change_asked_ || (answer.done && course_.asked())) return;
    std::exchange(change_asked_, std::nullopt)->deliver(std::move(answer));
  }

  static bool replicas(const Job& job) {
    AlgorithmOptions options;
    options.name = job.algorithm.name;
    options.staleness = job.algorithm.staleness;
    return find_algorithm(options).replicas;
  }

  void announce(Membership membership) {
    membership.change.epoch = ++epoch_;
    for (const auto& aggregator : cast_.aggregators) self_->send(aggregator, membership);
    self_->send(cast_.steward, membership);
  }

  /// Or without anybody: then the run waits for others, or fails with the last of these reasons.
  void go_on_without(std::vector<PeerId> left, const std::string& why,
                     const std::string& why_none) {
    notice(std::to_string(left.size()) + " worker(s) lost: " + why +
           "; their leases go to the others");
    Membership membership;
    membership.change.left = std::move(left);
    announce(std::move(membership));
    if (seats_.live_count() > 0 || phase_ == Phase::gathering) return;
    if (outcome_.signal != 0) return end(RunStatus::interrupted, "interrupted");
    if (!options_.workers_can_come) return end(RunStatus::failed, why_none);
    arm(rejoin_deadline);
  }

  void notice(std::string text) { self_->send(cast_.monitor, Notice{std::move(text)}); }

  template <class Duration>
  void arm(Duration delay) {
    self_->delayed_send(self_, delay, Deadline{++deadline_});
  }

  template <class Then>
  void take_snapshots(bool with_optimizer, Then then) {
    outcome_.shards.assign(cast_.aggregators.size(), ShardSnapshot{});
    auto missing = std::make_shared<std::size_t>(cast_.aggregators.size());
    for (const auto& aggregator : cast_.aggregators) {
      self_->request(aggregator, kSnapshotDeadline, SnapshotRequest{with_optimizer})
          .then(
              [this, missing, then](const ShardSnapshot& snapshot) {
                if (phase_ == Phase::over) return;
                outcome_.shards.at(snapshot.shard) = snapshot;
                if (--*missing == 0) then();
              },
              [this](const caf::error& error) { broken("an aggregator", error); });
    }
  }

  void start_evaluation() {
    EvaluationRequest request;
    for (const ShardSnapshot& shard : outcome_.shards) {
      request.parameters.push_back(shard.state.tensor("parameters"));
    }
    self_->request(cast_.evaluator, kEvaluationDeadline, std::move(request))
        .then(
            [this](const Evaluation& evaluation) {
              const StewardView& view = outcome_.view;
              const Evaluated evaluated{view.position, view.active, evaluation};
              outcome_.evaluation = evaluation;
              outcome_.evaluations.push_back(evaluated);
              self_->send(cast_.monitor, evaluated);
              piece_done();
            },
            [this](const caf::error& error) { broken("the evaluator", error); });
  }

  void start_checkpoint() {
    self_
        ->request(cast_.checkpointer, kDiskDeadline,
                  CheckpointRequest{resume_hash(course_.job()), course_.number(), outcome_.shards,
                                    outcome_.view})
        .then(
            [this](const CheckpointDone& done) {
              if (!done.written) notice("checkpoint not written, training goes on: " + done.note);
              piece_done();
            },
            [this](const caf::error& error) { broken("the checkpointer", error); });
  }

  void piece_done() {
    if (--pieces_missing_ > 0 || phase_ != Phase::cutting) return;
    if (outcome_.signal != 0) return end(RunStatus::interrupted, "interrupted");
    if (!outcome_.evaluations.empty() && target_reached(options_.job, outcome_.evaluation)) {
      return end(RunStatus::finished, "target reached");
    }
    if (outcome_.view.finished) return end(RunStatus::finished, "every sample is applied");
    phase_ = Phase::running;
    if (course_.due(outcome_.view.position)) begin_course(outcome_.view.position);
    self_->send(cast_.steward, HoldAt{next_boundary(outcome_.view.position)});
  }

  void broken(const std::string& who, const caf::error& error) {
    if (phase_ == Phase::ending) {  // the report is written with what there is
      snapshots_missing_ = false;
      return collect_when_complete();
    }
    end(RunStatus::failed, who + " did not answer: " + self_->system().render(error));
  }

  void end(RunStatus status, std::string reason) {
    if (phase_ >= Phase::ending) return;
    const bool have_snapshots = phase_ == Phase::cutting && have_snapshots_;
    phase_ = Phase::ending;
    answer_change({false, "the run ended before the change"});
    outcome_.status = status;
    outcome_.reason = std::move(reason);
    for (const PeerId peer : seats_.live()) {
      reports_missing_.insert(peer);
      self_->send(seats_.actor(peer), StopWorker{peer});
    }
    arm(kReportDeadline);
    snapshots_missing_ = !have_snapshots;
    if (have_snapshots) return collect_when_complete();
    take_snapshots(false, [this] {
      snapshots_missing_ = false;
      collect_when_complete();
    });
  }

  void collect_when_complete() {
    if (snapshots_missing_ || !reports_missing_.empty() || phase_ != Phase::ending) return;
    phase_ = Phase::over;
    self_->request(cast_.steward, kSnapshotDeadline, ViewRequest{})
        .then([this](const StewardView& view) { summarize(view); },
              [this](const caf::error&) { summarize(outcome_.view); });
  }

  void summarize(const StewardView& view) {
    outcome_.view = view;
    self_->request(cast_.monitor, kSnapshotDeadline, MonitorSummaryRequest{})
        .then(
            [this](const MonitorSummary& summary) {
              outcome_.summary = summary;
              deliver();
            },
            [this](const caf::error&) { deliver(); });
  }

  void deliver() {
    outcome_.workers = seats_.records();
    outcome_.samples_before = options_.position;
    options_.finished(std::move(outcome_));
  }

  CoordinatorSelf::pointer self_;
  CoordinatorOptions options_;
  Cast cast_;
  AlgorithmCourse course_;
  bool replicas_;  // the model is the mean of the workers' replicas
  std::optional<caf::response_promise> change_asked_;  // by `murm switch`
  Seats seats_;
  std::set<PeerId> members_;  // seated and ready
  Phase phase_ = Phase::gathering;
  Epoch epoch_ = 0;
  RunOutcome outcome_;
  SampleCount cut_from_ = 0;  // position of the previous cut
  std::size_t pieces_missing_ = 0;
  std::set<PeerId> reports_missing_;
  bool snapshots_missing_ = false;
  bool have_snapshots_ = false;       // of the cut in progress
  bool collecting_ = false;           // replicas, for it
  bool waited_for_replicas_ = false;  // after the drain of an interrupt
  std::uint64_t deadline_ = 0;
};

}  // namespace

CoordinatorSelf::behavior_type coordinator(CoordinatorSelf::pointer self,
                                           CoordinatorOptions options) {
  auto state = std::make_shared<Coordinator>(self, std::move(options));
  self->set_down_handler([state, self](const caf::down_msg& down) {
    state->fail("an actor of the run ended: " + self->system().render(down.reason));
  });
  return {
      [state](const Drained& drained) { state->drained(drained.view); },
      [state](const WorkerReport& report) { state->take_report(report); },
      [state](const Failure& failure) { state->fail(failure); },
      [state](const PeerRejected& rejected) { state->reject(rejected); },
      [state](const ProcessLost& lost) { state->lose(lost); },
      [state](const Interrupt& interrupt) { state->interrupt(interrupt.signal); },
      [state](const JoinRequest& request) { return state->join(request); },
      [state](const SwitchRequest& request) { return state->change_algorithm(request); },
      [state](const Cast& cast) { state->meet(cast); },
      [state](const Deadline& deadline) { state->deadline(deadline.generation); },
  };
}

}  // namespace murm
