#include "algorithms/parameter_server/ring.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "algorithms/partition.hpp"

namespace murm {

namespace {

constexpr std::size_t kStepsRemembered = 8;  // a lost rank's lease is of the latest two

bool contains(const std::vector<PeerId>& peers, PeerId peer) {
  return std::binary_search(peers.begin(), peers.end(), peer);
}

}  // namespace

RingWorker::RingWorker(const AlgorithmOptions& options)
    : options_(options), replica_(options), ring_(options.parameters) {}

void RingWorker::on_start(Context& context) {
  replica_.ask_keepers(context);
  context.request_lease();
}

void RingWorker::on_lease(const Lease& lease, Context& context) {
  if (lease.requested) {
    leases_.push_back(lease);
  } else {
    taken_over_.push_back(lease);
  }
  judge_leases(context);
  begin_next(context);
}

// -- a step

/// The ranks of a step, among them those lost since it was planned; empty where the epoch is not known (any more).
std::vector<PeerId> RingWorker::ranks_of(const Lease& lease) const {
  const auto after = members_.upper_bound(lease.epoch);
  if (after == members_.begin()) return {};
  const std::vector<PeerId>& all = std::prev(after)->second;
  const std::size_t ranks = std::min<std::size_t>(lease.quorum, all.size());
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(ranks)};
}

void RingWorker::begin_next(Context& context) {
  if (in_step_ || leases_.empty() || !replica_.keepers_answered()) return;
  const Lease& lease = leases_.front();
  if (replica_.empty()) return seek_replica(lease.step, context);
  in_step_ = true;
  computed_ = false;
  begun_ = lease.id;
  next_ = lease.step;
  ranks_ = ranks_of(lease);
  MURM_ASSERT(contains(ranks_, context.self()), "step " + std::to_string(lease.step));
  while (members_.size() > 1 && std::next(members_.begin())->first <= lease.epoch) {
    members_.erase(members_.begin());
  }
  context.request_lease();
  context.compute(lease, std::span(&replica_.parameters(), 1));
  serve_askers(context);
  begin_attempt(context);
}

void RingWorker::begin_attempt(Context& context) {
  std::vector<PeerId> living;
  Epoch attempt = 0;
  for (const PeerId rank : ranks_) {
    const auto left = left_.find(rank);
    if (left == left_.end()) {
      living.push_back(rank);
    } else {
      attempt = std::max(attempt, left->second);
    }
  }
  for (const PeerId rank : living) {
    if (attempt == 0 || rank == context.self()) continue;
    Message given_up;
    given_up.kind = MessageKind::decline;
    given_up.round = next_;
    given_up.version = attempt;
    context.send(rank, std::move(given_up));
  }
  ring_.begin(next_, attempt, std::move(living), context.self());
  advance(context);
}

void RingWorker::on_gradient(const GradientReady& gradient, Context& context) {
  gradient_ = gradient;
  computed_ = true;
  if (options_.clip > 0) {
    context.clip(gradient.gradient, 1.0 / gradient.lease.samples, options_.clip);
  }
  advance(context);
}

void RingWorker::advance(Context& context) {
  if (!in_step_ || !computed_) return;
  if (!ring_.contributed()) {
    const std::set<PeerId>& given_up = given_up_[{next_, ring_.attempt()}];
    if (ring_.attempt() != 0 && given_up.size() + 1 < ring_.ranks().size()) return;
    ring_.contribute(gradient_.gradient, gradient_.lease.samples, context);
  }
  if (ring_.advance(context)) take_step(context);
}

void RingWorker::take_step(Context& context) {
  const Lease& lease = gradient_.lease;
  const SampleCount first = lease.position - SampleCount{lease.index} * options_.batch;
  replica_.step(ring_.sum(), ring_.samples(), first, context);
  taken_by_ = ring_.attempt();
  remember(next_, taken_by_);
  ++next_;
  if (ring_.ranks().front() == context.self()) {
    for (const PeerId peer : members_.begin()->second) {
      if (contains(ranks_, peer) || left_.contains(peer)) continue;
      replica_.hand_to(peer, next_, taken_by_, context);
    }
  }
  step_is_over(context);
}

/// Whose gradients are in a step that `attempt` took: of those who had not left by then.
void RingWorker::remember(Step step, Epoch attempt) {
  std::vector<bool>& counted = in_it_[step];
  for (const PeerId rank : ranks_) {
    const auto left = left_.find(rank);
    counted.push_back(left == left_.end() || left->second > attempt);
  }
  while (in_it_.size() > kStepsRemembered) in_it_.erase(in_it_.begin());
}

void RingWorker::step_is_over(Context& context) {
  in_step_ = false;
  gradient_.gradient = Tensor();
  given_up_.erase(given_up_.begin(), given_up_.lower_bound({next_, 0}));
  judge_leases(context);
  serve_askers(context);
  begin_next(context);
}

// -- leases that are over without a computation, or with it

/// False while the step may still be taken by this rank, too.
bool RingWorker::can_judge(const Lease& lease, PeerId self) const {
  return lease.step < next_ || !contains(ranks_of(lease), self);
}

void RingWorker::judge_leases(Context& context) {
  std::erase_if(taken_over_, [&](const Lease& lease) {
    if (!can_judge(lease, context.self())) return false;
    const auto step = in_it_.find(lease.step);
    const bool counted = step != in_it_.end() && lease.index < step->second.size() &&
                         step->second[lease.index];
    done(lease, !counted, context);
    return true;
  });
  while (!in_step_ && !leases_.empty() && leases_.front().step < next_) {
    const Lease lease = leases_.front();
    leases_.pop_front();
    if (begun_ != lease.id) context.request_lease();
    done(lease, begun_ != lease.id, context);
  }
}

