// What all ranks of a ring have alike: the parameters and the state of their optimizer.
// Room: algorithms. Where it comes from at first, and how it is handed on; when, the caller knows.
// Caller: algorithms/parameter_server/ring.
#pragma once
#include <map>
#include <vector>

#include "algorithms/algorithm_options.hpp"
#include "algorithms/machine.hpp"

namespace murm {

/// Empty until it is made of the keepers' parameters, with a fresh optimizer, or of a peer's replica, whole.
/// A replica travels in as many messages as it has tensors: round, the step at whose beginning it is;
/// version, the updates of its optimizer; shard, which tensor; weight, the attempt by which the step before was taken.
class RingReplica {
 public:
  explicit RingReplica(const AlgorithmOptions& options);

  void ask_keepers(Context& context);
  /// Keepers' parameters of one shard; false when they were not asked for.
  bool take_keepers(const Message& message, Context& context);
  bool keepers_answered() const { return shards_missing_ == 0; }
  void start_from_keepers(Context& context);

  /// A tensor of a peer's replica; true when it was the last one, and all of them stand here now.
  bool take(const Message& message, Context& context);
  void forget(PeerId peer) { coming_.erase(peer); }
  void hand_to(PeerId to, Step step, Epoch attempt, Context& context) const;

  /// One optimizer step with the sum over `samples`, of which the first is sample `position` of the run.
  void step(const Tensor& sum, double samples, SampleCount position, Context& context);

  bool empty() const { return tensors_.empty(); }
  const Tensor& parameters() const { return tensors_.front(); }
  std::uint64_t updates() const { return updates_; }

 private:
  AlgorithmOptions options_;
  std::vector<Tensor> tensors_;  // parameters, then the optimizer's
  std::uint64_t updates_ = 0;
  Tensor first_;  // the keepers' parameters
  std::uint32_t shards_missing_ = 0;
  std::map<PeerId, std::vector<Tensor>> coming_;
};

}  // namespace murm
