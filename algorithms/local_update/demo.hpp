// DeMo: each worker keeps its momentum to itself and sends, in every step, what stands out in it.
// Room: algorithms. Both sides: workers as in bsp, whose pushes are coded, and an aggregator that counts signs.
// Caller: actors/worker, actors/aggregator. Source: Peng, Quesnelle & Kingma 2024, Algorithm 1 (DeMo), arXiv:2411.19870.
#pragma once
#include <memory>
#include <vector>

#include "algorithms/local_update/dct_code.hpp"
#include "algorithms/parameter_server/bsp.hpp"
#include "algorithms/parameter_server/worker.hpp"

namespace murm {

struct DemoRule {
  DctShape shape;
  double decay = 0.999;  // beta
};

/// d <- beta d + lr g, q the k largest DCT coefficients of each chunk of d, d <- d - IDCT(q), push q. A worker that joins
/// begins with d = 0; what one that leaves had kept is lost with it, and so is what it pushed for a lease that another
/// has already delivered.
class DemoWorker final : public ParameterServerWorker {
 public:
  DemoWorker(const AlgorithmOptions& options, DemoRule rule);

 private:
  bool finish(GradientReady& content, Context& context) override;
  void fill(Message& push, const GradientReady& content, Context& context) override;
  void received(const Message& answer, Context& /*context*/) override {
    rate_ = answer.learning_rate;
  }

  DemoRule rule_;
  double rate_ = 0;
  Tensor momentum_;                            // d, [parameters]
  Tensor sent_;                                // what the receiver learns of it
  std::vector<std::unique_ptr<Codec>> codes_;  // by shard
};

/// x <- x - lr sign(IDCT(mean of q over those who sent it)), with decoupled weight decay. Payloads are added in the order of
/// their leases. `outer` is plain sgd, its rate that of a sign.
/// Deviations: the aggregator decodes for all instead of each worker for itself, so replicas cannot drift apart, and answers with
/// parameters; workers count alike, whatever the samples of their leases.
class DemoAggregator final : public BspAggregator {
 public:
  DemoAggregator(const ShardOptions& outer, const DemoRule& rule);

  void on_start(Context& context) override;
  void on_message(const Message& message, Context& context) override;

 private:
  void apply(std::span<const Message> contributions, std::uint64_t samples,
             Context& context) override;

  std::unique_ptr<Codec> vote_;
  Tensor tally_;  // sums of coefficients, then how many sent them
};

}  // namespace murm
