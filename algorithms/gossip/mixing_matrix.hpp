// The mixing matrix W of a topology as a whole: its rows, its sums, how fast it averages.
// Room: algorithms. For looking at a topology, not for training with it: quadratic in the peers, the spectrum cubic.
// Caller: tools/murm/topology_command, tests. Source: Boyd et al. 2006 (randomized gossip) for graphs that are drawn anew each round.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "algorithms/gossip/topology.hpp"

namespace murm {

/// Which weights of a topology: its W, or those of push-sum.
enum class Weights : std::uint8_t { doubly_stochastic, push_sum };

/// Rows of W, dense: element i * n + j is the weight of x_j in the new x_i.
std::vector<double> mixing_matrix(const Topology& topology, std::uint64_t round,
                                  Weights weights = Weights::doubly_stochastic);

/// The largest difference of a row's or a column's sum from 1.
double row_sum_error(std::span<const double> matrix, std::size_t n);
double column_sum_error(std::span<const double> matrix, std::size_t n);

/// How much one period of averaging leaves of the distance from the average, in the worst case.
struct Contraction {
  /// Norm of W_{T-1} ... W_0 - 11'/n over the period T. Of a fixed topology it is |lambda_2|, the second largest
  /// |eigenvalue|, as all of them are symmetric or circulant and so normal. Where each round is drawn anew: the
  /// root of what a round leaves of the square in the mean, for any start the same.
  double per_period = 0;
  /// Per round, the T-th root: rho. 1 - rho is the spectral gap.
  double rho = 0;
  /// The average is reached, up to rounding, after a period.
  bool exact = false;
};
Contraction contraction(const Topology& topology);

/// Applies W again and again, as `receive` gives it. For looking on: keeps the rows of a whole period.
class Mixing {
 public:
  explicit Mixing(const Topology& topology) : topology_(topology), period_(topology.period()) {}

  /// x <- W x of the next round. Shapes: x [n], one number of each peer.
  void step(std::vector<double>& x);
  std::uint64_t round() const { return round_; }
  /// Weights of the last round, other than zero: its cost.
  std::size_t weights() const { return weights_; }

 private:
  const Topology& topology_;
  std::size_t period_;
  std::vector<std::vector<Shares>> rows_;  // of each round of the period
  std::vector<double> before_;
  std::uint64_t round_ = 0;
  std::size_t weights_ = 0;
};

/// Euclidean distance of the peers from their average.
double distance_from_average(std::span<const double> x);

/// Rounds until the distance from the average, from a random start, is at most `factor` of what it was; nothing
/// when that takes more than `work_max` multiplications.
std::optional<std::uint64_t> rounds_to_shrink(const Topology& topology, double factor,
                                              std::uint64_t seed, std::uint64_t work_max);

}  // namespace murm
