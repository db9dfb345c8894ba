#include "actors/virtual/virtual_aggregator.hpp"

#include <algorithm>
#include <utility>

#include "algorithms/handover.hpp"
#include "algorithms/partition.hpp"

namespace murm {

namespace {
std::size_t length_of(const AlgorithmOptions& options, std::uint32_t shard) {
  return shard_range(options.parameters, options.shards, shard).length;
}
}  // namespace

VirtualAggregator::VirtualAggregator(std::shared_ptr<const VirtualCourse> course,
                                     std::uint32_t shard, Device* device, Tensor initial,
                                     Send send_to, Clockwork& clockwork)
    : VirtualTensors(device),
      course_(std::move(course)),
      shard_(shard),
      initial_(wrap(std::move(initial), length_of(course_->options, shard), Provenance{})),
      post_(std::move(send_to)),
      clockwork_(clockwork),
      machine_(make_aggregator(*course_->algorithm, course_->options, shard)) {
  machine_->on_start(*this);
  initial_ = Tensor();
}

void VirtualAggregator::begin_course(std::shared_ptr<const VirtualCourse> next,
                                     std::span<const float> mean, Epoch epoch) {
  const auto before = std::exchange(course_, std::move(next));
  const auto old = std::exchange(machine_,
                                 make_aggregator(*course_->algorithm, course_->options, shard_));
  MachineState state;
  old->save(state);
  const Tensor& parameters = state.tensor("parameters");
  if (before->algorithm->replicas) provenance(parameters) = Provenance{};
  if (!mean.empty()) std::copy(mean.begin(), mean.end(), host_span(parameters).begin());
  initial_ = snapshot(parameters);
  machine_->on_start(*this);
  initial_ = Tensor();
  hand_over(*old, *before->algorithm, *machine_, *course_->algorithm, *this);
  machine_->on_membership({epoch, members_, {}}, *this);
}

void VirtualAggregator::take(const Message& message) {
  if (message.course < course_->number) return;
  if (!std::binary_search(members_.begin(), members_.end(), message.from)) {
    ++refused_;
    return;
  }
  machine_->on_message(message, *this);
}

void VirtualAggregator::change_membership(const MembershipChange& change) {
  for (const PeerId peer : change.left) std::erase(members_, peer);
  for (const PeerId peer : change.joined) {
    members_.insert(std::lower_bound(members_.begin(), members_.end(), peer), peer);
  }
  machine_->on_membership(change, *this);
}

void VirtualAggregator::settle() { effects_.steps.swap(steps_taken()); }

MachineState VirtualAggregator::state() const {
  MachineState state;
  machine_->save(state);
  return state;
}

Tensor VirtualAggregator::parameters() const { return state().tensor("parameters"); }

void VirtualAggregator::applied(const Message& push, Version staleness) {
  ledger_.applied();
  effects_.applied.push_back({push.lease, push.from, push.loss_sum, push.version, staleness});
}

void VirtualAggregator::dropped(const Message& push) {
  ledger_.dropped();
  effects_.dropped.push_back(push.lease);
}

void VirtualAggregator::send(PeerId to, Message message) {
  message.from = self();
  message.course = course_->number;
  if (message.kind == MessageKind::parameters) {
    effects_.sent.push_back({message.version, provenance(message.payload).set});
  }
  post_(shard_, to, std::move(message));
}

void VirtualAggregator::reject(const Message& message, std::string why) {
  effects_.rejected = to_string(message.from) + " sent a " + why;
}

void VirtualAggregator::request_lease(std::uint32_t /*samples*/) {
  MURM_ASSERT(false, "an aggregator asks for a lease");
}
void VirtualAggregator::compute(const Lease& /*lease*/, std::span<const Tensor> /*parameters*/) {
  MURM_ASSERT(false, "an aggregator computes");
}
void VirtualAggregator::cancel() { MURM_ASSERT(false, "an aggregator gives up a computation"); }

}  // namespace murm
