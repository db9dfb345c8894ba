// Decoupled DiLoCo, the learner: trains on, tells how far it is, and takes over fragments that have been merged.
// Room: algorithms. It waits for nobody: what was merged meanwhile is taken between two inner steps.
// Caller: actors/worker. Source: Douillard et al. 2026 (Decoupled DiLoCo), arXiv:2604.21428.
#pragma once
#include <vector>

#include "algorithms/local_update/worker.hpp"
#include "algorithms/partition.hpp"

namespace murm {

/// A shard's parts, merged in turn: ranges as equal as can be, none empty.
struct Fragments {
  std::size_t length = 1;   // of the shard
  std::uint64_t count = 1;  // at most `length`
  Range due(std::uint64_t round) const { return shard_range(length, count, round % count); }
};
Fragments fragments_of(const AlgorithmOptions& options, std::uint32_t shard);

/// A push is a report, and carries the pseudo-gradient of the fragment that is due, weighed by what it stands for: samples x
/// samples per step, since the fragment was taken over last (Message::weight). A merged fragment overwrites the learner's,
/// whatever it had made of it; `weight` of that message is the learner's speed in parts of the fastest one's.
/// Deviations: reports come with windows of H / fragments steps, not with every step; windows of slow learners are
/// shortened, as in async-local, so that they report as often; fragments are ranges of a shard, not packed tensors.
class DecoupledLearner final : public LocalUpdateWorker {
 public:
  DecoupledLearner(const AlgorithmOptions& options, std::uint64_t steps);

  void on_message(const Message& message, Context& context) override;

 private:
  struct Work {
    double samples = 0;
    double steps = 0;
  };
  struct Part {
    Fragments fragments;
    std::size_t offset = 0;
    bool answered = false;    // has sent the shard
    std::uint64_t round = 0;  // merges of this shard that stand in the replica
    std::uint64_t read = 0;   // likewise, as the window began
    std::vector<Work> work;   // by fragment: since it was taken over
    Range due(std::uint64_t in_round) const;
  };

  bool waits() const override { return false; }
  std::uint32_t wanted_samples() const override;
  void open_window(Context& context) override;
  void stepped(std::uint32_t samples, Context& context) override;
  Tensor close_window(double /*samples*/, Context& /*context*/) override { return {}; }
  void fill(Message& push, const GradientReady& content, Context& context) override;
  void take_over(Context& context);

  std::uint64_t steps_;
  std::uint32_t batch_;
  double share_ = 0;  // of the fastest learner's speed; 0: not known
  std::vector<Part> parts_;
  Tensor reference_;             // [parameters] each fragment as it was taken over
  std::vector<Message> merged_;  // not taken over yet
};

}  // namespace murm
