#include "actors/virtual/virtual_aggregator.hpp"

#include <algorithm>

#include "algorithms/partition.hpp"

namespace murm {

VirtualAggregator::VirtualAggregator(const Algorithm& algorithm, const AlgorithmOptions& options,
                                     std::uint32_t shard, Device* device, Tensor initial,
                                     Send send_to, Clockwork& clockwork)
    : VirtualTensors(device),
      shard_(shard),
      initial_(wrap(std::move(initial),
                    shard_range(options.parameters, options.shards, shard).length, Provenance{})),
      post_(std::move(send_to)),
      clockwork_(clockwork),
      machine_(make_aggregator(algorithm, options, shard)) {
  machine_->on_start(*this);
  initial_ = Tensor();
}

void VirtualAggregator::take(const Message& message) {
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

Tensor VirtualAggregator::parameters() const {
  MachineState state;
  machine_->save(state);
  return state.tensor("parameters");
}

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

}  // namespace murm
