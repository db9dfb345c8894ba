#include "actors/training_node.hpp"

#include <sys/random.h>

#include <algorithm>
#include <mutex>

#include "actors/aggregator.hpp"
#include "actors/data_steward.hpp"
#include "actors/evaluator.hpp"
#include "actors/monitor.hpp"
#include "algorithms/partition.hpp"
#include "gpu/host/buffer_pool.hpp"
#include "runtime/job_file.hpp"
#include "runtime/process_info.hpp"
#include "runtime/zmq_transport.hpp"
#include "serialization/limits.hpp"

namespace murm {

namespace {

constexpr std::chrono::milliseconds kGoodbye{300};  // for the last messages to leave
constexpr std::uint64_t kLocalWorkersMax = 4096;    // each has a thread
constexpr std::size_t kSchedulerThreads = 2;        // control only: compute has threads of its own

std::uint64_t draw_run_id() {
  std::uint64_t id = 0;
  while (id == 0) {
    if (getrandom(&id, sizeof id, 0) != sizeof id)
      throw RunError("the system gives no random numbers");
  }
  return id;
}

}  // namespace

PreparedJob prepare_job(const Job& job, bool over_network) {
  if (over_network && (to_toml(job).size() > job_bytes_max || job.cluster.workers > seats_max)) {
    throw InputError("the job is too large for worker processes: at most " +
                     std::to_string(seats_max) + " workers and a job file of " +
                     std::to_string(job_bytes_max) +
                     " bytes. HINT: fewer entries in emulate.step_ms");
  }
  if (job.cluster.workers > kLocalWorkersMax && !over_network) {
    throw InputError("cluster.workers is " + std::to_string(job.cluster.workers) +
                     ", expected at most " + std::to_string(kLocalWorkersMax) +
                     " in one process. HINT: `murm simulate` runs more of them, in virtual time");
  }
  if (over_network && needs_one_process(job)) {
    throw InputError(
        "algorithm.name = \"hogwild\" needs workers that share memory, but these are in other "
        "processes. HINT: "
        "leave --processes (cluster.processes) out and use `murm train`");
  }
  PreparedJob prepared;
  prepared.test = load_split(job, Split::test);
  prepared.plan = plan_job(job, data_shape(job, *prepared.test));
  return prepared;
}

struct TrainingNode::OutcomeBox {
  std::mutex mutex;
  std::optional<RunOutcome> outcome;
};

TrainingNode::TrainingNode(TrainingNodeOptions options)
    : options_(std::move(options)),
      clock_(std::make_shared<SystemClock>()),
      course_(options_.restored ? options_.restored->course : 0),
      plan_(options_.prepared.plan),
      box_(std::make_shared<OutcomeBox>()) {
  if (course_ > 0) plan_ = plan_job(job_after(plan_.job, course_), plan_.shape);
  configure(config_, kSchedulerThreads);
  system_ = std::make_unique<caf::actor_system>(config_);
  try {
    spawn_cast();
    if (!options_.listen.empty()) {
      open_link(options_.listen);
    } else {
      if (!options_.control.empty()) open_link(options_.control);
      seat_local_workers();
    }
  } catch (...) {
    close();
    throw;
  }
}

void TrainingNode::spawn_cast() {
  CoordinatorOptions course;
  const Job& job = plan_.job;
  course.job = options_.prepared.plan.job;
  course.shape = plan_.shape;
  course.course = course_;
  course.recorded = !options_.traces.empty();
  course.one_process = options_.listen.empty();
  course.run = draw_run_id();
  course.parameters = plan_.parameters;
  course.samples = plan_.leases.total;
  course.evaluation_every = plan_.evaluation_every;
  course.workers_can_come = options_.workers_can_come;
  if (options_.restored) course.position = options_.restored->view.position;
  course.finished = [box = box_, finished = options_.finished](RunOutcome outcome) {
    {
      const std::lock_guard<std::mutex> guard(box->mutex);
      box->outcome = std::move(outcome);
    }
    finished();
  };
  const std::uint64_t run = course.run;
  coordinator_ = system_->spawn(coordinator, std::move(course));

  StewardOptions leases{plan_.leases, std::nullopt, find_algorithm(plan_.algorithm).peers, course_};
  MonitorOptions watching;
  watching.metrics_file = options_.metrics_file;
  watching.job_file = options_.job_file;
  watching.samples_total = plan_.leases.total;
  watching.style = options_.progress;
  if (options_.restored) {
    leases.restored = options_.restored->view;
    watching.samples_start = options_.restored->view.position;
  }
  cast_.steward = system_->spawn(data_steward, leases, clock_, DrainedDesk(coordinator_));
  cast_.monitor = system_->spawn<caf::detached>(monitor, watching, clock_);
  cast_.evaluator = system_->spawn<caf::detached>(
      evaluator, make_evaluator_factory(job, options_.prepared.test));
  if (job.checkpoint.every > 0) {
    cast_.checkpointer = system_->spawn<caf::detached>(
        checkpointer, CheckpointerOptions{options_.checkpoints, job.checkpoint.keep});
  }
  if (!options_.traces.empty()) record_machines(run);
  spawn_aggregators();
  caf::anon_send(caf::actor_cast<CoordinatorSelf>(coordinator_), cast_);
}

void TrainingNode::record_machines(std::uint64_t run) {
  recording_ = std::make_shared<Recording>();
  recording_->folder = options_.traces;
  recording_->run = run;
  recording_->parameters = plan_.parameters;
  recording_->shards = plan_.leases.shards;
  recording_->algorithm = plan_.algorithm.name;
  recording_->clock = clock_;
  recording_->notice = [monitor = cast_.monitor](const std::string& text) {
    caf::anon_send(monitor, Notice{text});
  };
}

void TrainingNode::spawn_aggregators() {
  const std::vector<float> initial = initial_parameters(plan_.job, plan_.shape);
  const std::uint64_t lease = plan_.leases.lease_samples;
  const auto algorithm = std::make_shared<const AlgorithmOptions>(plan_.algorithm);
  for (std::uint32_t shard = 0; shard < plan_.leases.shards; ++shard) {
    const Range range = shard_range(plan_.parameters, plan_.leases.shards, shard);
    AggregatorOptions options;
    options.algorithm = algorithm;
    options.course = course_;
    options.shard = shard;
    options.initial = Tensor(std::make_shared<HostBuffer>(range.length), 0, range.length);
    std::copy_n(initial.begin() + static_cast<std::ptrdiff_t>(range.offset), range.length,
                host_span(options.initial).begin());
    if (options_.restored) {
      options.restored = options_.restored->shards[shard];
      options.restored_leases = options_.restored->view.next_lease;
    }
    options.leases_expected = (plan_.leases.total + lease - 1) / lease;
    options.recording = recording_;
    cast_.aggregators.push_back(system_->spawn<caf::detached>(aggregator, std::move(options),
                                                              cast_.steward, cast_.monitor,
                                                              RejectionDesk(coordinator_), clock_));
  }
}

void TrainingNode::open_link(const std::string& endpoint) {
  CoordinatorLinkOptions options;
  options.heartbeat = std::chrono::milliseconds(plan_.job.cluster.heartbeat_ms);
  options.aggregators = cast_.aggregators;
  options.steward = cast_.steward;
  options.coordinator = coordinator_;
  options.joins = !options_.listen.empty();
  options.course = course_;
  options.peers = find_algorithm(plan_.algorithm).peers;
  options.replicas = find_algorithm(plan_.algorithm).replicas;
  link_ = system_->spawn(coordinator_link, std::move(options), clock_);
  transport_ = serve_zmq(endpoint, post_to(link_));
  caf::anon_send(link_, AttachTransport{transport_});
}

void TrainingNode::seat_local_workers() {
  const Job& job = plan_.job;
  const auto lanes = make_lane_factories(job);
  JoinRequest request;
  request.hello.process_id = process_id();
  for (std::uint32_t slot = 0; slot < job.cluster.workers; ++slot) {
    workers_.push_back(spawn_worker(
        *system_,
        WorkerOptions{plan_.algorithm, course_, slot, emulated_step_time(job, slot), recording_,
                      emulated_attack(job, slot)},
        lanes(slot), std::vector<DeliveryActor>(cast_.aggregators.begin(), cast_.aggregators.end()),
        LeaseDesk(cast_.steward), ReportDesk(coordinator_), clock_));
    request.hello.slots.push_back(slot);
    request.workers.push_back(workers_.back());
  }
  caf::scoped_actor self(*system_);
  self->request(coordinator_, caf::infinite, std::move(request))
      .receive(
          [&](const JoinAnswer& answer) {
            MURM_ASSERT(answer.welcome.has_value(), answer.refusal);
            for (std::size_t i = 0; i < workers_.size(); ++i) {
              self->send(workers_[i], StartWorker{answer.welcome->seats[i].peer});
            }
          },
          [&](const caf::error& error) { throw RunError(system_->render(error)); });
}

TrainingNode::~TrainingNode() { close(); }

void TrainingNode::close() {
  if (transport_) transport_->shutdown(kGoodbye);
  const auto end = [](auto& actor) {
    if (actor) caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    actor = nullptr;
  };
  end(link_);
  for (auto& local : workers_) end(local);
  workers_.clear();
  recording_.reset();
  for (auto& aggregator : cast_.aggregators) end(aggregator);
  cast_.aggregators.clear();
  end(cast_.steward);
  end(cast_.evaluator);
  end(cast_.checkpointer);
  end(cast_.monitor);
  end(coordinator_);
  system_.reset();  // waits for every actor
}

std::string TrainingNode::endpoint() const { return options_.listen.empty() ? "" : control(); }

std::string TrainingNode::control() const {
  return transport_ ? transport_->control_endpoint() : "";
}

void TrainingNode::interrupt(int signal) { caf::anon_send(coordinator_, Interrupt{signal}); }

void TrainingNode::process_lost(std::uint64_t process_id, const std::string& reason) {
  caf::anon_send(coordinator_, ProcessLost{0, process_id, reason});
}

std::optional<RunOutcome> TrainingNode::outcome() {
  const std::lock_guard<std::mutex> guard(box_->mutex);
  return std::exchange(box_->outcome, std::nullopt);
}

TransportCounters TrainingNode::traffic() const {
  const bool has_processes = !options_.listen.empty();  // else only `murm switch` has come by
  return has_processes ? transport_->counters() : TransportCounters{};
}

LinkCounts TrainingNode::link_counts() {
  LinkCounts counts;
  if (!link_) return counts;
  caf::scoped_actor self(*system_);
  self->request(link_, std::chrono::seconds(1), LinkCountsRequest{})
      .receive([&](const LinkCounts& answer) { counts = answer; }, [](const caf::error&) {});
  return counts;
}

}  // namespace murm
