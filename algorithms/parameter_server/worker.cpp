#include "algorithms/parameter_server/worker.hpp"

#include <algorithm>
#include <utility>

#include "algorithms/parameter_server/shard.hpp"
#include "algorithms/partition.hpp"

namespace murm {

ParameterServerWorker::ParameterServerWorker(ParameterServerWorkerOptions options)
    : options_(options),
      parts_(options.shards),
      versions_(options.shards, 0),
      versions_read_(options.shards, 0),
      awaited_(options.shards),
      open_(options.shards, 0) {}

void ParameterServerWorker::on_lease(const Lease& lease, Context& context) {
  const auto first = leases_.begin() + (computing_ ? 1 : 0);
  const auto place = std::lower_bound(first, leases_.end(), lease,
                                      [](const Lease& a, const Lease& b) { return a.id < b.id; });
  leases_.insert(place, lease);
  compute_next(context);
}

bool ParameterServerWorker::is_open(Step clock) const {
  return std::all_of(open_.begin(), open_.end(),
                     [&](Step open) { return clock < open || (!waits() && open > 0); });
}

bool ParameterServerWorker::is_awaited(Step clock) const {
  return std::any_of(awaited_.begin(), awaited_.end(), [&](const std::vector<Step>& clocks) {
    return std::find(clocks.begin(), clocks.end(), clock) != clocks.end();
  });
}

void ParameterServerWorker::compute_next(Context& context) {
  if (computing_ || leases_.empty()) return;
  const Lease& next = leases_.front();
  if (is_open(next.step)) {
    computing_ = true;
    versions_read_ = versions_;
    begin(next, context);
  } else if (!is_awaited(next.step)) {
    ask(MessageKind::pull, GradientReady{next, Tensor(), 0}, context);
  }
}

void ParameterServerWorker::begin(const Lease& lease, Context& context) {
  context.compute(lease, parts_);
}

bool ParameterServerWorker::finish(GradientReady& content, Context& context) {
  if (options_.clip > 0) {
    context.clip(content.gradient, 1.0 / content.lease.samples, options_.clip);
  }
  return true;
}

void ParameterServerWorker::on_gradient(const GradientReady& gradient, Context& context) {
  GradientReady content = gradient;
  if (!finish(content, context)) return;
  computing_ = false;
  leases_.erase(leases_.begin());
  wants_lease_ = wants_lease_ || (content.lease.requested && options_.asks_late);
  if (content.lease.requested && !options_.asks_late) context.request_lease(wanted_samples());
  ask(MessageKind::push, content, context);
  compute_next(context);
}

void ParameterServerWorker::ask(MessageKind kind, const GradientReady& content, Context& context) {
  const Step clock = content.lease.step + (kind == MessageKind::push ? 1 : 0);
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    Message message;
    message.kind = kind;
    message.shard = shard;
    message.version = versions_read_[shard];
    message.lease = content.lease;
    if (kind == MessageKind::push) {
      message.loss_sum = content.loss_sum;
      message.weight = push_weight();
      fill(message, content, context);
    }
    if (kind == MessageKind::pull || waits()) awaited_[shard].push_back(clock);
    context.send(PeerId::aggregator(shard), std::move(message));
  }
}

void ParameterServerWorker::fill(Message& push, const GradientReady& content,
                                 Context& /*context*/) {
  const Range range = shard_range(options_.parameters, options_.shards, push.shard);
  push.payload = content.gradient.slice(range.offset, range.length);
}

void ParameterServerWorker::hear_news(const Message& message, Context& context) {
  if (message.version < versions_[message.shard]) return;
  parts_[message.shard] = message.payload;
  versions_[message.shard] = message.version;
  // A shard that still waits for this gradient may have nobody else to wait for.
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    if (!computing_ || versions_[shard] <= versions_read_[shard]) return;
  }
  context.cancel();
  versions_read_ = versions_;
  begin(leases_.front(), context);
}

void ParameterServerWorker::on_message(const Message& message, Context& context) {
  if (message.kind == MessageKind::parameters && message.shard < options_.shards &&
      is_unasked(message)) {
    return hear_news(message, context);
  }
  if (message.kind != MessageKind::parameters || message.shard >= options_.shards ||
      awaited_[message.shard].empty()) {
    return context.reject(message, "parameters that were not asked for");
  }
  const Range range = shard_range(options_.parameters, options_.shards, message.shard);
  if (message.payload.length() != range.length) {
    return context.reject(message, "parameters of another length than their shard");
  }
  // Which question is answered is not said; clocks open in order, so it is at least the smallest.
  std::vector<Step>& awaited = awaited_[message.shard];
  const auto answered = std::min_element(awaited.begin(), awaited.end());
  open_[message.shard] = std::max(open_[message.shard], *answered + 1);
  awaited.erase(answered);
  parts_[message.shard] = message.payload;
  versions_[message.shard] = message.version;
  received(message, context);
  const bool answered_by_all = std::all_of(awaited_.begin(), awaited_.end(),
                                           [](const auto& clocks) { return clocks.empty(); });
  if (answered_by_all && std::exchange(wants_lease_, false)) {
    context.request_lease(wanted_samples());
  }
  compute_next(context);
}

}  // namespace murm
