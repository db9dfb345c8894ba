#include "algorithms/parameter_server/ring_replica.hpp"

#include <span>
#include <utility>

#include "algorithms/partition.hpp"

namespace murm {

RingReplica::RingReplica(const AlgorithmOptions& options) : options_(options) {}

void RingReplica::ask_keepers(Context& context) {
  first_ = context.allocate(options_.parameters);
  shards_missing_ = options_.shards;
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    Message pull;
    pull.kind = MessageKind::pull;
    pull.shard = shard;
    context.send(PeerId::aggregator(shard), std::move(pull));
  }
}

bool RingReplica::take_keepers(const Message& message, Context& context) {
  const Range range = shard_range(options_.parameters, options_.shards, message.shard);
  if (shards_missing_ == 0 || message.payload.length() != range.length) return false;
  context.copy(first_.slice(range.offset, range.length), message.payload);
  --shards_missing_;
  return true;
}

void RingReplica::start_from_keepers(Context& context) {
  tensors_.push_back(std::exchange(first_, Tensor()));
  for (std::size_t i = 0; i < optimizer_state_count(options_.optimizer.kind); ++i) {
    tensors_.push_back(context.allocate(options_.parameters));
  }
}

bool RingReplica::take(const Message& message, Context& context) {
  std::vector<Tensor>& parts = coming_[message.from];
  if (message.payload.length() != options_.parameters) {
    context.reject(message, "replica of another length");
    return false;
  }
  if (message.shard == 0) parts.clear();
  if (message.shard != parts.size()) return false;  // the rest of one that was given up
  parts.push_back(message.payload);
  if (parts.size() <= optimizer_state_count(options_.optimizer.kind)) return false;
  if (empty()) start_from_keepers(context);  // for the memory
  for (std::size_t i = 0; i < parts.size(); ++i) context.copy(tensors_[i], parts[i]);
  updates_ = message.version;
  coming_.clear();
  return true;
}

void RingReplica::hand_to(PeerId to, Step step, Epoch attempt, Context& context) const {
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    Message message;
    message.kind = MessageKind::parameters;
    message.round = step;
    message.version = updates_;
    message.shard = static_cast<std::uint32_t>(i);
    message.weight = static_cast<double>(attempt);
    message.payload = context.snapshot(tensors_[i]);
    context.send(to, std::move(message));
  }
}

void RingReplica::step(const Tensor& sum, double samples, SampleCount position, Context& context) {
  const bool by_samples = options_.schedule.clock == ScheduleClock::samples;
  const double now = static_cast<double>(position);
  const double rate = learning_rate_at(options_.schedule, by_samples ? now : now / samples,
                                       by_samples ? samples : 1.0);
  const OptimizerStep step = make_optimizer_step(options_.optimizer, rate, 1.0 / samples,
                                                 ++updates_);
  context.optimizer_step(step, tensors_.front(), sum, std::span(tensors_).subspan(1));
}

}  // namespace murm
