// Streaming DiLoCo: parts of the parameters are sent each at a time of its own, and merged some inner steps later.
// Room: algorithms. Worker side; the other side is algorithms/local_update/outer_aggregator.
// Caller: actors/worker. Source: Douillard et al. 2025, Algorithm 2 (Streaming DiLoCo), arXiv:2501.18512.
#pragma once
#include <deque>
#include <optional>
#include <vector>

#include "algorithms/algorithm_options.hpp"
#include "algorithms/local_update/inner_optimizer.hpp"
#include "algorithms/partition.hpp"

namespace murm {

struct StreamingRule {
  std::uint64_t steps = 50;  // H: inner steps between two sends of a fragment; a lease is that long
  std::uint32_t fragments = 1;  // P: shard s belongs to fragment s mod P
  std::uint64_t overlap = 0;    // tau, at most H: inner steps between a send and its merge
  double mixing = 0;            // alpha: what a merge keeps of the local value
};

/// Fragment p is sent after inner step (p + 1) H / P of each window: D = reference - x, old minus new. tau steps
/// later, waiting if need be: reference <- what the outer step made of it; x <- alpha x + (1 - alpha) reference. What
/// is due at the same step is first sent, then merged. With one fragment, tau = 0 and alpha = 0 it is diloco; with
/// tau = H the "delayed" DiLoCo, each outer step one round late, whose second window begins where the first did.
/// A newcomer merges as if it had been there, what it has being the reference. A lease taken over from a lost worker
/// is not computed: what had not been sent of it is left out of the mean (Context::dropped). To compute it, a worker in
/// the middle of a window, who may be waiting for that very round, would need a second replica.
/// Deviations: fragments are ranges (shards) instead of groups of layers; the outer optimizer is the
/// aggregators', one for all workers; the mean is weighed by samples; the code is the job's, none by default.
class StreamingWorker : public Machine {
 public:
  StreamingWorker(const AlgorithmOptions& options, StreamingRule rule);

  void on_start(Context& context) override { context.request_lease(); }
  void on_lease(const Lease& lease, Context& context) override;
  void on_gradient(const GradientReady& gradient, Context& context) override;
  void on_message(const Message& message, Context& context) override;
  void save(MachineState& state) const override;

 protected:
  /// `push` goes out with the pseudo-gradient of this range, times its samples.
  virtual void sent(const Message& /*push*/, const Range& /*range*/, Context& /*context*/) {}
  /// `reference` of this range is what the aggregator has sent; x follows it.
  virtual void merging(const Tensor& /*reference*/, const Range& /*range*/, Context& /*context*/) {}

 private:
  struct Due {
    Step rounds = 0;         // closed ones that it waits for
    std::uint64_t step = 0;  // inner steps after which it is merged
  };
  struct Part {
    Range range;
    std::uint64_t offset = 0;  // inner steps of a window before it is sent
    bool sent = false;         // in this window
    std::deque<Due> due;       // merges, in order
    std::uint32_t asked = 0;   // questions without an answer
    Tensor latest;             // answer
    Step rounds = 0;           // closed in it
    Version version = 0;       // of it
    Version version_read = 0;  // of the reference
  };

  void give_up(const Lease& lease, Context& context);
  void ask(std::uint32_t shard, Message message, Context& context);
  void enter(Context& context);
  void begin_window(Context& context);
  void push(std::uint32_t shard, Context& context);
  void merge(Part& part, Context& context);
  void merge_due(Part& part, Context& context);
  void go_on(Context& context);

  StreamingRule rule_;
  std::uint32_t batch_;
  InnerOptimizer inner_;
  std::size_t length_;
  std::vector<Part> parts_;  // by shard
  Tensor replica_;           // x [parameters]
  Tensor reference_;         // [parameters]
  std::optional<Lease> window_;
  std::optional<Lease> next_;  // after it
  std::uint64_t place_ = 0;    // inner steps of the window
  std::uint32_t done_ = 0;     // samples of it
  double loss_sum_ = 0;        // over these
  bool computing_ = false;
};

}  // namespace murm
