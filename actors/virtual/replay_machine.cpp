#include "actors/virtual/replay_machine.hpp"

#include <algorithm>

#include "actors/trace_events.hpp"

namespace murm {

namespace {

std::vector<float> numbers_of(const Tensor& tensor) {
  std::vector<float> numbers;
  numbers.reserve(tensor.length());
  for_each_run(tensor, [&](const float* data, std::size_t /*offset*/, std::size_t length) {
    numbers.insert(numbers.end(), data, data + length);
  });
  return numbers;
}

}  // namespace

ReplayMachine::ReplayMachine(PeerId self, std::unique_ptr<Machine> machine, Tensor initial,
                             ReplayWorld& world)
    : VirtualTensors(world.device),
      self_(self),
      machine_(std::move(machine)),
      initial_(std::move(initial)),
      world_(world) {}

bool ReplayMachine::can_take(const TraceRecord& record) const {
  if (record.kind != TraceKind::message) return true;
  const auto box = world_.mail.find({record.from, self_});
  return box != world_.mail.end() && !box->second.empty();
}

std::string ReplayMachine::take(const TraceRecord& record) {
  now_ = record.time;
  if (started_ == (record.kind == TraceKind::start))
    return "a trace has one start, at its beginning";
  std::string difference;
  switch (record.kind) {
    case TraceKind::start:
      started_ = true;
      machine_->on_start(*this);
      initial_ = Tensor();
      break;
    case TraceKind::lease:
      difference = take_lease(record);
      break;
    case TraceKind::gradient:
      difference = take_gradient(record);
      break;
    case TraceKind::message:
      difference = take_message(record);
      break;
    case TraceKind::membership:
      difference = take_membership(record);
      break;
    case TraceKind::state:
      difference = look_at_state(record);
      break;
    case TraceKind::timer:
      difference = take_timer(record);
      break;
    case TraceKind::collect:
      machine_->on_collect(*this);
      break;
  }
  if (self_.role() == Role::aggregator) world_.account.updated(shard(), steps_taken().size());
  steps_taken().clear();
  return difference;
}

std::string ReplayMachine::take_gradient(const TraceRecord& record) {
  if (!computing_) return "the replayed machine has not asked for a gradient";
  GradientReady gradient{lease_, Tensor(), record.loss_sum};
  if (!phantom()) gradient = world_.gradient(lease_, parameters_);
  std::string text = difference(record, record_of(gradient), !phantom());
  if (!text.empty()) return text;
  gradient.gradient = wrap(std::move(gradient.gradient), world_.parameters,
                           Provenance::of(lease_.id));
  computing_ = false;
  parameters_.clear();
  world_.account.gradient(self_, lease_, now_ - asked_, now_);
  machine_->on_gradient(gradient, *this);
  return {};
}

std::string ReplayMachine::take_message(const TraceRecord& record) {
  std::deque<Letter>& box = world_.mail.at({record.from, self_});
  std::string text = difference(record, record_of(box.front().message), !phantom());
  if (!text.empty()) return text;
  const Letter letter = std::move(box.front());
  box.pop_front();
  world_.account.delivered(record.from, self_, now_ - letter.sent);
  machine_->on_message(letter.message, *this);
  return {};
}

/// Machines rely on having heard of the members of a lease's epoch.
std::string ReplayMachine::take_lease(const TraceRecord& record) {
  const Epoch epoch = record.lease.epoch;
  if (world_.peers && (!heard_ || epoch > *heard_)) {  // an older one may be that of a lost worker
    return "nobody has told its worker of epoch " + std::to_string(epoch);
  }
  world_.account.lease(self_, lease_of(record.lease), now_);
  machine_->on_lease(lease_of(record.lease), *this);
  return {};
}

std::string ReplayMachine::take_membership(const TraceRecord& record) {
  if (heard_ && record.epoch <= *heard_) return "its epoch is not new";
  heard_ = record.epoch;
  machine_->on_membership(change_of(record), *this);
  return {};
}

std::string ReplayMachine::take_timer(const TraceRecord& record) {
  const auto set = timers_.find(record.round);
  if (set == timers_.end()) {
    return "the replayed machine has not set timer " + std::to_string(record.round);
  }
  timers_.erase(set);
  machine_->on_timer(record.round, *this);
  return {};
}

std::string ReplayMachine::look_at_state(const TraceRecord& record) {
  MachineState state;
  machine_->save(state);
  std::string text = difference(record, record_of(state), !phantom());
  if (!text.empty()) return text;
  if (self_.role() != Role::aggregator) return {};
  world_.account.cut(shard());
  if (!phantom()) state_ = numbers_of(state.tensor("parameters"));
  return {};
}

std::vector<float> ReplayMachine::parameters() const {
  if (!state_.empty()) return state_;
  if (!started_) return numbers_of(initial_);
  MachineState state;
  machine_->save(state);
  return numbers_of(state.tensor("parameters"));
}

void ReplayMachine::compute(const Lease& lease, std::span<const Tensor> parameters) {
  computing_ = true;
  lease_ = lease;
  parameters_.assign(parameters.begin(), parameters.end());
  asked_ = now_;
}

void ReplayMachine::cancel() {
  computing_ = false;
  parameters_.clear();
}

bool ReplayMachine::admit(const Lease& lease) {
  const bool fresh = ledger_.admit(lease.id);
  if (!fresh) world_.account.refused_duplicate();
  return fresh;
}

void ReplayMachine::applied(const Message& push, Version staleness) {
  ledger_.applied();
  world_.account.applied(shard(), push, staleness, now_);
  if (world_.replicas) world_.account.updated(shard(), 1);
}

void ReplayMachine::dropped(const Message& push) {
  ledger_.dropped();
  world_.account.dropped(push, now_);
}

void ReplayMachine::send(PeerId to, Message message) {
  message.from = self_;
  world_.mail[{self_, to}].push_back({std::move(message), now_});
}

void ReplayMachine::reject(const Message& /*message*/, std::string /*why*/) {
  world_.account.refused_other();
}

}  // namespace murm