/// What the gradient of another was, nobody knows any more: its loss is taken to be like ours.
void RingWorker::done(const Lease& lease, bool dropped, Context& context) {
  const double own_samples = gradient_.lease.samples;
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    Message news;
    news.kind = MessageKind::push;
    news.shard = shard;
    news.lease = lease;
    news.dropped = dropped;
    if (!dropped) news.loss_sum = gradient_.loss_sum / own_samples * lease.samples;
    context.send(PeerId::aggregator(shard), std::move(news));
  }
}

// -- replicas of others

void RingWorker::seek_replica(Step step, Context& context) {
  if (std::exchange(seeking_, true)) return;
  if (step > 0) {  // else there is none
    const std::vector<PeerId>& all = members_.rbegin()->second;
    to_ask_.assign(all.begin(), all.end());
    std::erase(to_ask_, context.self());
  }
  ask_next(context);
}

void RingWorker::ask_next(Context& context) {
  if (to_ask_.empty()) {
    replica_.start_from_keepers(context);
    askers_.clear();  // they know that there is no other
    return begin_next(context);
  }
  Message pull;
  pull.kind = MessageKind::pull;
  pull.round = leases_.front().step;
  context.send(to_ask_.front(), std::move(pull));
}

void RingWorker::asked_for_replica(const Message& pull, Context& context) {
  if (!replica_.empty() && pull.round <= next_) {
    return replica_.hand_to(pull.from, next_, taken_by_, context);
  }
  askers_.emplace_back(pull.from, pull.round);
  if (!replica_.empty()) return;
  Message none;
  none.kind = MessageKind::parameters;
  context.send(pull.from, std::move(none));
}

void RingWorker::serve_askers(Context& context) {
  std::erase_if(askers_, [&](const auto& asker) {
    if (asker.second > next_) return false;
    replica_.hand_to(asker.first, next_, taken_by_, context);
    return true;
  });
}

void RingWorker::take_replica(const Message& message, Context& context) {
  if (message.payload.length() == 0) {
    if (to_ask_.empty() || to_ask_.front() != message.from) return;
    to_ask_.pop_front();
    return ask_next(context);
  }
  const bool newer = replica_.empty() || message.round > next_ ||
                     (message.round == next_ && message.version > replica_.updates());
  if (!newer || !replica_.keepers_answered()) return;
  if (!replica_.take(message, context)) return;
  to_ask_.clear();
  taken_by_ = static_cast<Epoch>(message.weight);
  const bool over = in_step_ && message.round > next_;
  if (over) remember(next_, taken_by_);
  next_ = message.round;
  if (over) return step_is_over(context);
  serve_askers(context);
  begin_next(context);
}

// -- events

void RingWorker::on_message(const Message& message, Context& context) {
  if (message.from.role() != Role::worker) {
    const bool fits = message.kind == MessageKind::parameters && message.shard < options_.shards;
    if (!fits || !replica_.take_keepers(message, context)) {
      return context.reject(message, "parameters that were not asked for");
    }
    return begin_next(context);
  }
  switch (message.kind) {
    case MessageKind::pull:
      return asked_for_replica(message, context);
    case MessageKind::parameters:
      return take_replica(message, context);
    case MessageKind::decline:
      if (message.round < next_) return replica_.hand_to(message.from, next_, taken_by_, context);
      given_up_[{message.round, message.version}].insert(message.from);
      return advance(context);
    case MessageKind::exchange:
    case MessageKind::answer:
      ring_.take(message);
      return advance(context);
    default:
      return context.reject(message, "message that no ring has");
  }
}

void RingWorker::on_membership(const MembershipChange& change, Context& context) {
  std::vector<PeerId> now;
  if (!members_.empty()) now = members_.rbegin()->second;
  for (const PeerId peer : change.left) std::erase(now, peer);
  for (const PeerId peer : change.joined) {
    if (!contains(now, peer)) now.insert(std::lower_bound(now.begin(), now.end(), peer), peer);
  }
  members_[change.epoch] = std::move(now);
  bool shrinks = false;
  for (const PeerId peer : change.left) {
    left_[peer] = change.epoch;
    std::erase_if(askers_, [&](const auto& asker) { return asker.first == peer; });
    replica_.forget(peer);
    const bool asked = !to_ask_.empty() && to_ask_.front() == peer;
    std::erase(to_ask_, peer);
    if (asked) ask_next(context);
    shrinks = shrinks || contains(ranks_, peer);
  }
  if (in_step_ && shrinks) begin_attempt(context);
}

void RingWorker::on_collect(Context& context) {
  const Tensor all = replica_.empty() ? Tensor() : context.snapshot(replica_.parameters());
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    const Range range = shard_range(options_.parameters, options_.shards, shard);
    Message message;
    message.kind = MessageKind::replica;
    message.shard = shard;
    if (!all.empty()) message.payload = all.slice(range.offset, range.length);
    context.send(PeerId::aggregator(shard), std::move(message));
  }
}

void RingWorker::save(MachineState& state) const {
  state.numbers.emplace_back("step", next_);
  state.numbers.emplace_back("updates", replica_.updates());
  if (!replica_.empty()) state.tensors.emplace_back("parameters", replica_.parameters());
}

}  // namespace murm
