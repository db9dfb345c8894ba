// One shard of the parameters with its optimizer: what every aggregator machine owns.
// Room: algorithms. Tensors are handles; arithmetic is asked of the context.
// Caller: algorithms/parameter_server/asp, bsp, ssp.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "algorithms/machine.hpp"
#include "algorithms/optimizer.hpp"
#include "algorithms/schedule.hpp"

namespace murm {

struct ShardOptions {
  std::uint32_t shard = 0;
  std::size_t length = 0;  // elements of this shard
  OptimizerOptions optimizer;
  Schedule schedule;
};

class Shard {
 public:
  explicit Shard(ShardOptions options) : options_(std::move(options)) {}

  /// Takes the memory and the initial parameters from the context.
  void start(Context& context);
  /// One optimizer step with the mean of `gradient_sum` over `samples`; the version grows by one.
  void step(Context& context, const Tensor& gradient_sum, std::uint64_t samples);
  /// Sends the parameters as of now; one snapshot serves all replies of a version.
  void reply(Context& context, PeerId to);
  /// Staleness of a gradient that was computed at version `read`: updates applied since.
  Version staleness(Version read) const { return read < version_ ? version_ - read : 0; }

  Version version() const { return version_; }
  std::size_t length() const { return options_.length; }

  void save(MachineState& state) const;
  void load(const MachineState& state, Context& context);

 private:
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
