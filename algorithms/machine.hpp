// The algorithm interface: a machine is told what happened and answers through its context.
// Room: algorithms. Pure and deterministic: no socket, clock, thread, device or number of a tensor.
// Caller: the drivers (actors/worker, actors/aggregator). Source: architecture, section 2.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "algorithms/optimizer.hpp"
#include "algorithms/tensor.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {

/// The samples of one gradient: a range of the run's endless stream of shuffled epochs.
struct Lease {
  LeaseId id = 0;
  Step step = 0;            // the step it belongs to; asynchronous: counts the grants of its worker
  std::uint32_t index = 0;  // place among the leases of its step, from 0: the order of reduction
  std::uint32_t quorum = 1;   // leases of its step, fixed when the step was planned
  SampleCount position = 0;   // first sample in the stream; epoch = position / size of the data set
  std::uint32_t samples = 0;  // at least 1
  bool requested = true;      // answers a request of this worker; false: taken over from a lost one
  Epoch epoch = 0;  // membership epoch in which its step was planned: who else has a lease of it
};

/// A gradient has been computed. `gradient` is the SUM over the samples of the lease (not the mean):
/// sums of sums need no rescaling, so accumulation on one worker and reduction over many are the same
/// additions in the same order.
struct GradientReady {
  Lease lease;
  Tensor gradient;      // [parameters], fp32, the machine's from here on
  double loss_sum = 0;  // summed over the samples
};

enum class MessageKind : std::uint8_t {
  pull = 1,  // worker -> aggregator: send me your shard; worker -> worker: your replica
  push = 2,  // worker -> aggregator: what came of a lease; without payload: only that it is done
  parameters = 3,  // answers exactly one pull or push
  exchange = 4,    // worker -> worker: (part of) the sender's replica, or a share of it
  answer = 5,      // worker -> worker: answers an exchange
  decline = 6,     // worker -> worker: the exchange does not take place
  replica = 7,     // worker -> aggregator, at a cut: the sender's replica, this shard's range
};

/// What machines say to each other. The driver fills in `from` and `course` and frames it for the network.
struct Message {
  MessageKind kind = MessageKind::pull;
  PeerId from;
  std::uint32_t course =
      0;  // how often the run had changed its algorithm: never seen by a machine of another
  std::uint32_t shard = 0;   // between workers: which part of the vector, as the algorithm counts
  Version version = 0;       // push: version the worker read; parameters: version sent
  Lease lease;               // push; pull: its step is the clock asked for
  double loss_sum = 0;       // push
  double learning_rate = 0;  // parameters: rate of the next update, for reports of divergence
  std::uint64_t round = 0;   // of the algorithm: a round, an exchange, a staleness
  double weight = 0;         // of the algorithm: push-sum weight, share, tokens
  bool dropped =
      false;       // parameters: the push of lease `round` was not applied; push: done without
  Tensor payload;  // push: gradient range; parameters: the shard; immutable
};

struct MembershipChange {
  Epoch epoch = 0;
  std::vector<PeerId> joined;
  std::vector<PeerId> left;
};

/// The discrete state of a machine and the tensors it owns, by name: checkpoints and tests read it.
struct MachineState {
  std::vector<std::pair<std::string, std::uint64_t>> numbers;
  std::vector<std::pair<std::string, Tensor>> tensors;
  std::uint64_t number(const std::string& name) const;  // throws InputError when missing
  const Tensor& tensor(const std::string& name) const;  // throws InputError when missing
};

/// Reports read a state at any time; training continues only from a cut, where the number "unfinished"
/// is 0. Throws InputError otherwise.
void require_cut(const MachineState& state);

class Codec;
struct Compensation;
struct RobustOptions;

/// The only door of a machine to the world. Effects of one event happen in the order they were asked
/// for, and before the effects of the next event (as if sequential, per peer).
class Context {
 public:
  virtual ~Context() = default;

  virtual PeerId self() const = 0;

  // -- time
  /// When the event that is being handled happened, on the clock of this machine's host.
  virtual std::chrono::nanoseconds now() const = 0;
  /// Calls `on_timer(cookie)` after `delay`. Timers are not taken back: a machine knows which cookie is
  /// still of interest to it.
  virtual void set_timer(std::chrono::nanoseconds delay, std::uint64_t cookie) = 0;

  // -- work (worker side)
  /// Asks the data steward for a lease, of at most `samples` if not 0 (heeded where leases are not planned
  /// in steps); answered by `on_lease`, perhaps much later. One request at a time.
  virtual void request_lease(std::uint32_t samples) = 0;
  void request_lease() { request_lease(0); }
  /// Computes the gradient of `lease` at the parameters whose consecutive parts are `parameters`
  /// (read as they are now); answered by `on_gradient`. At most one is outstanding.
  virtual void compute(const Lease& lease, std::span<const Tensor> parameters) = 0;
  /// Gives up the outstanding computation, if there is one: its `on_gradient` will not come.
  virtual void cancel() = 0;

