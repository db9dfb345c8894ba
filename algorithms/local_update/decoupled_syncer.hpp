// Decoupled DiLoCo, the syncer: merges one fragment at a time, with whoever is there.
// Room: algorithms. Aggregator side; learners are never answered, only told what has been merged.
// Caller: actors/aggregator. Source: Douillard et al. 2026 (Decoupled DiLoCo), arXiv:2604.21428.
#pragma once
#include <chrono>
#include <map>
#include <vector>

#include "algorithms/local_update/decoupled_learner.hpp"
#include "algorithms/parameter_server/shard.hpp"

namespace murm {

struct DecoupledRule {
  std::uint64_t quorum = 1;  // learners a merge waits for; all of them where there are fewer
  double grace_ms =
      -1;  // how long it then waits for more; negative: a step of the slowest of the quorum
  std::uint32_t batch = 1;
};

/// Round r merges fragment r mod F once `quorum` learners have reached it and the grace window is over, or everybody has
/// offered: x <- outer(x, radial-directional mean of the offers). A learner reaches a round with every report; who has
/// fallen behind is moved up to the present round, so that a report which comes just after a merge is an offer, but does not
/// count towards the next quorum. A later offer of a learner stands in for its earlier one.
/// What a learner reports counts as applied: it is in its replica, though a fragment may be overwritten before it was merged.
/// Deviations: quality in the weights is samples per step; the grace window is fixed, not what is left of an overlap;
/// offers come with reports instead of being pulled.
class DecoupledSyncer final : public Machine {
 public:
  DecoupledSyncer(ShardOptions outer, Fragments fragments, DecoupledRule rule)
      : outer_(std::move(outer)), fragments_(fragments), rule_(rule) {}

  void on_start(Context& context) override;
  void on_message(const Message& message, Context& context) override;
  void on_membership(const MembershipChange& change, Context& context) override;
  void on_timer(std::uint64_t cookie, Context& context) override;
  void save(MachineState& state) const override;
  void load(const MachineState& state, Context& context) override;

 private:
  struct Learner {
    std::uint64_t reached = 0;  // round
    std::chrono::nanoseconds heard{0};
    double step_seconds = 0;  // between its latest two reports
  };

  void take_report(const Message& push, Learner& learner, Context& context);
  void merge_if_due(Context& context);
  bool everybody_has_offered() const;
  void merge(Context& context);
  Tensor mean_of_offers(Context& context) const;
  void tell(PeerId to, const Tensor& payload, double share, Context& context) const;
  double fastest() const;

  ShardOptions outer_;
  Fragments fragments_;
  DecoupledRule rule_;
  Tensor parameters_;
  std::vector<Tensor> optimizer_state_;
  std::map<PeerId, Learner> learners_;  // who have the parameters
  std::map<PeerId, Message> offers_;    // of this round; of learners that have left, too
  std::uint64_t round_ = 0;
  bool in_grace_ = false;
  std::uint64_t samples_ = 0;
};

}  // namespace murm
