// One shard of the parameters with its optimizer: what every aggregator machine owns.
// Room: algorithms. Tensors are handles; arithmetic is asked of the context.
// Caller: the aggregators of the parameter-server and local-update families.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/algorithm_options.hpp"
#include "algorithms/machine.hpp"

namespace murm {

/// Message::round of parameters that answer no question (Message::dropped is set, as for a push that was not
/// applied: what is computed at older ones will not be). No lease has this id.
constexpr LeaseId unasked = ~LeaseId{0};

inline bool is_unasked(const Message& parameters) {
  return parameters.dropped && parameters.round == unasked;
}

struct ShardOptions {
  std::uint32_t shard = 0;
  std::size_t length = 0;  // elements of this shard
  OptimizerOptions optimizer;
  Schedule schedule;
  /// Above 0: gradients are divided by the rate of their step, times this. What comes in is then a change of
  /// parameters, and momentum is kept in the unit of gradients (SlowMo).
  double rate_divisor = 0;
};

/// The job's optimizer at the server.
ShardOptions shard_options(const AlgorithmOptions& options, std::uint32_t shard);

class Shard {
 public:
  explicit Shard(ShardOptions options) : options_(std::move(options)) {}

  /// Takes the memory and the initial parameters from the context.
  void start(Context& context);
  /// One optimizer step with `weight` times the mean of `gradient_sum` over `samples`; the version grows by
  /// one.
  void step(Context& context, const Tensor& gradient_sum, std::uint64_t samples, double weight = 1);
  /// The caller has changed the parameters by what came of `samples`: the version grows by one.
  void changed(std::uint64_t samples);
  /// Sends the parameters as of now; one snapshot serves all replies of a version.
  void reply(Context& context, PeerId to) { reply(context, to, std::nullopt); }
  /// `weight`: of the message, as the algorithm says.
  void reply(Context& context, PeerId to, double weight);
  /// `dropped`: what is answered is a push of this lease, which was not applied.
  void reply(Context& context, PeerId to, std::optional<LeaseId> dropped);
  /// Sends the parameters to one that has not asked.
  void tell(Context& context, PeerId to) { reply(context, to, std::optional<LeaseId>(unasked)); }
  /// What a reply sends, as of now.
  const Tensor& snapshot(Context& context);
  /// Staleness of a gradient that was computed at version `read`: updates applied since.
  Version staleness(Version read) const { return read < version_ ? version_ - read : 0; }

  Version version() const { return version_; }
  std::size_t length() const { return options_.length; }
  std::uint64_t samples() const { return samples_; }  // applied so far
  const Tensor& parameters() const { return parameters_; }

  void save(MachineState& state) const;
  void load(const MachineState& state, Context& context);

 private:
  Message answer(Context& context);
  double learning_rate(double samples) const;

  ShardOptions options_;
  Tensor parameters_;
  std::vector<Tensor> optimizer_state_;
  Tensor snapshot_;  // of version snapshot_version_
  Version snapshot_version_ = 0;
  Version version_ = 0;
  std::uint64_t samples_ = 0;  // applied so far
  std::uint64_t last_samples_ =
      1;  // of the latest update: the schedule's unit on the samples clock
};

}  // namespace murm
