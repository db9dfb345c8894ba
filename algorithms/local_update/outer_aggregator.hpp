// Outer steps for workers that do not wait for them: rounds are closed in order, while the next ones come in.
// Room: algorithms. Aggregator side; the worker side is algorithms/local_update/streaming_diloco.
// Caller: actors/aggregator. Source: Douillard et al. 2023, Algorithm 1 (DiLoCo), the outer step, arXiv:2311.08105.
#pragma once
#include <map>
#include <optional>

#include "algorithms/parameter_server/gate.hpp"
#include "algorithms/parameter_server/shard.hpp"
#include "algorithms/robust/robust.hpp"

namespace murm {

/// A round is a step of the lease plan, as in algorithms/parameter_server/bsp, and closed by the same arithmetic. A
/// push without payload (Message::dropped) says that nothing will come of its lease: the round is closed without
/// it. A push is answered once its round is closed; Message::weight of an answer counts the rounds that are.
class OuterAggregator final : public Machine {
 public:
  OuterAggregator(ShardOptions options, RobustOptions rule)
      : shard_(std::move(options)), rule_(rule) {}

  void on_start(Context& context) override;
  void on_message(const Message& message, Context& context) override;
  void on_membership(const MembershipChange& change, Context& context) override;
  void save(MachineState& state) const override;
  void load(const MachineState& state, Context& context) override;

 private:
  struct Round {
    std::vector<Message> pushes;  // by Lease::index; admitted once each, so a count suffices
    std::uint32_t arrived = 0;
  };
  std::optional<std::string> objection(const Message& push) const;
  void take(const Message& push, Context& context);
  void close(const Round& round, Context& context);

  Shard shard_;
  RobustOptions rule_;
  Tensor rule_state_;
  Tensor sum_;
  Gate gate_;
  Step closed_ = 0;               // rounds
  std::map<Step, Round> rounds_;  // that are open
};

}  // namespace murm
