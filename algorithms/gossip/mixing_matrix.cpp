#include "algorithms/gossip/mixing_matrix.hpp"

#include <algorithm>
#include <cmath>

#include "algorithms/gossip/symmetric_spectrum.hpp"
#include "algorithms/random.hpp"

namespace murm {
namespace {

constexpr double kRounding = 1e-10;  // a distance no larger than this is none
constexpr std::uint64_t kStream = 0x7374617274206174;

/// left * right, both [n * n].
std::vector<double> product(const std::vector<double>& left, const std::vector<double>& right,
                            std::size_t n) {
  std::vector<double> result(n * n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) {
      const double factor = left[i * n + k];
      if (factor == 0) continue;
      for (std::size_t j = 0; j < n; ++j) result[i * n + j] += factor * right[k * n + j];
    }
  }
  return result;
}

std::vector<double> transposed(const std::vector<double>& matrix, std::size_t n) {
  std::vector<double> result(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) result[j * n + i] = matrix[i * n + j];
  }
  return result;
}

/// The mean square of a random matching is that of its expectation, since W is a projection: E W'W = E W. With
/// even n each pair meets with probability 1 / (n - 1), with odd n, where one stays alone, with 1 / n.
double matching_mean_square(std::size_t peers) {
  if (peers % 2 == 1) return 0.5;
  const auto n = static_cast<double>(peers);
  return (n - 2) / (2 * (n - 1));
}

}  // namespace

std::vector<double> mixing_matrix(const Topology& topology, std::uint64_t round, Weights weights) {
  const std::size_t n = topology.peers();
  std::vector<double> matrix(n * n, 0);
  Shares shares;
  for (PeerIndex peer = 0; peer < n; ++peer) {
    if (weights == Weights::doubly_stochastic) {
      topology.receive(peer, round, shares);
      for (const auto& [other, weight] : shares.others) matrix[peer * n + other] = weight;
    } else {
      topology.push(peer, round, shares);
      for (const auto& [other, weight] : shares.others) matrix[other * n + peer] = weight;
    }
    matrix[peer * n + peer] = shares.self;
  }
  return matrix;
}

double row_sum_error(std::span<const double> matrix, std::size_t n) {
  double worst = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) sum += matrix[i * n + j];
    worst = std::max(worst, std::abs(sum - 1));
  }
  return worst;
}

double column_sum_error(std::span<const double> matrix, std::size_t n) {
  double worst = 0;
  for (std::size_t j = 0; j < n; ++j) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += matrix[i * n + j];
    worst = std::max(worst, std::abs(sum - 1));
  }
  return worst;
}

Contraction contraction(const Topology& topology) {
  const std::size_t n = topology.peers();
  const std::size_t period = topology.period();
  Contraction result;
  if (period == 0) {
    result.per_period = result.rho = std::sqrt(matching_mean_square(n));
    return result;
  }
  auto distance = mixing_matrix(topology, 0);
  for (std::uint64_t round = 1; round < period; ++round)
    distance = product(mixing_matrix(topology, round), distance, n);
  for (double& element : distance) element -= 1.0 / static_cast<double>(n);
  if (topology.directed()) {
    auto square = product(transposed(distance, n), distance, n);
    result.per_period = std::sqrt(largest_absolute_eigenvalue(std::move(square), n));
  } else {
    result.per_period = largest_absolute_eigenvalue(std::move(distance), n);
  }
  result.exact = result.per_period < kRounding;
  if (result.exact) result.per_period = 0;
  result.rho = std::pow(result.per_period, 1.0 / static_cast<double>(period));
  return result;
}

void Mixing::step(std::vector<double>& x) {
  const std::size_t slot = period_ == 0 ? 0 : round_ % period_;
  if (slot >= rows_.size()) rows_.resize(slot + 1);
  auto& rows = rows_[slot];
  if (period_ == 0 || rows.empty()) {
    rows.resize(x.size());
    for (PeerIndex peer = 0; peer < x.size(); ++peer) topology_.receive(peer, round_, rows[peer]);
  }
  before_ = x;
  weights_ = x.size();
  for (std::size_t i = 0; i < x.size(); ++i) {
    double sum = rows[i].self * before_[i];
    for (const auto& [other, weight] : rows[i].others) sum += weight * before_[other];
    x[i] = sum;
    weights_ += rows[i].others.size();
  }
  ++round_;
}

double distance_from_average(std::span<const double> x) {
  double mean = 0;
  for (const double value : x) mean += value;
  mean /= static_cast<double>(x.size());
  double squares = 0;
  for (const double value : x) squares += (value - mean) * (value - mean);
  return std::sqrt(squares);
}

std::optional<std::uint64_t> rounds_to_shrink(const Topology& topology, double factor,
                                              std::uint64_t seed, std::uint64_t work_max) {
  Random random(seed, kStream);
  std::vector<double> x(topology.peers());
  for (double& value : x) value = random.normal();
  const double goal = factor * distance_from_average(x);
  Mixing mixing(topology);
  std::uint64_t work = 0;
  while (distance_from_average(x) > goal) {
    if (work > work_max) return std::nullopt;
    mixing.step(x);
    work += mixing.weights();
  }
  return mixing.round();
}

}  // namespace murm
