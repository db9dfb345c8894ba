#include "actors/virtual/virtual_worker.hpp"

#include <cmath>
#include <cstdio>
#include <utility>

namespace murm {

namespace {
std::unique_ptr<Machine> machine_of(const VirtualCourse& course) {
  return make_worker(*course.algorithm, course.options);
}
}  // namespace

VirtualWorker::VirtualWorker(const VirtualCourse& course, PeerId peer, std::uint32_t number,
                             Device* device, GradientLane* lane, WorkerOffice& office)
    : VirtualTensors(device),
      index(number),
      peer_(peer),
      shares_memory_(course.algorithm->one_process),
      lane_(lane),
      office_(office),
      machine_(machine_of(course)),
      replica_(lane == nullptr ? 0 : course.options.shards),
      course_(course.number),
      gradient_length_(course.options.parameters) {}

void VirtualWorker::begin_course(const VirtualCourse& next) {
  cancel();
  course_ = next.number;
  asking = false;
  rounds = 0;
  machine_ = machine_of(next);
  replica_.assign(replica_.size(), Tensor());
  start();
}

void VirtualWorker::change_membership(const MembershipChange& change) {
  event(0, [&] { machine_->on_membership(change, *this); });
  for (const Message& message : std::exchange(held_, {})) deliver(message);
}

void VirtualWorker::take_lease(const Lease& lease) {
  event(0, [&] { machine_->on_lease(lease, *this); });
}

void VirtualWorker::deliver(const Message& message) {
  if (message.course < course_) return;
  if (message.course > course_) return held_.push_back(message);
  learning_rate_ = message.learning_rate;
  const bool of_shard = message.from.role() == Role::aggregator;
  if (of_shard && message.shard < replica_.size()) replica_[message.shard] = message.payload;
  const double received = message.kind == MessageKind::exchange ? message.weight : 0;
  event(received, [&] { machine_->on_message(message, *this); });
}

void VirtualWorker::compute(const Lease& lease, std::span<const Tensor> parameters) {
  MURM_ASSERT(!computing_, to_string(peer_) + " computes two gradients at a time");
  computing_ = true;
  lease_ = lease;
  if (lane_ != nullptr) parameters_.assign(parameters.begin(), parameters.end());
  if (shares_memory_) {  // the gradient is that of the parameters now, whoever steps them meanwhile
    for (Tensor& part : parameters_) part = snapshot(part);
  }
  office_.begin_step(*this, parameters);
}

void VirtualWorker::cancel() {
  computing_ = false;
  parameters_.clear();
}

void VirtualWorker::computed(Nanoseconds spent, Nanoseconds now) {
  GradientReady ready{lease_, Tensor(), std::numeric_limits<double>::quiet_NaN()};
  if (lane_ != nullptr) {
    ready = lane_->run(lease_, parameters_);
    parameters_.clear();
    if (!std::isfinite(ready.loss_sum)) {
      char rate[32];
      std::snprintf(rate, sizeof rate, "%g", learning_rate_);
      throw RunError("the loss is not finite at worker " + std::to_string(slot()) + ", step " +
                     std::to_string(lease_.step) + ", lr " + rate +
                     ". HINT: lower training.lr or set training.clip");
    }
    if (attack) attack->corrupt(host_span(ready.gradient), lease_.samples);
  }
  ready.gradient = wrap(std::move(ready.gradient), gradient_length_, Provenance::of(lease_.id));
  ++steps;
  samples += lease_.samples;
  busy += spent;
  last_gradient = now;
  computing_ = false;
  event(0, [&] { machine_->on_gradient(ready, *this); });
}

Tensor VirtualWorker::own_replica() const {
  MachineState state;
  machine_->save(state);
  for (const auto& [name, tensor] : state.tensors) {
    if (name == "parameters") return tensor;
  }
  return {};
}

void VirtualWorker::retire() {
  machine_.reset();
  parameters_.clear();
  replica_.clear();
}

void VirtualWorker::send(PeerId to, Message message) {
  message.from = peer_;
  message.course = course_;
  if (message.kind == MessageKind::exchange) weight_sent_ += message.weight;
  office_.send(*this, to, std::move(message));
}

void VirtualWorker::reject(const Message& /*message*/, std::string why) {
  office_.rejected(*this, "it received " + why);
}

bool VirtualWorker::admit(const Lease& /*lease*/) {
  MURM_ASSERT(false, "a worker admits a lease");
  return false;
}
void VirtualWorker::applied(const Message& /*push*/, Version /*staleness*/) {
  MURM_ASSERT(false, "a worker applies a gradient");
}
void VirtualWorker::collected() { MURM_ASSERT(false, "a worker has collected the replicas"); }
void VirtualWorker::dropped(const Message& /*push*/) {
  MURM_ASSERT(false, "a worker drops a gradient");
}
Tensor VirtualWorker::initial_parameters() {
  MURM_ASSERT(false, "a worker asks for initial parameters");
  return {};
}

}  // namespace murm
