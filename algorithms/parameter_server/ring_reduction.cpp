#include "algorithms/parameter_server/ring_reduction.hpp"

#include <algorithm>

#include "algorithms/partition.hpp"

namespace murm {

void RingReduction::begin(std::uint64_t round, Epoch attempt, std::vector<PeerId> ranks,
                          PeerId self) {
  key_ = {round, attempt};
  ranks_ = std::move(ranks);
  position_ = static_cast<std::size_t>(std::find(ranks_.begin(), ranks_.end(), self) -
                                       ranks_.begin());
  contributed_ = false;
  hops_ = 0;
  inbox_.erase(inbox_.begin(), inbox_.lower_bound(key_));
}

Tensor RingReduction::chunk(std::size_t index) const {
  const Range range = shard_range(length_, ranks_.size(), index);
  return sum_.slice(range.offset, range.length);
}

void RingReduction::send(MessageKind kind, std::size_t index, Tensor payload, double samples,
                         Context& context) {
  Message message;
  message.kind = kind;
  message.round = key_.first;
  message.version = key_.second;
  message.shard = static_cast<std::uint32_t>(index);
  message.weight = samples;
  message.payload = std::move(payload);
  context.send(ranks_[(position_ + 1) % ranks_.size()], std::move(message));
}

void RingReduction::contribute(const Tensor& values, double samples, Context& context) {
  contributed_ = true;
  if (sum_.empty()) sum_ = context.allocate(length_);
  context.copy(sum_, values);
  own_samples_ = samples;
  samples_ = samples;
  if (ranks_.size() == 1) return;
  const Tensor own = chunk(position_);
  send(MessageKind::exchange, position_, own.length() == 0 ? Tensor() : context.snapshot(own),
       samples, context);
}

void RingReduction::take(const Message& message) {
  const Key key{message.round, message.version};
  if (key >= key_) inbox_[key][{message.kind, message.shard}] = message;
}

bool RingReduction::advance(Context& context) {
  while (hop(context)) {
  }
  return hops_ == 2 * (ranks_.size() - 1);
}

/// One hop, if its message is there.
bool RingReduction::hop(Context& context) {
  const std::size_t n = ranks_.size();
  if (hops_ == 2 * (n - 1)) return false;
  const bool gathers = hops_ >= n - 1;
  const std::size_t k = gathers ? hops_ - (n - 1) : hops_;
  const std::size_t index = (position_ + 2 * n - k - (gathers ? 0 : 1)) % n;
  const MessageKind kind = gathers ? MessageKind::answer : MessageKind::exchange;
  auto& box = inbox_[key_];
  const auto found = box.find({kind, static_cast<std::uint32_t>(index)});
  if (found == box.end()) return false;
  const Message message = std::move(found->second);
  box.erase(found);
  const Tensor part = chunk(index);
  if (message.payload.length() != part.length()) {
    context.reject(message, "chunk of another length than its place in the ring");
    return false;
  }
  ++hops_;
  const bool last = k + 1 == n - 1;
  if (gathers) {
    samples_ = message.weight;
    if (part.length() > 0) context.copy(part, message.payload);
    if (!last) send(kind, index, message.payload, message.weight, context);
    return true;
  }
  samples_ = message.weight + own_samples_;
  if (part.length() > 0) context.axpy(part, 1.0F, message.payload);
  send(last ? MessageKind::answer : kind, index,
       part.length() == 0 ? Tensor() : context.snapshot(part), samples_, context);
  return true;
}

}  // namespace murm
