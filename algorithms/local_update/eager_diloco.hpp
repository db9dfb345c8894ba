// Eager DiLoCo: the worker's own newest pseudo-gradient, with the others' of the round before.
// Room: algorithms. Worker side; the other side is algorithms/local_update/outer_aggregator.
// Caller: actors/worker. Source: Kale, Douillard & Donchev 2025, eager updates, arXiv:2502.12996.
#pragma once
#include "algorithms/local_update/streaming_diloco.hpp"

namespace murm {

/// The outer gradient of worker i after its round t is D_i(t) / n + mean D(t-1) - D_i(t-1) / n. Outer steps are linear
/// in what they are given, so its part of means is taken by the aggregators, one round late, as with delayed-diloco,
/// and its own part, (D_i(t) - D_i(t-1)) / n, by the worker with an outer optimizer of its own: its parameters are
/// the sum of both. The own part forgets, so workers do not drift apart, and a newcomer needs no outer state.
/// Deviations: the model is the aggregators' part, with every round in it (a worker's has only its own of the newest);
/// n is the number of leases of the round, also when the mean is over fewer; a code bears on the means only.
class EagerWorker final : public StreamingWorker {
 public:
  /// `outer`: the aggregators' optimizer, `lr` its rate.
  EagerWorker(const AlgorithmOptions& options, StreamingRule rule, OptimizerOptions outer,
              double lr);

 private:
  void sent(const Message& push, const Range& range, Context& context) override;
  void merging(const Tensor& reference, const Range& range, Context& context) override;

  OptimizerOptions outer_;
  double lr_;
  std::size_t length_;
  Tensor own_;                 // the sum of this worker's own outer steps [parameters]
  std::vector<Tensor> state_;  // of their optimizer
  Tensor before_;              // D_i of the round before
};

}  // namespace murm
