#include "algorithms/gossip/keeper.hpp"

#include <algorithm>

#include "algorithms/partition.hpp"

namespace murm {

namespace {

/// What a worker counts during one lease stays far below: more is not to be believed.
constexpr std::uint64_t kStalenessMax = 1'000'000;

}  // namespace

KeeperAggregator::KeeperAggregator(const AlgorithmOptions& options, std::uint32_t shard)
    : shard_(shard), length_(shard_range(options.parameters, options.shards, shard).length) {}

void KeeperAggregator::on_start(Context& context) {
  parameters_ = context.allocate(length_);
  context.copy(parameters_, context.initial_parameters());
}

void KeeperAggregator::on_message(const Message& message, Context& context) {
  switch (message.kind) {
    case MessageKind::pull:
      return reply(message.from, context);
    case MessageKind::push:
      if (!context.admit(message.lease)) return;
      if (message.dropped) return context.dropped(message);
      ++version_;
      samples_ += message.lease.samples;
      return context.applied(message, std::min(message.round, kStalenessMax));
    case MessageKind::replica:
      if (missing_.erase(message.from) == 0) return;  // of a cut that is over
      if (message.payload.length() == length_) replicas_[message.from] = message.payload;
      return average_when_complete(context);
    default:
      return context.reject(message, "message that is not for an aggregator");
  }
}

void KeeperAggregator::reply(PeerId to, Context& context) {
  Message message;
  message.kind = MessageKind::parameters;
  message.shard = shard_;
  message.version = version_kept_;
  message.dropped = version_kept_ != version_;
  message.payload = context.snapshot(parameters_);
  context.send(to, std::move(message));
}

void KeeperAggregator::on_membership(const MembershipChange& change, Context& context) {
  for (const PeerId peer : change.joined) members_.insert(peer);
  for (const PeerId peer : change.left) {
    members_.erase(peer);
    missing_.erase(peer);
  }
  average_when_complete(context);
}

void KeeperAggregator::on_collect(Context& context) {
  missing_ = members_;
  replicas_.clear();
  collecting_ = true;
  average_when_complete(context);
}

void KeeperAggregator::average_when_complete(Context& context) {
  if (!collecting_ || !missing_.empty()) return;
  collecting_ = false;
  if (!replicas_.empty()) {
    bool first = true;
    for (const auto& [peer, replica] : replicas_) {
      if (std::exchange(first, false)) {
        context.copy(parameters_, replica);
      } else {
        context.axpy(parameters_, 1.0F, replica);
      }
    }
    context.scale(parameters_, 1.0F / static_cast<float>(replicas_.size()));
    version_kept_ = version_;
    replicas_.clear();
  }
  context.collected();
}

void KeeperAggregator::save(MachineState& state) const {
  state.numbers.emplace_back("version", version_);
  state.numbers.emplace_back("samples", samples_);
  state.numbers.emplace_back("unfinished", collecting_ ? 1 : 0);
  state.tensors.emplace_back("parameters", parameters_);
}

void KeeperAggregator::load(const MachineState& state, Context& context) {
  version_ = state.number("version");
  samples_ = state.number("samples");
  version_kept_ = version_;
  context.copy(parameters_, state.tensor("parameters"));
  require_cut(state);
}

}  // namespace murm
