#include "algorithms/local_update/decoupled_syncer.hpp"

#include <algorithm>
#include <cmath>

#include "algorithms/local_update/radial_mean.hpp"

namespace murm {

void DecoupledSyncer::on_start(Context& context) {
  parameters_ = context.allocate(outer_.length);
  context.copy(parameters_, context.initial_parameters());
  for (std::size_t i = 0; i < optimizer_state_count(outer_.optimizer.kind); ++i) {
    optimizer_state_.push_back(context.allocate(outer_.length));
  }
}

void DecoupledSyncer::on_message(const Message& message, Context& context) {
  if (message.kind == MessageKind::pull) {
    learners_[message.from] = {round_, context.now(), 0};
    return tell(message.from, context.snapshot(parameters_), 0, context);
  }
  const auto learner = learners_.find(message.from);
  if (message.kind != MessageKind::push || learner == learners_.end()) {
    return context.reject(message, "report without having the parameters");
  }
  if (const std::size_t length = message.payload.length(); length > 0) {
    if (length != fragments_.due(message.round).length) {
      return context.reject(message, "fragment of another length");
    }
    if (!(message.weight > 0)) return context.reject(message, "fragment without a weight");
  }
  take_report(message, learner->second, context);
  merge_if_due(context);
}

void DecoupledSyncer::take_report(const Message& push, Learner& learner, Context& context) {
  if (context.admit(push.lease)) {
    samples_ += push.lease.samples;
    context.applied(push, push.version < round_ ? round_ - push.version : 0);
  }
  const double steps = std::ceil(static_cast<double>(push.lease.samples) / rule_.batch);
  learner.step_seconds = std::chrono::duration<double>(context.now() - learner.heard).count() /
                         steps;
  learner.heard = context.now();
  learner.reached = std::clamp(learner.reached + 1, round_, round_ + 1);
  if (push.round == round_ && push.payload.length() > 0) offers_[push.from] = push;
}

bool DecoupledSyncer::everybody_has_offered() const {
  return std::all_of(learners_.begin(), learners_.end(),
                     [&](const auto& entry) { return offers_.contains(entry.first); });
}

void DecoupledSyncer::merge_if_due(Context& context) {
  if (offers_.empty()) return;
  std::uint64_t counted = 0;
  double slowest = 0;
  for (const auto& [peer, offer] : offers_) {
    const auto learner = learners_.find(peer);
    if (learner == learners_.end() || learner->second.reached > round_) ++counted;
    if (learner != learners_.end()) slowest = std::max(slowest, learner->second.step_seconds);
  }
  const std::uint64_t quorum = std::min<std::uint64_t>(rule_.quorum, learners_.size());
  if (counted < std::max<std::uint64_t>(quorum, 1)) return;
  const double grace = rule_.grace_ms < 0 ? slowest : rule_.grace_ms / 1e3;
  if (grace <= 0 || everybody_has_offered()) return merge(context);
  if (!std::exchange(in_grace_, true)) {
    context.set_timer(std::chrono::nanoseconds(std::llround(grace * 1e9)), round_);
  }
}

void DecoupledSyncer::on_timer(std::uint64_t cookie, Context& context) {
  if (in_grace_ && cookie == round_) merge(context);
}

void DecoupledSyncer::merge(Context& context) {
  const Range range = fragments_.due(round_);
  const Tensor mean = mean_of_offers(context);
  std::vector<Tensor> state;
  for (const Tensor& each : optimizer_state_) {
    state.push_back(each.slice(range.offset, range.length));
  }
  const Tensor part = parameters_.slice(range.offset, range.length);
  const OptimizerStep step = make_optimizer_step(outer_.optimizer, outer_.schedule.learning_rate,
                                                 1.0, round_ + 1);
  context.optimizer_step(step, part, mean, state);
  offers_.clear();
  in_grace_ = false;
  ++round_;
  const Tensor merged = context.snapshot(part);
  const double least = fastest();
  for (const auto& [peer, learner] : learners_) {
    tell(peer, merged, learner.step_seconds > 0 ? least / learner.step_seconds : 0, context);
  }
}

Tensor DecoupledSyncer::mean_of_offers(Context& context) const {
  const std::size_t length = fragments_.due(round_).length;
  const Tensor all = context.allocate(offers_.size() * length);
  std::vector<double> weights;
  for (const auto& [peer, offer] : offers_) {
    context.copy(all.slice(weights.size() * length, length), offer.payload);
    weights.push_back(offer.weight);
  }
  RadialMean code(std::move(weights), length);
  return context.encode(code, all);
}

double DecoupledSyncer::fastest() const {
  double least = 0;  // seconds of a step
  for (const auto& [peer, learner] : learners_) {
    const double seconds = learner.step_seconds;
    if (seconds > 0 && (least == 0 || seconds < least)) least = seconds;
  }
  return least;
}

void DecoupledSyncer::tell(PeerId to, const Tensor& payload, double share, Context& context) const {
  Message message;
  message.kind = MessageKind::parameters;
  message.shard = outer_.shard;
  message.version = round_;
  message.round = round_;
  message.weight = share;
  message.learning_rate = outer_.schedule.learning_rate;
  message.payload = payload;
  context.send(to, std::move(message));
}

void DecoupledSyncer::on_membership(const MembershipChange& change, Context& context) {
  for (const PeerId peer : change.left) learners_.erase(peer);
  if (!change.left.empty()) merge_if_due(context);
}

void DecoupledSyncer::save(MachineState& state) const {
  state.numbers.emplace_back("version", round_);
  state.numbers.emplace_back("samples", samples_);
  state.tensors.emplace_back("parameters", parameters_);
  for (std::size_t i = 0; i < optimizer_state_.size(); ++i) {
    state.tensors.emplace_back("optimizer." + std::to_string(i), optimizer_state_[i]);
  }
}

void DecoupledSyncer::load(const MachineState& state, Context& context) {
  round_ = state.number("version");
  samples_ = state.number("samples");
  context.copy(parameters_, state.tensor("parameters"));
  for (std::size_t i = 0; i < optimizer_state_.size(); ++i) {
    context.copy(optimizer_state_[i], state.tensor("optimizer." + std::to_string(i)));
  }
}

}  // namespace murm
