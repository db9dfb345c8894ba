#include "algorithms/local_update/halos.hpp"

#include <algorithm>

namespace murm {

HalosAggregator::HalosAggregator(const ShardOptions& options, HalosRule rule)
    : shard_(options.shard), length_(options.length), rule_(rule), outer_(rule.global) {
  for (std::uint64_t i = 0; i < rule.regions; ++i) regions_.emplace_back(rule.local);
}

void HalosAggregator::on_start(Context& context) {
  parameters_ = context.allocate(length_);
  context.copy(parameters_, context.initial_parameters());
  outer_.start(length_, context);
  for (Region& region : regions_) {
    region.outer.start(length_, context);
    region.parameters = context.allocate(length_);
    region.reference = context.allocate(length_);
    context.copy(region.parameters, parameters_);
    context.copy(region.reference, parameters_);
  }
}

void HalosAggregator::on_message(const Message& message, Context& context) {
  Seat& seat = seat_of(message.from);
  if (message.kind == MessageKind::push && context.admit(message.lease)) {
    apply(message, seat, context);
  }
  if (message.weight > 0) seat.speed = message.weight;
  answer(message.from, seat, context);
}

HalosAggregator::Seat& HalosAggregator::seat_of(PeerId peer) {
  const auto [seat, is_new] = seats_.try_emplace(peer);
  if (!is_new) return seat->second;
  const auto region = std::min_element(
      regions_.begin(), regions_.end(),
      [](const Region& a, const Region& b) { return a.workers < b.workers; });
  ++region->workers;
  seat->second.region = static_cast<std::size_t>(region - regions_.begin());
  return seat->second;
}

void HalosAggregator::apply(const Message& push, const Seat& seat, Context& context) {
  Region& region = regions_[seat.region];
  const Version staleness = region.updates - seat.read;
  region.outer.step(region.parameters, 1.0 / push.lease.samples, push.payload, context);
  region.snapshot = Tensor();
  ++version_;
  samples_ += push.lease.samples;
  if (++region.updates % rule_.period == 0) merge(region, context);
  context.applied(push, staleness);
}

void HalosAggregator::merge(Region& region, Context& context) {
  context.axpy(region.reference, -1.0F, region.parameters);  // U
  outer_.step(parameters_, 1.0, region.reference, context);
  context.scale(region.parameters, static_cast<float>(1.0 - rule_.mixing));
  context.axpy(region.parameters, static_cast<float>(rule_.mixing), parameters_);
  context.copy(region.reference, region.parameters);
}

void HalosAggregator::answer(PeerId to, Seat& seat, Context& context) {
  Region& region = regions_[seat.region];
  if (region.snapshot.empty()) region.snapshot = context.snapshot(region.parameters);
  seat.read = region.updates;
  Message message;
  message.kind = MessageKind::parameters;
  message.shard = shard_;
  message.version = version_;
  message.learning_rate = rule_.local.lr;
  for (const auto& [peer, other] : seats_) message.weight = std::max(message.weight, other.speed);
  message.payload = region.snapshot;
  context.send(to, std::move(message));
}

void HalosAggregator::on_membership(const MembershipChange& change, Context& /*context*/) {
  for (const PeerId peer : change.left) {
    const auto seat = seats_.find(peer);
    if (seat == seats_.end()) continue;
    --regions_[seat->second.region].workers;
    seats_.erase(seat);
  }
  for (const PeerId peer : change.joined) seat_of(peer);
}

void HalosAggregator::save(MachineState& state) const {
  state.numbers.emplace_back("version", version_);
  state.numbers.emplace_back("samples", samples_);
  state.tensors.emplace_back("parameters", parameters_);
  outer_.save("global.", state);
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const std::string prefix = "region." + std::to_string(i) + ".";
    state.numbers.emplace_back(prefix + "updates", regions_[i].updates);
    state.tensors.emplace_back(prefix + "parameters", regions_[i].parameters);
    state.tensors.emplace_back(prefix + "reference", regions_[i].reference);
    regions_[i].outer.save(prefix, state);
  }
}

void HalosAggregator::load(const MachineState& state, Context& context) {
  version_ = state.number("version");
  samples_ = state.number("samples");
  context.copy(parameters_, state.tensor("parameters"));
  outer_.load("global.", state, context);
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const std::string prefix = "region." + std::to_string(i) + ".";
    Region& region = regions_[i];
    region.updates = state.number(prefix + "updates");
    context.copy(region.parameters, state.tensor(prefix + "parameters"));
    context.copy(region.reference, state.tensor(prefix + "reference"));
    region.outer.load(prefix, state, context);
    region.snapshot = Tensor();
  }
}

}  // namespace murm
