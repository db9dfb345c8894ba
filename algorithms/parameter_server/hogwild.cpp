#include "algorithms/parameter_server/hogwild.hpp"

#include "algorithms/partition.hpp"

namespace murm {

HogwildWorker::HogwildWorker(const AlgorithmOptions& options)
    : options_(options), shared_(options.shards), shards_missing_(options.shards) {}

void HogwildWorker::on_start(Context& context) { context.request_lease(); }

/// A lease is the sign that the aggregators know this worker: a pull before that is refused.
void HogwildWorker::ask_for_memory(Context& context) {
  asked_ = true;
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    Message pull;
    pull.kind = MessageKind::pull;
    pull.shard = shard;
    context.send(PeerId::aggregator(shard), std::move(pull));
  }
}

void HogwildWorker::on_message(const Message& message, Context& context) {
  if (message.kind != MessageKind::parameters || message.shard >= options_.shards ||
      !shared_[message.shard].empty()) {
    return context.reject(message, "parameters that were not asked for");
  }
  shared_[message.shard] = message.payload;
  --shards_missing_;
  begin_next(context);
}

void HogwildWorker::on_lease(const Lease& lease, Context& context) {
  leases_.push_back(lease);
  if (!asked_) ask_for_memory(context);
  begin_next(context);
}

void HogwildWorker::begin_next(Context& context) {
  if (computing_ || shards_missing_ > 0 || leases_.empty()) return;
  computing_ = true;
  if (leases_.front().requested) context.request_lease();
  context.compute(leases_.front(), shared_);
}

double HogwildWorker::learning_rate(const Lease& lease) const {
  const bool by_samples = options_.schedule.clock == ScheduleClock::samples;
  const double position = static_cast<double>(lease.position);
  return learning_rate_at(options_.schedule, by_samples ? position : position / options_.batch,
                          by_samples ? lease.samples : 1.0);
}

void HogwildWorker::on_gradient(const GradientReady& gradient, Context& context) {
  const double samples = gradient.lease.samples;
  if (options_.clip > 0) context.clip(gradient.gradient, 1.0 / samples, options_.clip);
  const auto rate = static_cast<float>(-learning_rate(gradient.lease) / samples);
  const auto decay = static_cast<float>(options_.optimizer.weight_decay * samples);
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    const Range range = shard_range(options_.parameters, options_.shards, shard);
    const Tensor part = gradient.gradient.slice(range.offset, range.length);
    if (decay > 0) context.axpy(part, decay, shared_[shard]);
    context.axpy_shared(shared_[shard], rate, part);
    Message done;
    done.kind = MessageKind::push;
    done.shard = shard;
    done.lease = gradient.lease;
    done.loss_sum = gradient.loss_sum;
    context.send(PeerId::aggregator(shard), std::move(done));
  }
  computing_ = false;
  leases_.pop_front();
  begin_next(context);
}

HogwildAggregator::HogwildAggregator(const AlgorithmOptions& options, std::uint32_t shard)
    : shard_(shard), length_(shard_range(options.parameters, options.shards, shard).length) {}

void HogwildAggregator::on_start(Context& context) {
  parameters_ = context.allocate(length_);
  context.copy(parameters_, context.initial_parameters());
}

void HogwildAggregator::on_message(const Message& message, Context& context) {
  if (message.kind == MessageKind::push) {
    if (!context.admit(message.lease)) return;
    Version& read = read_[message.from];
    context.applied(message, version_ - read);
    samples_ += message.lease.samples;
    read = ++version_;
    return;
  }
  if (message.kind != MessageKind::pull) {
    return context.reject(message, "message that is not for an aggregator");
  }
  read_[message.from] = version_;
  Message answer;
  answer.kind = MessageKind::parameters;
  answer.shard = shard_;
  answer.version = version_;
  answer.payload = parameters_;  // itself, no copy of it
  context.send(message.from, std::move(answer));
}

void HogwildAggregator::on_membership(const MembershipChange& change, Context& /*context*/) {
  for (const PeerId peer : change.left) read_.erase(peer);
}

void HogwildAggregator::save(MachineState& state) const {
  state.numbers.emplace_back("version", version_);
  state.numbers.emplace_back("samples", samples_);
  state.tensors.emplace_back("parameters", parameters_);
}

void HogwildAggregator::load(const MachineState& state, Context& context) {
  version_ = state.number("version");
  samples_ = state.number("samples");
  context.copy(parameters_, state.tensor("parameters"));
}

}  // namespace murm
