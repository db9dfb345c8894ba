#include "actors/worker_node.hpp"

#include "actors/job_plan.hpp"
#include "actors/worker.hpp"
#include "runtime/job_file.hpp"
#include "runtime/process_info.hpp"
#include "runtime/zmq_transport.hpp"

namespace murm {

namespace {

constexpr std::chrono::milliseconds kGoodbye{300};  // for the last messages to leave
constexpr std::size_t kSchedulerThreads = 2;

}  // namespace

WorkerNode::WorkerNode(WorkerNodeOptions options)
    : options_(std::move(options)), clock_(std::make_shared<SystemClock>()) {
  configure(config_, kSchedulerThreads);
  system_ = std::make_unique<caf::actor_system>(config_);
  WorkerLinkOptions link;
  link.endpoint = options_.join;
  link.hello = Hello{options_.build, process_id(), options_.slots};
  link.welcomed = [this](const Welcome& welcome, std::uint64_t run, const caf::actor& self) {
    return seat(welcome, run, self);
  };
  link.switched = [this](const Course& course) { return switched(course); };
  link.ended = options_.finished;
  link_ = system_->spawn(worker_link, std::move(link), clock_);
  try {
    transport_ = connect_zmq(options_.join, post_to(link_));
  } catch (...) {
    close();
    throw;
  }
  caf::anon_send(link_, AttachTransport{transport_});
}

SeatedWorkers WorkerNode::seat(const Welcome& welcome, std::uint64_t run, const caf::actor& link) {
  job_ = parse_job(welcome.job, "the coordinator's job").job;
  welcome_ = welcome;
  course_ = welcome.course;
  plan();
  const Job& job = job_;
  std::shared_ptr<Recording> recording;
  if (!options_.traces.empty()) {
    recording = std::make_shared<Recording>();
    recording->folder = options_.traces;
    recording->run = run;
    recording->parameters = welcome.parameters;
    recording->shards = welcome.shards;
    recording->algorithm = algorithm_->name;
    recording->clock = clock_;
    recording->notice = options_.notice;
  }
  const auto lanes = make_lane_factories(job);
  const auto network = caf::actor_cast<WorkerLink>(link);
  SeatedWorkers seated;
  seated.heartbeat = std::chrono::milliseconds(job.cluster.heartbeat_ms);
  for (const WorkerSeat& seat : welcome.seats) {
    const WorkerSelf spawned = spawn_worker(
        *system_,
        WorkerOptions{*algorithm_, course_, seat.slot, emulated_step_time(job, seat.slot),
                      recording, emulated_attack(job, seat.slot)},
        lanes(seat.slot), std::vector<DeliveryActor>(welcome.shards, network), LeaseDesk(network),
        ReportDesk(network), clock_);
    caf::anon_send(spawned, StartWorker{seat.peer});
    seated.workers.push_back(spawned);
  }
  workers_ = seated.workers;
  options_.joined(seated.workers.size());
  return seated;
}

void WorkerNode::plan() {
  auto algorithm = plan_algorithm(job_, welcome_.parameters, welcome_.samples);
  algorithm.shards = welcome_.shards;
  algorithm_ = std::make_shared<const AlgorithmOptions>(std::move(algorithm));
}

/// Its workers are told one after the other: the plan is made for the first of them.
std::shared_ptr<const AlgorithmOptions> WorkerNode::switched(const Course& course) {
  if (course.course != course_) {
    course_ = course.course;
    job_.algorithm.name = course.to;
    plan();
  }
  return algorithm_;
}

void WorkerNode::leave() { caf::anon_send(link_, LeaveRun{}); }

WorkerNode::~WorkerNode() { close(); }

void WorkerNode::close() {
  if (transport_) transport_->shutdown(kGoodbye);
  if (link_) {
    caf::scoped_actor self(*system_);
    self->monitor(link_);
    caf::anon_send_exit(link_, caf::exit_reason::user_shutdown);
    self->receive([](const caf::down_msg&) {});  // from here on nobody writes workers_
    link_ = nullptr;
  }
  for (auto& worker : workers_) caf::anon_send_exit(worker, caf::exit_reason::user_shutdown);
  workers_.clear();
  system_.reset();
}

}  // namespace murm
