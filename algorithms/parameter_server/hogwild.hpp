// Hogwild: the workers of one process step one and the same parameters, without a lock and without asking anybody.
// Room: algorithms. The only algorithm whose machines share memory: a tensor of the aggregator's is the payload of a message.
// Caller: actors/worker, actors/aggregator; refused where workers are in other processes. Source: Niu, Recht, Re & Wright
// 2011, Algorithm 1, arXiv:1106.5730.
#pragma once
#include <deque>
#include <map>
#include <vector>

#include "algorithms/algorithm_options.hpp"
#include "algorithms/machine.hpp"

namespace murm {

/// x <- x - lr g / b, number by number, each atomically (relaxed) and all of them in no order. Deviations: gradients
/// are dense, so that everybody writes every number (the paper's rate needs sparse ones); a mini-batch with weight
/// decay and clipping instead of one sample; lr follows the job's schedule by the lease's place in the run.
/// Gradients are computed while others write what they read; a simulation reads all of it as the step begins.
class HogwildWorker final : public Machine {
 public:
  explicit HogwildWorker(const AlgorithmOptions& options);

  void on_start(Context& context) override;
  void on_lease(const Lease& lease, Context& context) override;
  void on_gradient(const GradientReady& gradient, Context& context) override;
  void on_message(const Message& message, Context& context) override;

 private:
  void ask_for_memory(Context& context);
  void begin_next(Context& context);
  double learning_rate(const Lease& lease) const;

  AlgorithmOptions options_;
  std::vector<Tensor> shared_;  // the parameters themselves, by shard
  std::uint32_t shards_missing_;
  bool asked_ = false;
  std::deque<Lease> leases_;  // in hand; the one being computed first
  bool computing_ = false;
};

/// Owns the memory and hears what was done to it: a push has no payload and is not answered. A step whose worker is
/// lost before it was heard of stays in the parameters, and its lease is computed again.
class HogwildAggregator final : public Machine {
 public:
  HogwildAggregator(const AlgorithmOptions& options, std::uint32_t shard);

  void on_start(Context& context) override;
  void on_message(const Message& message, Context& context) override;
  void on_membership(const MembershipChange& change, Context& context) override;
  void save(MachineState& state) const override;
  void load(const MachineState& state, Context& context) override;

 private:
  std::uint32_t shard_;
  std::size_t length_;
  Tensor parameters_;
  std::map<PeerId, Version> read_;  // version at which each worker began its gradient
  Version version_ = 0;             // steps heard of
  std::uint64_t samples_ = 0;       // in them
};

}  // namespace murm
