#include "algorithms/local_update/demo.hpp"

#include "algorithms/partition.hpp"

namespace murm {

DemoWorker::DemoWorker(const AlgorithmOptions& options, DemoRule rule)
    : ParameterServerWorker({options.parameters, options.shards, options.clip}), rule_(rule) {
  for (std::uint32_t shard = 0; shard < options.shards; ++shard) {
    const Range range = shard_range(options.parameters, options.shards, shard);
    codes_.push_back(make_dct_code(rule.shape, range.length));
  }
}

bool DemoWorker::finish(GradientReady& content, Context& context) {
  ParameterServerWorker::finish(content, context);
  if (momentum_.empty()) {
    momentum_ = context.allocate(options().parameters);
    sent_ = context.allocate(options().parameters);
  }
  context.scale(momentum_, static_cast<float>(rule_.decay));
  context.axpy(momentum_, static_cast<float>(rate_ / content.lease.samples), content.gradient);
  return true;
}

void DemoWorker::fill(Message& push, const GradientReady& /*content*/, Context& context) {
  const Range range = shard_range(options().parameters, options().shards, push.shard);
  const Tensor kept = momentum_.slice(range.offset, range.length);
  const Tensor sent = sent_.slice(range.offset, range.length);
  push.payload = context.encode(*codes_[push.shard], kept);
  if (context.decode(*codes_[push.shard], push.payload, sent)) context.axpy(kept, -1.0F, sent);
}

DemoAggregator::DemoAggregator(const ShardOptions& outer, const DemoRule& rule)
    : BspAggregator(outer), vote_(make_dct_vote(rule.shape, outer.length)) {}

void DemoAggregator::on_start(Context& context) {
  BspAggregator::on_start(context);
  tally_ = context.allocate(vote_->length());
}

void DemoAggregator::on_message(const Message& message, Context& context) {
  if (message.kind != MessageKind::push) return BspAggregator::on_message(message, context);
  Message decoded = message;
  decoded.payload = context.allocate(vote_->length());
  if (!context.decode(*vote_, message.payload, decoded.payload)) {
    return context.reject(message, "payload that no worker of this job makes");
  }
  BspAggregator::on_message(decoded, context);
}

void DemoAggregator::apply(std::span<const Message> contributions, std::uint64_t samples,
                           Context& context) {
  context.copy(tally_, contributions.front().payload);
  for (const Message& each : contributions.subspan(1)) context.axpy(tally_, 1.0F, each.payload);
  const Tensor signs = context.encode(*vote_, tally_);
  shard().step(context, signs, samples, static_cast<double>(samples));
}

}  // namespace murm