  // -- leases (aggregator side)
  /// True the first time this shard is offered `lease`; a refusal is counted by the driver.
  virtual bool admit(const Lease& lease) = 0;
  /// The gradient in `push` is now in this shard's parameters, `staleness` updates after its read.
  virtual void applied(const Message& push, Version staleness) = 0;

  /// The lease of `push` is done with, but its gradient will never be in this shard's parameters: the
  /// algorithm does without it. Counted apart.
  virtual void dropped(const Message& push) = 0;

  /// This shard's range of the initial parameters, for `on_start`.
  virtual Tensor initial_parameters() = 0;
  /// Answers `on_collect`: the parameters that `save` gives are now those of the whole run.
  virtual void collected() = 0;

  // -- tensors: verbs are carried out in order
  virtual Tensor allocate(std::size_t length) = 0;    // zeros, mutable, owned by the caller
  virtual Tensor snapshot(const Tensor& source) = 0;  // immutable copy of its value now
  virtual void copy(const Tensor& destination, const Tensor& source) = 0;
  virtual void axpy(const Tensor& y, float a, const Tensor& x) = 0;  // y <- y + a x
  /// y <- y + a x, each number by itself atomically: other threads may write y meanwhile. Hogwild only.
  virtual void axpy_shared(const Tensor& y, float a, const Tensor& x) { axpy(y, a, x); }
  virtual void scale(const Tensor& x, float a) = 0;  // x <- a x
  /// x <- x * min(1, limit / (|x|_2 * unit)): global-norm clipping of `unit` * x; returns nothing.
  virtual void clip(const Tensor& x, double unit, double limit) = 0;
  /// One optimizer step on `x` with gradient `gradient_scale * gradient`; see algorithms/optimizer.hpp.
  virtual void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                              std::span<const Tensor> state) = 0;
  /// out <- the gradient corrected for its delay; see algorithms/parameter_server/compensation.hpp.
  /// `mean_square` is read and advanced where the rule is adaptive, else empty.
  virtual void compensate(const Compensation& rule, const Tensor& gradient, const Tensor& now,
                          const Tensor& read, const Tensor& mean_square, const Tensor& out) = 0;
  /// out <- the contributions, sums over `samples` each, combined by a rule into one sum over all of them;
  /// see algorithms/robust. `state`: the rule's memory, as long as out.
  virtual void combine(const RobustOptions& rule, std::span<const Tensor> contributions,
                       std::span<const double> samples, const Tensor& state, const Tensor& out) = 0;
  /// The payload that stands for `values`; see algorithms/compression.
  virtual Tensor encode(Codec& codec, const Tensor& values) = 0;
  /// values <- what `payload` stands for; false when no codec of this kind can have made it.
  virtual bool decode(const Codec& codec, const Tensor& payload, const Tensor& values) = 0;
  /// The numbers of a payload that came to nothing go back into the codec's residual.
  virtual void restore(Codec& codec, const Tensor& payload) = 0;

  // -- messages
  /// To an aggregator, or to a worker that membership has named; to one that is lost: nothing happens.
  virtual void send(PeerId to, Message message) = 0;
  /// Refuses what a peer said: counted, the peer is not answered.
  virtual void reject(const Message& message, std::string why) = 0;
};

/// One role of one algorithm. Each `on_` runs to completion, does not block and does not throw.
class Machine {
 public:
  virtual ~Machine() = default;
  virtual void on_start(Context& context) = 0;
  virtual void on_lease(const Lease& /*lease*/, Context& /*context*/) {}
  virtual void on_gradient(const GradientReady& /*gradient*/, Context& /*context*/) {}
  virtual void on_message(const Message& /*message*/, Context& /*context*/) {}
  /// Workers hear of members only where the algorithm has peers: before the first lease of the epoch.
  virtual void on_membership(const MembershipChange& /*change*/, Context& /*context*/) {}
  virtual void on_timer(std::uint64_t /*cookie*/, Context& /*context*/) {}
  /// A cut: all leases are applied. An aggregator answers with `collected` once its parameters are those
  /// of the whole run; a worker with a replica of its own sends it.
  virtual void on_collect(Context& /*context*/);
  /// What this machine holds of a quantity that exchanges conserve (push-sum weight, share); messages
  /// carry theirs in Message::weight. The simulator adds them up.
  virtual double mass() const { return 0; }
  virtual void save(MachineState& /*state*/) const {}
  virtual void load(const MachineState& /*state*/, Context& /*context*/) {}
};

}  // namespace murm
