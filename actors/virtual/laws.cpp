#include "actors/virtual/laws.hpp"

#include <algorithm>
#include <cmath>

namespace murm {

namespace {

[[noreturn]] void broken(const std::string& law) { throw LawBroken(law); }

std::string of_lease(const Lease& lease) { return "lease " + std::to_string(lease.id); }

/// The scale is 1 / samples, rounded to single precision.
bool is_mean_over(float scale, std::uint64_t samples) {
  return std::abs(static_cast<double>(scale) * static_cast<double>(samples) - 1.0) < 1e-6;
}

}  // namespace

Laws::Laws(LawOptions options) : options_(options), shards_(options.shards) {}

void Laws::begin_course(const LawOptions& options, std::span<const Beginning> shards) {
  options_ = options;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    Shard& shard = shards_[i];
    shard.version = shards[i].version;
    shard.content = shards[i].content;
    shard.sent = 0;
    shard.floor = 0;
    shard.clocks.clear();
  }
}

void Laws::granted(const Lease& lease, PeerId worker) {
  if (lease.id >= holders_.size()) {
    holders_.resize(lease.id + 1);
    ends_.resize(lease.id + 1, 0);
  }
  ends_[lease.id] = lease.position + lease.samples;
  // Leases of a step are handed out in any order: each border is looked at once both sides are known.
  const bool after = lease.id == 0
                         ? lease.position != 0
                         : ends_[lease.id - 1] != 0 && ends_[lease.id - 1] != lease.position;
  if (after) {
    broken(of_lease(lease) + " begins at sample " + std::to_string(lease.position) +
           ", so samples are missing or in two leases");
  }
  holders_[lease.id] = worker;
}

void Laws::begins(const Lease& lease, PeerId worker) const {
  if (lease.id >= holders_.size() || holders_[lease.id] != worker) {
    broken(of_lease(lease) + " is computed by " + to_string(worker) + ", which does not hold it");
  }
  if (!options_.synchronous || options_.replicas) return;
  for (const Shard& shard : shards_) {
    if (lease.step > shard.floor && lease.step - shard.floor > options_.staleness) {
      broken("clock " + std::to_string(lease.step) + " begins while the slowest is at " +
             std::to_string(shard.floor) + ", more than " + std::to_string(options_.staleness) +
             " behind");
    }
  }
}

void Laws::pushed(const WorkerReads& reads, const Message& message) const {
  if (!(VirtualTensors::provenance(message.payload) == Provenance::of(message.lease.id))) {
    broken("the push of " + of_lease(message.lease) + " does not carry its gradient");
  }
  if (message.shard >= reads.read.size() || message.version != reads.read[message.shard]) {
    broken("the push of " + of_lease(message.lease) + " names version " +
           std::to_string(message.version) + ", which it was not computed at");
  }
}

void Laws::computes(WorkerReads& reads, std::span<const Tensor> parameters) const {
  if (parameters.size() != options_.shards || reads.received.size() != options_.shards) {
    broken("a gradient is computed before every shard has sent its parameters");
  }
  reads.read.resize(options_.shards);
  for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
    const WorkerReads::Part& latest = reads.received[shard];
    if (parameters[shard].empty() ||
        VirtualTensors::provenance(parameters[shard]).set != latest.content) {
      broken("a gradient is computed at other parameters of shard " + std::to_string(shard) +
             " than version " + std::to_string(latest.version) + ", the last received");
    }
    reads.read[shard] = latest.version;
  }
}

void Laws::judge_sent(const Shard& shard, const ShardEffects& effects) const {
  for (const SentParameters& sent : effects.sent) {
    if (sent.version != shard.version) {
      broken("parameters are sent as version " + std::to_string(sent.version) + " after " +
             std::to_string(shard.version) + " optimizer steps");
    }
    if (sent.content != shard.content) {
      broken("the parameters that are sent are not those of version " +
             std::to_string(shard.version));
    }
  }
}

void Laws::parameters_received(WorkerReads& reads, const Message& message) const {
  if (reads.received.size() < options_.shards) reads.received.resize(options_.shards);
  WorkerReads::Part& latest = reads.received[message.shard];
  if (message.version < latest.version) {
    broken("version " + std::to_string(message.version) + " arrives after version " +
           std::to_string(latest.version));
  }
  latest = {message.version, VirtualTensors::provenance(message.payload).set};
}

void Laws::settle(std::uint32_t index, const ShardEffects& effects, const Ledger& ledger) {
  Shard& shard = shards_[index];
  if (!effects.rejected.empty()) broken("a gradient of ours was refused: " + effects.rejected);
  if (!options_.plain_gradients) return judge_counts(shard, effects, ledger);
  if (options_.combines) {
    judge_combined(shard, effects);
  } else {
    judge_single(shard, effects);
  }
  for (const AppliedGradient& applied : effects.applied) {
    shard.content += Provenance::of(applied.lease.id).set;
    if (options_.synchronous) count_clock(shard, applied.lease);
  }
  shard.applied += effects.applied.size();
  shard.dropped += effects.dropped.size();
  shard.version += effects.steps.size();
  // A step of bsp keeps what it has admitted until it is complete.
  const bool collecting = options_.combines && effects.steps.empty();
  const std::uint64_t admitted = ledger.admitted_count() - ledger.dropped_count();
  if (ledger.applied_count() != shard.applied || admitted < shard.applied ||
      (admitted != shard.applied && !collecting)) {
    broken(std::to_string(admitted) + " gradients were admitted and " +
           std::to_string(shard.applied) + " applied");
  }
  if (!effects.steps.empty() && effects.steps.back().parameters != shard.content) {
    broken("the parameters do not consist of the gradients that were applied");
  }
  judge_sent(shard, effects);
}

