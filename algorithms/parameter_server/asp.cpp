#include "algorithms/parameter_server/asp.hpp"

namespace murm {

void AspAggregator::on_message(const Message& message, Context& context) {
  std::optional<LeaseId> dropped;
  if (message.kind == MessageKind::push && context.admit(message.lease)) {
    const Version staleness = shard_.staleness(message.version);
    if (staleness >= rule_.threshold) {
      dropped = message.lease.id;
      context.dropped(message);
    } else {
      const double weight = staleness_weight(rule_.weight, staleness, rule_.cap);
      shard_.step(context, message.payload, message.lease.samples, weight);
      context.applied(message, staleness);
    }
  }
  shard_.reply(context, message.from, dropped);
}

}  // namespace murm
