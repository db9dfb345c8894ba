#include "algorithms/gossip/peer.hpp"

#include <algorithm>
#include <cmath>

#include "algorithms/partition.hpp"

namespace murm {

namespace {

/// A neighbour waits for those that it hears of: over a directed ring it may be a lap ahead.
constexpr std::uint64_t kRoundsAhead = 16;

}  // namespace

GossipPeer::GossipPeer(const AlgorithmOptions& options) : options_(options) {}

Topology topology_among(std::span<const PeerId> members, const AlgorithmOptions& options,
                        TopologyKind by_default) {
  TopologyOptions result;
  result.kind = topology_kind(options.topology).value_or(by_default);
  result.degree = options.degree;
  result.seed = options.seed;
  if (result.kind == TopologyKind::edges) {
    std::vector<std::pair<PeerIndex, PeerIndex>> places;  // slot, position among the members
    for (const PeerId peer : members) {
      places.emplace_back(static_cast<PeerIndex>(peer.ordinal()), places.size());
    }
    std::sort(places.begin(), places.end());  // who has come back has its old slot and a new id
    std::vector<PeerIndex> slots;
    for (const auto& [slot, position] : places) slots.push_back(slot);
    result.edges = surviving_edges(options.edges, slots);
    for (auto& [a, b] : result.edges) {
      a = places[a].second;
      b = places[b].second;
    }
  }
  return Topology(std::move(result), members.size());
}

PeerIndex GossipPeer::position() const {
  const auto& now = members();
  const auto place = std::lower_bound(now.begin(), now.end(), self_);
  return static_cast<PeerIndex>(place - now.begin());
}

void GossipPeer::on_start(Context& context) {
  self_ = context.self();
  random_ = Random(options_.seed, spread_bits(context.self().value));
  first_ = context.allocate(options_.parameters);
  shards_missing_ = options_.shards;
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    Message pull;
    pull.kind = MessageKind::pull;
    pull.shard = shard;
    context.send(PeerId::aggregator(shard), std::move(pull));
  }
  context.request_lease();
}

void GossipPeer::on_lease(const Lease& lease, Context& context) {
  const auto first = leases_.begin() + (busy_ ? 1 : 0);
  const auto place = std::lower_bound(first, leases_.end(), lease,
                                      [](const Lease& a, const Lease& b) { return a.id < b.id; });
  leases_.insert(place, lease);
  if (lease.requested) epoch_ = lease.epoch;
  begin_next(context);
}

void GossipPeer::begin_next(Context& context) {
  if (busy_ || leases_.empty() || !has_replica()) return;
  busy_ = true;
  done_ = 0;
  loss_sum_ = 0;
  const Lease lease = leases_.front();
  if (lease.requested) context.request_lease();
  begin(lease, context);
}

void GossipPeer::compute(const Tensor& at, Context& context) {
  Lease batch = leases_.front();
  batch.position += done_;
  batch.samples = std::min(options_.batch, batch.samples - done_);
  context.compute(batch, std::span(&at, 1));
}

void GossipPeer::on_gradient(const GradientReady& gradient, Context& context) {
  if (options_.clip > 0) {
    context.clip(gradient.gradient, 1.0 / gradient.lease.samples, options_.clip);
  }
  done_ += gradient.lease.samples;
  loss_sum_ += gradient.loss_sum;
  take_gradient(gradient, context);
}

void GossipPeer::finished(std::uint64_t staleness, Context& context) {
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    Message news;
    news.kind = MessageKind::push;
    news.shard = shard;
    news.lease = leases_.front();
    news.loss_sum = loss_sum_;
    news.round = staleness;
    context.send(PeerId::aggregator(shard), std::move(news));
  }
  busy_ = false;
  leases_.erase(leases_.begin());
  begin_next(context);
}

void GossipPeer::optimizer_step(const Tensor& x, const GradientReady& gradient, Context& context) {
  const double samples = gradient.lease.samples;
  const bool by_samples = options_.schedule.clock == ScheduleClock::samples;
  const double now = static_cast<double>(gradient.lease.position);
  const double rate = learning_rate_at(options_.schedule, by_samples ? now : now / options_.batch,
                                       by_samples ? options_.batch : 1.0);
  const OptimizerStep step = make_optimizer_step(options_.optimizer, rate, 1.0 / samples, ++steps_);
  context.optimizer_step(step, x, gradient.gradient, optimizer_state_);
}

void GossipPeer::on_message(const Message& message, Context& context) {
  if (message.kind == MessageKind::parameters) return take_parameters(message, context);
  if (message.from.role() != Role::worker) {
    return context.reject(message, "message that no keeper sends");
  }
  if (message.kind != MessageKind::pull) {
    const char* why = fault(message);
    return why == nullptr ? take_message(message, context) : context.reject(message, why);
  }
  if (shards_missing_ > 0) return wait_for_us_.push_back(message.from);
  hand_replica(message.from, context);
}