void Laws::judge_counts(Shard& shard, const ShardEffects& effects, const Ledger& ledger) const {
  for (const AppliedGradient& applied : effects.applied) {
    if (options_.synchronous && !options_.replicas) count_clock(shard, applied.lease);
  }
  for (const Lease& dropped : effects.dropped) {
    if (options_.synchronous && !options_.replicas) count_clock(shard, dropped);
  }
  shard.applied += effects.applied.size();
  shard.dropped += effects.dropped.size();
  shard.version += effects.steps.size();
  if (ledger.applied_count() != shard.applied ||
      ledger.admitted_count() < shard.applied + shard.dropped) {
    broken(std::to_string(ledger.admitted_count()) + " leases were admitted and " +
           std::to_string(shard.applied) + " applied");
  }
  for (const SentParameters& sent : effects.sent) {
    if (sent.version < shard.sent) {
      broken("version " + std::to_string(sent.version) + " is sent after version " +
             std::to_string(shard.sent));
    }
    shard.sent = sent.version;
  }
}

void Laws::judge_combined(Shard& shard, const ShardEffects& effects) const {
  if (effects.applied.empty() && effects.steps.empty()) return;
  if (effects.steps.size() != 1) {
    broken(std::to_string(effects.applied.size()) + " gradients of a step were applied in " +
           std::to_string(effects.steps.size()) + " optimizer steps");
  }
  std::vector<const Lease*> leases;
  std::uint64_t samples = 0;
  for (const AppliedGradient& applied : effects.applied) {
    leases.push_back(&applied.lease);
    samples += applied.lease.samples;
    if (applied.read != shard.version || applied.staleness != 0) {
      broken("the gradient of " + of_lease(applied.lease) + " was computed at version " +
             std::to_string(applied.read) + " and applied to version " +
             std::to_string(shard.version));
    }
  }
  std::sort(leases.begin(), leases.end(),
            [](const Lease* a, const Lease* b) { return a->index < b->index; });
  if (leases.size() != leases.front()->quorum) {
    broken("a step of " + std::to_string(leases.front()->quorum) + " leases was closed with " +
           std::to_string(leases.size()));
  }
  Provenance expected = Provenance::of(leases.front()->id);
  for (std::size_t i = 1; i < leases.size(); ++i) expected.add(Provenance::of(leases[i]->id));
  const StepTaken& step = effects.steps.front();
  if (step.gradient.set != expected.set) {
    broken("the sum of step " + std::to_string(leases.front()->step) +
           " does not consist of the gradients of its leases");
  }
  if (step.gradient.sequence != expected.sequence) {
    broken("the gradients of step " + std::to_string(leases.front()->step) +
           " were not added in the order of their leases");
  }
  if (!is_mean_over(step.gradient_scale, samples)) {
    broken("step " + std::to_string(leases.front()->step) + " is not the mean over its samples");
  }
}

void Laws::judge_single(Shard& shard, const ShardEffects& effects) const {
  if (effects.applied.size() != effects.steps.size()) {
    broken(std::to_string(effects.applied.size()) + " gradients were applied in " +
           std::to_string(effects.steps.size()) + " optimizer steps");
  }
  Version version = shard.version;
  for (std::size_t i = 0; i < effects.steps.size(); ++i, ++version) {
    const AppliedGradient& applied = effects.applied[i];
    const StepTaken& step = effects.steps[i];
    if (!(step.gradient == Provenance::of(applied.lease.id))) {
      broken("the optimizer step for " + of_lease(applied.lease) + " used another gradient");
    }
    if (!options_.weighs && !is_mean_over(step.gradient_scale, applied.lease.samples)) {
      broken("the optimizer step for " + of_lease(applied.lease) +
             " is not the mean over its samples");
    }
    if (applied.read > version || applied.staleness != version - applied.read) {
      broken("the gradient of " + of_lease(applied.lease) + " was read at version " +
             std::to_string(applied.read) + ", applied at " + std::to_string(version) +
             " and is said to be stale by " + std::to_string(applied.staleness));
    }
  }
}

void Laws::count_clock(Shard& shard, const Lease& lease) const {
  if (lease.step < shard.floor) {
    broken(of_lease(lease) + " of clock " + std::to_string(lease.step) +
           " is applied though all of that clock were");
  }
  const std::size_t place = lease.step - shard.floor;
  if (place >= shard.clocks.size()) shard.clocks.resize(place + 1);
  Clock& clock = shard.clocks[place];
  clock.quorum = lease.quorum;
  ++clock.arrived;
  if (clock.arrived > clock.quorum) {
    broken("clock " + std::to_string(lease.step) + " got more gradients than leases");
  }
  while (!shard.clocks.empty() && shard.clocks.front().quorum != 0 &&
         shard.clocks.front().arrived == shard.clocks.front().quorum) {
    shard.clocks.pop_front();
    ++shard.floor;
  }
  // The paper's bound, with the iteration in progress: max c - min c <= s + 1.
  if (shard.clocks.size() > options_.staleness + 1) {
    broken("clocks are " + std::to_string(shard.clocks.size()) + " apart, at most " +
           std::to_string(options_.staleness + 1) + " are allowed");
  }
}

void Laws::at_end(LeaseId leases, bool finished) const {
  if (!finished) return;
  for (const Shard& shard : shards_) {
    if (shard.applied + shard.dropped != leases) {
      broken(std::to_string(leases) + " leases were handed out and " +
             std::to_string(shard.applied) + " applied, " + std::to_string(shard.dropped) +
             " dropped");
    }
  }
}

}  // namespace murm
