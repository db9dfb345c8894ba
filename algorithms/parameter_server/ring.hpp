// Synchronous SGD without a server: workers add up their gradients in a ring and all make the same step.
// Room: algorithms. Steps, members and failures; the ring itself is ring_reduction, what its ranks share ring_replica.
// Caller: actors/worker; the other side is algorithms/gossip/keeper. Source: algorithms guide, 2.2; Patarasuk & Yuan 2009,
// with the retries of PCCL (docs of v1.0.0): abort, shrink, try again from the kept input.
#pragma once
#include <deque>
#include <map>
#include <set>

#include "algorithms/parameter_server/ring_reduction.hpp"
#include "algorithms/parameter_server/ring_replica.hpp"

namespace murm {

/// Step t: x <- opt(x, sum_i g_i / sum_i b_i) at every rank, bit for bit the same. Its ranks are the first `quorum`
/// members of its leases' epoch, in the order of their ids.
///
/// A rank is lost before the step is taken everywhere: who has not taken it tells all others that it gives up (decline)
/// and listens to earlier attempts no more. Who has taken it answers with its replica, which the other takes over as
/// it is. Once all that are left have given up, nobody has taken it nor will: they try again without the lost, from
/// the gradients that they kept. The attempt is the epoch of the loss, which all hear of in the same order.
///
/// A lost rank's lease goes to another worker, which does not compute it: it is done if the step was taken with it,
/// else dropped, the step being the mean over what is in it; and dropped where its new holder cannot know.
/// A newcomer asks the others, one after the other, for their replica at the beginning of its first step, which
/// nobody can take without it. If nobody has one, all begin with the keepers' parameters.
///
/// Deviations: one ring over the whole vector once the gradient is there, not over buckets while it is computed;
/// a step of fewer leases than workers (the run's last) is handed to those left out by its first rank.
class RingWorker final : public Machine {
 public:
  explicit RingWorker(const AlgorithmOptions& options);

  void on_start(Context& context) override;
  void on_lease(const Lease& lease, Context& context) override;
  void on_gradient(const GradientReady& gradient, Context& context) override;
  void on_message(const Message& message, Context& context) override;
  void on_membership(const MembershipChange& change, Context& context) override;
  void on_collect(Context& context) override;
  void save(MachineState& state) const override;

 private:
  // -- a step
  void begin_next(Context& context);
  void begin_attempt(Context& context);
  void advance(Context& context);
  void take_step(Context& context);
  void remember(Step step, Epoch attempt);
  void step_is_over(Context& context);
  std::vector<PeerId> ranks_of(const Lease& lease) const;

  // -- leases that are over
  bool can_judge(const Lease& lease, PeerId self) const;
  void judge_leases(Context& context);
  void done(const Lease& lease, bool dropped, Context& context);

  // -- replicas of others
  void seek_replica(Step step, Context& context);
  void ask_next(Context& context);
  void asked_for_replica(const Message& pull, Context& context);
  void take_replica(const Message& message, Context& context);
  void serve_askers(Context& context);

  AlgorithmOptions options_;
  RingReplica replica_;
  RingReduction ring_;
  Step next_ = 0;                  // the first step that is not in the replica
  std::deque<Lease> leases_;       // of its own steps, in their order
  std::vector<Lease> taken_over_;  // that cannot be judged yet

  bool in_step_ = false;          // the first lease's
  std::optional<LeaseId> begun_;  // the latest lease that was computed
  bool computed_ = false;         // its gradient is there
  GradientReady gradient_;        // kept until the step is taken
  std::vector<PeerId> ranks_;     // of the step, the lost among them
  std::map<std::pair<Step, Epoch>, std::set<PeerId>> given_up_;  // all attempts before this one
  std::map<Step, std::vector<bool>> in_it_;  // of the latest steps, by rank: its gradient is in
  Epoch taken_by_ = 0;                       // attempt that took the latest step

  std::map<Epoch, std::vector<PeerId>>
      members_;  // ascending; from the epoch of the latest lease on
  std::map<PeerId, Epoch> left_;
  std::vector<std::pair<PeerId, Step>>
      askers_;  // who wants the replica at the beginning of which step
  bool seeking_ = false;
  std::deque<PeerId> to_ask_;  // the first one has been asked
};

}  // namespace murm
