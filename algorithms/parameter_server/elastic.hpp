// Elastic averaging: workers keep replicas of their own, a spring ties each to the centre.
// Room: algorithms. Both sides: the worker explores for H steps, the aggregator holds the centre.
// Caller: actors/worker, actors/aggregator. Source: Zhang, Choromanska, LeCun 2015, Algorithm 1 (EASGD), eq. 5 and 6.
#pragma once
#include <vector>

#include "algorithms/local_update/worker.hpp"
#include "algorithms/parameter_server/gate.hpp"
#include "algorithms/parameter_server/shard.hpp"

namespace murm {

/// Pushes its replica after every window; what comes back is the elastic force e, and x <- x - e. When a lease that
/// was taken over is computed meanwhile, the force waits for its gradient: nobody writes what is being read. A newcomer
/// starts at the centre. Message::weight of what comes back tells which: 1 a force, 0 the centre.
class ElasticWorker final : public LocalUpdateWorker {
 public:
  explicit ElasticWorker(const AlgorithmOptions& options) : LocalUpdateWorker(options) {}

  void on_gradient(const GradientReady& gradient, Context& context) override;
  /// "parameters" is the replica.
  void save(MachineState& state) const override;

 private:
  void open_window(Context& context) override;
  Tensor close_window(double samples, Context& context) override;
  void received(const Message& message, Context& context) override;
  void pull(const Message& force, Context& context);

  bool in_window_ = false;       // a gradient is being computed at the replica
  std::vector<Message> forces_;  // that have come meanwhile
};

struct ElasticRule {
  double alpha = 0.1;        // pull of the centre on a replica: beta / n
  bool synchronous = false;  // all replicas of a step at once, from the centre as it was
};

/// On a replica x: e = alpha (x - centre); centre <- centre + e; e goes back. Asynchronous (aeasgd, eamsgd): at
/// once; synchronous (easgd): when all leases of the step have come, in their order.
class ElasticAggregator final : public Machine {
 public:
  ElasticAggregator(ShardOptions options, ElasticRule rule)
      : shard_(options.shard), length_(options.length), rule_(rule) {}

  void on_start(Context& context) override;
  void on_message(const Message& message, Context& context) override;
  void on_membership(const MembershipChange& change, Context& context) override;
  void save(MachineState& state) const override;
  void load(const MachineState& state, Context& context) override;

 private:
  void on_message_of_step(const Message& message, Context& context);
  const char* misplaced(const Lease& lease) const;
  void collect(const Message& push, Context& context);
  Tensor force(const Message& push, Context& context) const;
  void answer(PeerId to, Tensor payload, double weight, Context& context);

  std::uint32_t shard_;
  std::size_t length_;
  ElasticRule rule_;
  Tensor centre_;
  Version version_ = 0;
  std::uint64_t samples_ = 0;
  Step step_ = 0;                       // synchronous: that is being collected
  std::vector<Message> contributions_;  // of it, by Lease::index
  std::uint32_t arrived_ = 0;
  Gate gate_;  // of pulls
};

}  // namespace murm