/// Why no peer of ours can have sent this; null: one can.
const char* GossipPeer::fault(const Message& message) const {
  const bool carries = message.kind == MessageKind::exchange || message.kind == MessageKind::answer;
  if (carries && !encodes() && message.payload.length() != options_.parameters) {
    return "replica of another length";
  }
  const bool weighs = message.kind == MessageKind::exchange && weighted();
  const bool positive = std::isfinite(message.weight) && message.weight > 0;
  return weighs && !positive ? "replica whose weight is not above 0" : nullptr;
}

std::uint64_t GossipPeer::rounds_ahead_max() const { return kRoundsAhead + members().size(); }

/// One that waits for a replica itself hands on what the keepers sent: newcomers that ask each other would
/// wait for ever.
void GossipPeer::hand_replica(PeerId to, Context& context) {
  Message answer;
  answer.kind = MessageKind::parameters;
  answer.payload = context.snapshot(has_replica() ? counted() : first_);
  context.send(to, std::move(answer));
}

void GossipPeer::take_parameters(const Message& message, Context& context) {
  if (has_replica()) return;  // a peer answers after we had turned to another
  if (message.from.role() == Role::worker) {
    if (message.from != asked_ || message.payload.length() != options_.parameters) {
      return context.reject(message, "parameters that were not asked for");
    }
    context.copy(first_, message.payload);
  } else {
    const Range range = shard_range(options_.parameters, options_.shards, message.shard);
    if (shards_missing_ == 0 || message.payload.length() != range.length) {
      return context.reject(message, "parameters that were not asked for");
    }
    context.copy(first_.slice(range.offset, range.length), message.payload);
    old_ = old_ || message.dropped;
    if (--shards_missing_ > 0) return;
    for (const PeerId peer : std::exchange(wait_for_us_, {})) hand_replica(peer, context);
    if (old_) return ask_a_peer(context);
  }
  begin_to_train(context);
}

void GossipPeer::ask_a_peer(Context& context) {
  std::vector<PeerId> others = members();
  std::erase(others, context.self());
  if (others.empty()) return begin_to_train(context);  // there is nothing newer
  asked_ = others[random_.below(static_cast<std::uint32_t>(others.size()))];
  Message pull;
  pull.kind = MessageKind::pull;
  context.send(asked_, std::move(pull));
}

void GossipPeer::begin_to_train(Context& context) {
  replica_ = std::exchange(first_, Tensor());
  for (std::size_t i = 0; i < optimizer_state_count(options_.optimizer.kind); ++i) {
    optimizer_state_.push_back(context.allocate(options_.parameters));
  }
  started(context);
  begin_next(context);
  collect_if_due(context);
}

const std::vector<PeerId>& GossipPeer::members() const {
  static const std::vector<PeerId> kNobody;
  return members_.empty() ? kNobody : members_.rbegin()->second;
}

const std::vector<PeerId>& GossipPeer::members(Epoch epoch) const {
  const auto after = members_.upper_bound(epoch);
  MURM_ASSERT(after != members_.begin(), "epoch " + std::to_string(epoch) + " is forgotten");
  return std::prev(after)->second;
}

void GossipPeer::on_membership(const MembershipChange& change, Context& context) {
  std::vector<PeerId> now = members();
  for (const PeerId peer : change.left) std::erase(now, peer);
  for (const PeerId peer : change.joined) {
    const auto place = std::lower_bound(now.begin(), now.end(), peer);
    if (place == now.end() || *place != peer) now.insert(place, peer);
  }
  members_[change.epoch] = std::move(now);
  while (members_.size() > 1 && std::next(members_.begin())->first <= epoch_) {
    members_.erase(members_.begin());
  }
  for (const PeerId peer : change.left) {
    std::erase(wait_for_us_, peer);
    if (peer == asked_ && !has_replica()) ask_a_peer(context);
  }
  members_changed(change, context);
}

void GossipPeer::on_collect(Context& context) {
  collect_due_ = true;
  collect_if_due(context);
}

void GossipPeer::collect_if_due(Context& context) {
  if (!collect_due_ || (has_replica() && !may_collect())) return;
  collect_due_ = false;
  const Tensor all = has_replica() ? context.snapshot(counted()) : Tensor();
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    const Range range = shard_range(options_.parameters, options_.shards, shard);
    Message message;
    message.kind = MessageKind::replica;
    message.shard = shard;
    if (!all.empty()) message.payload = all.slice(range.offset, range.length);
    context.send(PeerId::aggregator(shard), std::move(message));
  }
}

void GossipPeer::save(MachineState& state) const {
  state.numbers.emplace_back("steps", steps_);
  if (has_replica()) state.tensors.emplace_back("parameters", counted());
}

}  // namespace murm
