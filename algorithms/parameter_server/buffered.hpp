// Buffered aggregation: one optimizer step for every K contributions, whoever they come from.
// Room: algorithms. Aggregator side, for workers that push gradients or pseudo-gradients.
// Caller: actors/aggregator. Source: Nguyen et al. 2022, Algorithm 1 (FedBuff), arXiv:2106.06639; Tyurin & Richtarik
// 2023, Algorithm 4 (Rennala SGD), arXiv:2305.04323; Chen et al. 2016 (backup workers), arXiv:1604.00981.
#pragma once
#include <vector>

#include "algorithms/parameter_server/shard.hpp"
#include "algorithms/parameter_server/staleness_weight.hpp"
#include "algorithms/robust/robust.hpp"

namespace murm {

struct BufferRule {
  std::uint32_t size = 1;  // K: contributions of one step
  StalenessWeight weight = StalenessWeight::none;
  bool fresh_only = false;  // what was computed at an older version is dropped
  bool waits = false;       // a contributor is answered when the step is complete, else at once
  bool tells = false;       // with it, who has not contributed is sent the new parameters, unasked
};

/// fedbuff weighs by staleness and takes everything. rennala takes only what was computed at the present
/// version; who is answered at once computes another gradient there. backup takes the first K of a step, too,
/// but answers with the next version, and tells the stragglers, who give up their gradient and begin anew with
/// the same lease: what is dropped is only a push that was under way by then. Each shard counts its own first K:
/// a lease that one shard took and another dropped is counted as dropped.
/// Contributions are added on arrival: their order is the arrival's. One counts as applied once it is in the
/// buffer; what is there at the end of a run, less than K, is in no step. A robust rule (algorithms/robust) may stand in
/// for the sum; then the contributions are kept apart until the step.
class BufferedAggregator final : public Machine {
 public:
  BufferedAggregator(ShardOptions options, BufferRule rule, RobustOptions robust = {});

  void on_start(Context& context) override;
  void on_message(const Message& message, Context& context) override;
  void on_membership(const MembershipChange& change, Context& context) override;
  void save(MachineState& state) const override;
  void load(const MachineState& state, Context& context) override;

 private:
  void take(const Message& push, Version staleness, Context& context);
  void step_when_full(Context& context);
  std::uint32_t size() const;
  bool robust() const { return robust_.rule != RobustRule::mean; }
  void answer(PeerId peer, std::optional<LeaseId> dropped, Context& context);

  Shard shard_;
  BufferRule rule_;
  RobustOptions robust_;
  Tensor robust_state_;
  Tensor sum_;
  std::vector<Message> kept_;  // in the order of arrival; empty where they are added up at once
  std::uint64_t count_ = 0;
  std::uint64_t samples_ = 0;    // in the buffer
  std::vector<PeerId> waiting_;  // to be answered with the next version, in the order of arrival
  std::vector<PeerId>
      at_work_;  // have parameters and have not contributed, ascending; where they are told
  std::uint64_t members_ = 0;
};

}  // namespace murm
