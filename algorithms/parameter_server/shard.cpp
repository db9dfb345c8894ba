#include "algorithms/parameter_server/shard.hpp"

#include <algorithm>

#include "algorithms/partition.hpp"

namespace murm {

ShardOptions shard_options(const AlgorithmOptions& options, std::uint32_t shard) {
  const auto range = shard_range(options.parameters, options.shards, shard);
  ShardOptions result{shard, range.length, options.optimizer, options.schedule};
  result.optimizer.blocks = blocks_within(options.optimizer.blocks, range.offset, range.length);
  return result;
}

void Shard::start(Context& context) {
  parameters_ = context.allocate(options_.length);
  context.copy(parameters_, context.initial_parameters());
  const std::size_t count = optimizer_state_count(options_.optimizer.kind);
  for (std::size_t i = 0; i < count; ++i)
    optimizer_state_.push_back(context.allocate(options_.length));
}

double Shard::learning_rate(double samples) const {
  const bool by_samples = options_.schedule.clock == ScheduleClock::samples;
  const double now = static_cast<double>(by_samples ? samples_ : version_);
  return learning_rate_at(options_.schedule, now, by_samples ? samples : 1.0);
}

void Shard::step(Context& context, const Tensor& gradient_sum, std::uint64_t samples,
                 double weight) {
  const double count = static_cast<double>(samples);
  const double rate = learning_rate(count);
  const bool divides = options_.rate_divisor > 0 && rate > 0;  // at rate 0 nothing moves anyway
  const double divisor = divides ? options_.rate_divisor / rate : 1;
  const OptimizerStep step = make_optimizer_step(options_.optimizer, rate, weight / count * divisor,
                                                 version_ + 1);
  context.optimizer_step(step, parameters_, gradient_sum, optimizer_state_);
  changed(samples);
}

void Shard::changed(std::uint64_t samples) {
  ++version_;
  samples_ += samples;
  last_samples_ = samples;
}

const Tensor& Shard::snapshot(Context& context) {
  if (snapshot_.empty() || snapshot_version_ != version_) {
    snapshot_ = Tensor();  // back to its pool first, so that the pool can hand it out again
    snapshot_ = context.snapshot(parameters_);
    snapshot_version_ = version_;
  }
  return snapshot_;
}

Message Shard::answer(Context& context) {
  Message message;
  message.kind = MessageKind::parameters;
  message.shard = options_.shard;
  message.version = version_;
  message.learning_rate = learning_rate(static_cast<double>(last_samples_));
  message.payload = snapshot(context);
  return message;
}

void Shard::reply(Context& context, PeerId to, double weight) {
  Message message = answer(context);
  message.weight = weight;
  context.send(to, std::move(message));
}

void Shard::reply(Context& context, PeerId to, std::optional<LeaseId> dropped) {
  Message message = answer(context);
  message.dropped = dropped.has_value();
  message.round = dropped.value_or(0);
  context.send(to, std::move(message));
}

void Shard::save(MachineState& state) const {
  state.numbers.emplace_back("version", version_);
  state.numbers.emplace_back("samples", samples_);
  state.numbers.emplace_back("last_samples", last_samples_);
  state.tensors.emplace_back("parameters", parameters_);
  for (std::size_t i = 0; i < optimizer_state_.size(); ++i) {
    state.tensors.emplace_back("optimizer." + std::to_string(i), optimizer_state_[i]);
  }
}

void Shard::load(const MachineState& state, Context& context) {
  version_ = state.number("version");
  samples_ = state.number("samples");
  last_samples_ = state.number("last_samples");
  context.copy(parameters_, state.tensor("parameters"));
  for (std::size_t i = 0; i < optimizer_state_.size(); ++i) {
    context.copy(optimizer_state_[i], state.tensor("optimizer." + std::to_string(i)));
  }
  snapshot_ = Tensor();
}

}  // namespace murm
