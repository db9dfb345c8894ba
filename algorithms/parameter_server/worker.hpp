// The worker of every parameter-server algorithm: lease, compute, push, wait for the parameters.
// Room: algorithms. What it waits for is decided by the aggregators, which defer their replies.
// Caller: actors/worker; base of algorithms/local_update/worker. Source: algorithms guide, 8.5 (mapping of SSP).
#pragma once
#include <vector>

#include "algorithms/machine.hpp"

namespace murm {

struct ParameterServerWorkerOptions {
  std::size_t parameters = 0;  // length of the flat vector
  std::uint32_t shards = 1;
  double clip = 0;  // global norm of the mean gradient; 0: none
  /// Asks for the next lease when its push is answered, not with it: where answers wait for other workers, a lease in
  /// hand could be what those are waiting for.
  bool asks_late = false;
};

/// A lease is computed once every shard has answered for its clock or a later one; each push asks for
/// the clock that follows it. A lease taken over from a lost worker may belong to a clock that is already
/// open, and is then computed at once (that clock cannot complete before), or to one nobody has asked
/// for, which takes a pull. So more than one question per shard can be open.
/// Parameters may come unasked (`backup`): once those of every shard are newer than what the gradient in progress
/// was begun at, it is given up, and the same lease begins anew.
class ParameterServerWorker : public Machine {
 public:
  explicit ParameterServerWorker(ParameterServerWorkerOptions options);

  void on_start(Context& context) override { context.request_lease(); }
  void on_lease(const Lease& lease, Context& context) override;
  void on_gradient(const GradientReady& gradient, Context& context) override;
  void on_message(const Message& message, Context& context) override;

 protected:
  /// A lease may begin: ask for a gradient.
  virtual void begin(const Lease& lease, Context& context);
  /// A gradient of the lease that is being worked on; false when another has been asked for. Else `content`
  /// is what the lease comes to, summed over its samples.
  virtual bool finish(GradientReady& content, Context& context);

  std::span<const Tensor> parts() const { return parts_; }
  const ParameterServerWorkerOptions& options() const { return options_; }

  /// Samples of the next lease, at most; 0: any number.
  virtual std::uint32_t wanted_samples() const { return 0; }
  /// Message::weight of a push.
  virtual double push_weight() const { return 0; }
  /// What a push tells its shard of `content`, beside the lease: by default the shard's part of it.
  virtual void fill(Message& push, const GradientReady& content, Context& context);
  /// Whether a push is answered, and the next lease waits for that.
  virtual bool waits() const { return true; }
  /// Parameters have come and stand in parts(); the lease that waits for them begins afterwards.
  virtual void received(const Message& /*message*/, Context& /*context*/) {}

 private:
  void ask(MessageKind kind, const GradientReady& content, Context& context);
  void compute_next(Context& context);
  void hear_news(const Message& message, Context& context);
  bool is_open(Step clock) const;
  bool is_awaited(Step clock) const;

  ParameterServerWorkerOptions options_;
  std::vector<Lease> leases_;               // in hand, by id; the one being computed first
  std::vector<Tensor> parts_;               // latest parameters, by shard
  std::vector<Version> versions_;           // of parts_
  std::vector<Version> versions_read_;      // of the gradient being computed
  std::vector<std::vector<Step>> awaited_;  // by shard: clocks asked for and not answered
  std::vector<Step> open_;                  // by shard: clocks below this may be computed
  bool computing_ = false;
  bool wants_lease_ = false;  // once its push is answered
};

}  // namespace murm
