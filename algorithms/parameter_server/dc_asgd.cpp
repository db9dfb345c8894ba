#include "algorithms/parameter_server/dc_asgd.hpp"

namespace murm {

void DcAsgdAggregator::on_start(Context& context) {
  shard_.start(context);
  corrected_ = context.allocate(shard_.length());
  if (rule_.adaptive) mean_square_ = context.allocate(shard_.length());
}

void DcAsgdAggregator::on_message(const Message& message, Context& context) {
  if (message.kind == MessageKind::push && context.admit(message.lease)) apply(message, context);
  shard_.reply(context, message.from);
  reads_[message.from] = {shard_.version(), shard_.snapshot(context)};
}

void DcAsgdAggregator::apply(const Message& push, Context& context) {
  const Version staleness = shard_.staleness(push.version);
  const auto read = reads_.find(push.from);
  if (read != reads_.end() && read->second.version == push.version) {
    rule_.samples = static_cast<float>(push.lease.samples);
    context.compensate(rule_, push.payload, shard_.parameters(), read->second.parameters,
                       mean_square_, corrected_);
    shard_.step(context, corrected_, push.lease.samples);
  } else {
    shard_.step(context, push.payload, push.lease.samples);
  }
  context.applied(push, staleness);
}

void DcAsgdAggregator::on_membership(const MembershipChange& change, Context& /*context*/) {
  for (const PeerId peer : change.left) reads_.erase(peer);
}

void DcAsgdAggregator::save(MachineState& state) const {
  shard_.save(state);
  if (rule_.adaptive) state.tensors.emplace_back("mean_square", mean_square_);
}

void DcAsgdAggregator::load(const MachineState& state, Context& context) {
  shard_.load(state, context);
  if (rule_.adaptive) context.copy(mean_square_, state.tensor("mean_square"));
}

}  // namespace murm
