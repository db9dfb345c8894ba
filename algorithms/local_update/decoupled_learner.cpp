#include "algorithms/local_update/decoupled_learner.hpp"

#include <algorithm>

#include "algorithms/local_update/windows.hpp"

namespace murm {

Fragments fragments_of(const AlgorithmOptions& options, std::uint32_t shard) {
  constexpr std::uint64_t kFragments = 4;
  const std::size_t length = shard_range(options.parameters, options.shards, shard).length;
  const std::uint64_t wanted = options.fragments == 0 ? kFragments : options.fragments;
  return {length, std::clamp<std::uint64_t>(wanted, 1, std::max<std::uint64_t>(length, 1))};
}

Range DecoupledLearner::Part::due(std::uint64_t in_round) const {
  const Range range = fragments.due(in_round);
  return {offset + range.offset, range.length};
}

DecoupledLearner::DecoupledLearner(const AlgorithmOptions& options, std::uint64_t steps)
    : LocalUpdateWorker(options), steps_(steps), batch_(options.batch) {
  for (std::uint32_t shard = 0; shard < options.shards; ++shard) {
    Part part;
    part.fragments = fragments_of(options, shard);
    part.offset = shard_range(options.parameters, options.shards, shard).offset;
    part.work.resize(part.fragments.count);
    parts_.push_back(std::move(part));
  }
}

void DecoupledLearner::on_message(const Message& message, Context& context) {
  const bool of_shard = message.kind == MessageKind::parameters && message.shard < parts_.size();
  if (!of_shard || !parts_[message.shard].answered) {
    if (of_shard) {
      parts_[message.shard].answered = true;
      parts_[message.shard].round = message.round;
    }
    return LocalUpdateWorker::on_message(message, context);
  }
  const Part& part = parts_[message.shard];
  if (message.round == 0 || message.payload.length() != part.due(message.round - 1).length) {
    return context.reject(message, "fragment of another length");
  }
  merged_.push_back(message);
  share_ = message.weight;
}

std::uint32_t DecoupledLearner::wanted_samples() const {
  return share_ > 0 ? evened_samples(steps_, batch_, share_) : 0;
}

void DecoupledLearner::open_window(Context& context) {
  if (!has_begun()) {
    LocalUpdateWorker::open_window(context);
    reference_ = context.allocate(options().parameters);
    context.copy(reference_, replica());
  }
  take_over(context);
  for (Part& part : parts_) part.read = part.round;
}

void DecoupledLearner::stepped(std::uint32_t samples, Context& context) {
  for (Part& part : parts_) {
    for (Work& work : part.work) {
      work.samples += samples;
      work.steps += 1;
    }
  }
  take_over(context);
}

void DecoupledLearner::take_over(Context& context) {
  for (const Message& message : merged_) {
    Part& part = parts_[message.shard];
    const Range range = part.due(message.round - 1);
    context.copy(replica().slice(range.offset, range.length), message.payload);
    context.copy(reference_.slice(range.offset, range.length), message.payload);
    part.work[(message.round - 1) % part.fragments.count] = {};
    part.round = message.round;
  }
  merged_.clear();
}

void DecoupledLearner::fill(Message& push, const GradientReady& /*content*/, Context& context) {
  const Part& part = parts_[push.shard];
  push.version = part.read;
  push.round = part.round;
  const Work& work = part.work[part.round % part.fragments.count];
  if (work.steps == 0) return;  // a report only
  const Range range = part.due(part.round);
  const Tensor old = reference_.slice(range.offset, range.length);
  push.weight = work.samples * work.samples / work.steps;
  push.payload = pseudo_gradient(std::span(&old, 1), replica().slice(range.offset, range.length),
                                 1.0, context);
}

}  // namespace murm
