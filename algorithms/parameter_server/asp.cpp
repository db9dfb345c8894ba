#include "algorithms/parameter_server/asp.hpp"

namespace murm {

void AspAggregator::on_message(const Message& message, Context& context) {
  if (message.kind == MessageKind::push && context.admit(message.lease)) {
    const Version staleness = shard_.staleness(message.version);
    shard_.step(context, message.payload, message.lease.samples);
    context.applied(message, staleness);
  }
  shard_.reply(context, message.from);
}

}  // namespace murm
