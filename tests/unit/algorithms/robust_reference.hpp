// Robust rules once more, in the plainest form and in double precision: what the real ones are compared with.
// Room: tests. Slow, allocates, shares no line with algorithms/robust.
// Caller: tests/unit/algorithms/robust_test, byzantine_test. Source: the papers named in algorithms/robust.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "algorithms/random.hpp"
#include "algorithms/robust/robust.hpp"

namespace murm::test {

using Vector = std::vector<double>;

/// K contributions, sums over `samples` each.
struct Contributions {
  std::vector<std::vector<float>> sums;
  std::vector<double> samples;

  std::size_t length() const { return sums.front().size(); }
  double total() const { return std::accumulate(samples.begin(), samples.end(), 0.0); }
  Vector mean_of(std::size_t k) const {
    Vector mean(sums[k].begin(), sums[k].end());
    for (double& x : mean) x /= samples[k];
    return mean;
  }
};

/// Around a common direction, as gradients of one step are.
inline Contributions make_contributions(std::size_t count, std::size_t length, std::uint64_t seed,
                                        bool equal_samples = true) {
  Random random(seed, 1);
  std::vector<float> direction(length);
  for (float& x : direction) x = random.normal();
  Contributions made;
  for (std::size_t k = 0; k < count; ++k) {
    made.samples.push_back(equal_samples ? 32.0 : 1.0 + random.below(40));
    std::vector<float>& sum = made.sums.emplace_back(length);
    for (std::size_t i = 0; i < length; ++i) {
      sum[i] = static_cast<float>(made.samples[k]) * (direction[i] + 0.5F * random.normal());
    }
  }
  return made;
}

inline std::vector<float> combined(const RobustOptions& options, const Contributions& all,
                                   std::span<float> state, RobustWorkspace& workspace) {
  const std::vector<std::span<const float>> views(all.sums.begin(), all.sums.end());
  std::vector<float> out(all.length(), -77.0F);
  combine(options, views, all.samples, state, out, workspace);
  return out;
}

inline std::vector<float> combined(const RobustOptions& options, const Contributions& all,
                                   std::span<float> state = {}) {
  RobustWorkspace workspace;
  return combined(options, all, state, workspace);
}

inline Vector weighted_mean(const Contributions& all, const std::vector<std::size_t>& of) {
  Vector mean(all.length());
  double samples = 0;
  for (const std::size_t k : of) {
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += static_cast<double>(all.sums[k][i]);
    samples += all.samples[k];
  }
  for (double& x : mean) x /= samples;
  return mean;
}

inline double distance(const Vector& a, const Vector& b) {
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::isnan(squares) ? std::numeric_limits<double>::infinity() : std::sqrt(squares);
}

inline Vector reference_trimmed(const Contributions& all, std::size_t trimmed) {
  Vector result(all.length());
  for (std::size_t i = 0; i < result.size(); ++i) {
    Vector column;
    for (std::size_t k = 0; k < all.sums.size(); ++k) {
      const double x = static_cast<double>(all.sums[k][i]) / all.samples[k];
      column.push_back(std::isnan(x) ? std::numeric_limits<double>::infinity() : x);
    }
    std::sort(column.begin(), column.end());
    for (std::size_t k = trimmed; k < column.size() - trimmed; ++k) result[i] += column[k];
    result[i] /= static_cast<double>(column.size() - 2 * trimmed);
  }
  return result;
}

inline Vector reference_krum(const Contributions& all, std::size_t f, std::size_t m) {
  const std::size_t n = all.sums.size();
  std::vector<std::pair<double, std::size_t>> scores;
  for (std::size_t i = 0; i < n; ++i) {
    Vector squares;
    for (std::size_t j = 0; j < n; ++j) {
      const double d = distance(all.mean_of(i), all.mean_of(j));
      if (j != i) squares.push_back(d * d);
    }
    std::sort(squares.begin(), squares.end());
    squares.resize(n - f - 2);
    scores.emplace_back(std::accumulate(squares.begin(), squares.end(), 0.0), i);
  }
  std::sort(scores.begin(), scores.end());
  std::vector<std::size_t> best;
  for (std::size_t i = 0; i < m; ++i) best.push_back(scores[i].second);
  return weighted_mean(all, best);
}

inline Vector reference_geometric_median(const Contributions& all, double nu, int iterations) {
  Vector z(all.length());
  for (int iteration = 0; iteration < iterations; ++iteration) {
    Vector next(z.size());
    double sum = 0;
    double floor = nu;
    if (iteration == 0) {
      Vector norms;
      for (std::size_t k = 0; k < all.sums.size(); ++k)
        norms.push_back(distance(z, all.mean_of(k)));
      std::sort(norms.begin(), norms.end());
      floor = std::max(nu, norms[(norms.size() - 1) / 2]);
    }
    for (std::size_t k = 0; k < all.sums.size(); ++k) {
      const Vector mean = all.mean_of(k);
      const double d = distance(z, mean);
      if (std::isinf(d)) continue;
      const double beta = all.samples[k] / all.total() / std::max(floor, d);
      for (std::size_t i = 0; i < z.size(); ++i) next[i] += beta * mean[i];
      sum += beta;
    }
    for (double& x : next) x /= sum;
    z = next;
  }
  return z;
}

/// Radius 0: the lower median of the distances.
inline Vector reference_clipping(const Contributions& all, double radius, int iterations,
                                 Vector v) {
  for (int iteration = 0; iteration < iterations; ++iteration) {
    Vector distances;
    for (std::size_t k = 0; k < all.sums.size(); ++k) {
      distances.push_back(distance(all.mean_of(k), v));
    }
    Vector sorted = distances;
    std::sort(sorted.begin(), sorted.end());
    const double reach = radius > 0 ? radius : sorted[(sorted.size() - 1) / 2];
    Vector next = v;
    for (std::size_t k = 0; k < all.sums.size(); ++k) {
      if (std::isinf(distances[k])) continue;
      const Vector mean = all.mean_of(k);
      const double shrink = std::min(1.0, reach / distances[k]) * all.samples[k] / all.total();
      for (std::size_t i = 0; i < v.size(); ++i) next[i] += shrink * (mean[i] - v[i]);
    }
    v = next;
  }
  return v;
}

}  // namespace murm::test
