#include "algorithms/parameter_server/elastic.hpp"

#include "algorithms/partition.hpp"

namespace murm {

void ElasticWorker::received(const Message& message, Context& context) {
  if (message.weight == 0) return;  // the centre, for a newcomer or for a lease taken over
  if (in_window_) return forces_.push_back(message);
  pull(message, context);
}

void ElasticWorker::pull(const Message& force, Context& context) {
  const Range range = shard_range(options().parameters, options().shards, force.shard);
  context.axpy(replica().slice(range.offset, range.length), -1.0F, force.payload);
}

void ElasticWorker::on_gradient(const GradientReady& gradient, Context& context) {
  for (const Message& force : std::exchange(forces_, {})) pull(force, context);
  LocalUpdateWorker::on_gradient(gradient, context);
}

void ElasticWorker::open_window(Context& context) {
  in_window_ = true;
  if (has_begun()) return;  // goes on where it was
  LocalUpdateWorker::open_window(context);
}

Tensor ElasticWorker::close_window(double /*samples*/, Context& context) {
  in_window_ = false;
  return context.snapshot(replica());
}

void ElasticWorker::save(MachineState& state) const {
  LocalUpdateWorker::save(state);
  if (has_begun()) state.tensors.emplace_back("parameters", replica());
}

void ElasticAggregator::on_start(Context& context) {
  centre_ = context.allocate(length_);
  context.copy(centre_, context.initial_parameters());
}

void ElasticAggregator::on_message(const Message& message, Context& context) {
  if (rule_.synchronous) return on_message_of_step(message, context);
  const bool fresh = message.kind == MessageKind::push && context.admit(message.lease);
  if (!fresh) return answer(message.from, context.snapshot(centre_), 0, context);
  const Tensor e = force(message, context);
  context.axpy(centre_, 1.0F, e);
  const Version staleness = message.version < version_ ? version_ - message.version : 0;
  ++version_;
  samples_ += message.lease.samples;
  context.applied(message, staleness);
  answer(message.from, e, 1, context);
}

/// A push asks for the clock that follows it, whether or not somebody else has computed its lease before.
void ElasticAggregator::on_message_of_step(const Message& message, Context& context) {
  Step clock = message.lease.step;
  if (message.kind == MessageKind::push) {
    if (const char* why = misplaced(message.lease); why != nullptr) {
      return context.reject(message, why);
    }
    if (context.admit(message.lease)) return collect(message, context);
    ++clock;
  }
  gate_.pass(message.from, clock, step_,
             [&](PeerId peer) { answer(peer, context.snapshot(centre_), 0, context); });
}

/// What is wrong with a push of this lease; null: nothing.
const char* ElasticAggregator::misplaced(const Lease& lease) const {
  if (lease.step > step_) return "replica of a step that has not begun";
  if (lease.index >= lease.quorum) return "replica without a place in its step";
  const bool other = arrived_ > 0 && lease.step == step_ && lease.quorum != contributions_.size();
  return other ? "replica with another quorum than its step" : nullptr;
}

void ElasticAggregator::collect(const Message& push, Context& context) {
  if (arrived_ == 0) contributions_.assign(push.lease.quorum, Message());
  contributions_[push.lease.index] = push;
  if (++arrived_ < contributions_.size()) return;
  std::vector<Tensor> forces;  // all from the centre as it was
  for (const Message& each : contributions_) forces.push_back(force(each, context));
  for (const Tensor& e : forces) context.axpy(centre_, 1.0F, e);
  ++version_;
  ++step_;
  arrived_ = 0;
  for (std::size_t i = 0; i < forces.size(); ++i) {
    samples_ += contributions_[i].lease.samples;
    context.applied(contributions_[i], 0);
    answer(contributions_[i].from, forces[i], 1, context);
    contributions_[i].payload = Tensor();
  }
  gate_.release(step_, [&](PeerId peer) { answer(peer, context.snapshot(centre_), 0, context); });
}

Tensor ElasticAggregator::force(const Message& push, Context& context) const {
  const Tensor e = context.snapshot(push.payload);
  context.axpy(e, -1.0F, centre_);
  context.scale(e, static_cast<float>(rule_.alpha));
  return e;
}

void ElasticAggregator::answer(PeerId to, Tensor payload, double weight, Context& context) {
  Message message;
  message.kind = MessageKind::parameters;
  message.shard = shard_;
  message.version = version_;
  message.weight = weight;
  message.payload = std::move(payload);
  context.send(to, std::move(message));
}

void ElasticAggregator::on_membership(const MembershipChange& change, Context& /*context*/) {
  for (const PeerId peer : change.left) gate_.forget(peer);
}

void ElasticAggregator::save(MachineState& state) const {
  state.numbers.emplace_back("version", version_);
  state.numbers.emplace_back("samples", samples_);
  state.numbers.emplace_back("step", step_);
  state.numbers.emplace_back("unfinished", arrived_);
  state.tensors.emplace_back("parameters", centre_);
}

void ElasticAggregator::load(const MachineState& state, Context& context) {
  version_ = state.number("version");
  samples_ = state.number("samples");
  step_ = state.number("step");
  require_cut(state);
  context.copy(centre_, state.tensor("parameters"));
}

}  // namespace murm
