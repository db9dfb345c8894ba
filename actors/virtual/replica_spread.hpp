// How far replicas are apart, round after round: the contraction of an averaging algorithm.
// Room: actors/virtual. Arithmetic on numbers; knows no worker.
// Caller: actors/virtual/simulator, for model.kind = "consensus". Source: algorithms guide, 4.1 and 9.3.
#pragma once
#include <span>
#include <vector>

namespace murm {

class ReplicaSpread {
 public:
  /// The Euclidean norm of all replicas minus their mean, in double precision. Shapes: [workers][n].
  static double norm(const std::vector<std::vector<float>>& replicas);

  void add_round(double norm) { norms_.push_back(norm); }
  bool begun() const { return !norms_.empty(); }
  std::size_t rounds() const { return norms_.empty() ? 0 : norms_.size() - 1; }

  /// Ratio of the norms of consecutive rounds: geometric mean over the second half of the rounds that
  /// stay above 1e-5 of the start; 0 when the first round already averages exactly. NaN before a round.
  double contraction_per_round() const;

 private:
  std::vector<double> norms_;  // at the start, then after each round
};

}  // namespace murm
