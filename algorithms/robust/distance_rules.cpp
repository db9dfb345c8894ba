#include "algorithms/robust/distance_rules.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "algorithms/vector_clones.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

constexpr std::size_t kColumns = 512;  // of a block; a multiple of the lanes
constexpr std::size_t kLanes =
    16;  // partial sums of a square, always the same: so is the order of additions
constexpr double kInfinity = std::numeric_limits<double>::infinity();

inline __attribute__((always_inline)) double squared_distance(const float* a, const float* b) {
  double lanes[kLanes] = {};
  for (std::size_t i = 0; i < kColumns; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const auto difference = static_cast<double>(a[i + lane] - b[i + lane]);
      lanes[lane] += difference * difference;
    }
  }
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t lane = 0; lane < half; ++lane) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

/// squares[i,j] += for i < j
MURM_CLONES void add_pairs(std::size_t rows, const float* block, double* squares) {
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = i + 1; j < rows; ++j) {
      squares[i * rows + j] += squared_distance(block + i * kColumns, block + j * kColumns);
    }
  }
}

/// z <- keep z + sum weights[r] row[r], rows of weight 0 left out whatever is in them; then
/// squares[r] += ||z - row[r]||^2.
MURM_CLONES void move_block(std::size_t rows, const float* block, double keep,
                            const double* weights, float* __restrict z, double* squares) {
  double sums[kColumns];
  for (std::size_t i = 0; i < kColumns; ++i)
    sums[i] = keep == 0 ? 0 : keep * static_cast<double>(z[i]);
  for (std::size_t row = 0; row < rows; ++row) {
    const double weight = weights[row];
    if (weight == 0) continue;
    const float* x = block + row * kColumns;
    for (std::size_t i = 0; i < kColumns; ++i) sums[i] += weight * static_cast<double>(x[i]);
  }
  for (std::size_t i = 0; i < kColumns; ++i) z[i] = static_cast<float>(sums[i]);
  for (std::size_t row = 0; row < rows; ++row) {
    squares[row] += squared_distance(block + row * kColumns, z);
  }
}

MURM_CLONES void multiply(std::size_t n, float a, const float* x, float* y) {
  for (std::size_t i = 0; i < n; ++i) y[i] = a * x[i];
}

/// Moves the centre to keep z + sum weights row and measures all squared distances from there.
void move(const RobustRows& rows, double keep, std::span<float> centre) {
  RobustWorkspace& workspace = rows.workspace();
  const std::size_t count = rows.count();
  workspace.block.resize((count + 1) * kColumns);
  workspace.squares.assign(count, 0.0);
  float* block = workspace.block.data();
  float* z = block + count * kColumns;
  for (std::size_t begin = 0; begin < centre.size(); begin += kColumns) {
    const std::size_t n = std::min(kColumns, centre.size() - begin);
    rows.load(begin, n, kColumns, block);
    std::copy_n(centre.data() + begin, n, z);
    std::fill(z + n, z + kColumns, 0.0F);
    move_block(count, block, keep, workspace.weights.data(), z, workspace.squares.data());
    std::copy_n(z, n, centre.data() + begin);
  }
}

/// Measures only.
void measure(const RobustRows& rows, std::span<float> centre) {
  rows.workspace().weights.assign(rows.count(), 0.0);
  move(rows, 1.0, centre);
}

/// Norm of the mean of a sample; infinite where it is no number.
double distance(const RobustRows& rows, std::size_t row) {
  const double norm = std::sqrt(rows.workspace().squares[row]) / rows.average_samples();
  return std::isfinite(norm) ? norm : kInfinity;
}

double median_distance(const RobustRows& rows) {
  std::vector<double>& sorted = rows.workspace().sorted;
  sorted.resize(rows.count());
  for (std::size_t row = 0; row < sorted.size(); ++row) sorted[row] = distance(rows, row);
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

/// 1 within `radius`, radius / distance beyond, 0 infinitely far.
double shrinkage(double distance, double radius) {
  if (distance == kInfinity) return 0;
  return distance <= radius ? 1 : radius / distance;
}

}  // namespace

std::span<const std::size_t> krum(const RobustRows& rows, std::size_t tolerated,
                                  std::size_t selected) {
  RobustWorkspace& workspace = rows.workspace();
  const std::size_t count = rows.count();
  MURM_ASSERT(count >= tolerated + 3, std::to_string(count));
  MURM_ASSERT(selected >= 1 && selected <= count, std::to_string(selected));
  workspace.block.resize(count * kColumns);
  workspace.squares.assign(count * count, 0.0);
  for (std::size_t begin = 0; begin < rows.length(); begin += kColumns) {
    rows.load(begin, std::min(kColumns, rows.length() - begin), kColumns, workspace.block.data());
    add_pairs(count, workspace.block.data(), workspace.squares.data());
  }
  std::vector<double>& scores = workspace.weights;
  std::vector<double>& others = workspace.sorted;
  scores.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    others.clear();
    for (std::size_t j = 0; j < count; ++j) {
      if (j == i) continue;
      const double square = workspace.squares[std::min(i, j) * count + std::max(i, j)];
      others.push_back(std::isfinite(square) ? square : kInfinity);
    }
    std::sort(others.begin(), others.end());
    const auto nearest = static_cast<std::ptrdiff_t>(count - tolerated - 2);
    scores[i] = std::accumulate(others.begin(), others.begin() + nearest, 0.0);
  }
  std::vector<std::size_t>& chosen = workspace.chosen;
  chosen.resize(count);
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  std::sort(chosen.begin(), chosen.end(), [&](std::size_t a, std::size_t b) {
    return scores[a] != scores[b] ? scores[a] < scores[b] : a < b;
  });
  chosen.resize(selected);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

void geometric_median(const RobustRows& rows, double smoothing, std::uint32_t iterations,
                      std::span<float> out) {
  MURM_ASSERT(smoothing > 0, std::to_string(smoothing));
  std::fill(out.begin(), out.end(), 0.0F);
  measure(rows, out);
  std::vector<double>& weights = rows.workspace().weights;
  for (std::uint32_t i = 0; i < iterations; ++i) {
    const double reach = i == 0 ? std::max(smoothing, median_distance(rows)) : smoothing;
    // Both sides of the fraction times the reach: it may be infinite.
    for (std::size_t row = 0; row < weights.size(); ++row) {
      weights[row] = rows.samples(row) * shrinkage(distance(rows, row), reach);
    }
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (double& weight : weights) weight /= sum;
    move(rows, 0.0, out);
  }
  multiply(out.size(), static_cast<float>(rows.count()), out.data(), out.data());
}

void centered_clipping(const RobustRows& rows, double radius, std::uint32_t iterations,
                       std::span<float> state, std::span<float> out) {
  const double samples = rows.average_samples();
  if (state.empty()) {
    std::fill(out.begin(), out.end(), 0.0F);
  } else {
    multiply(out.size(), static_cast<float>(samples), state.data(), out.data());
  }
  measure(rows, out);
  std::vector<double>& weights = rows.workspace().weights;
  for (std::uint32_t i = 0; i < iterations; ++i) {
    const double reach = radius > 0 ? radius : median_distance(rows);
    double sum = 0;
    for (std::size_t row = 0; row < weights.size(); ++row) {
      weights[row] = rows.samples(row) / rows.total_samples() *
                     shrinkage(distance(rows, row), reach);
      sum += weights[row];
    }
    move(rows, 1.0 - sum, out);
  }
  if (!state.empty()) {
    multiply(out.size(), static_cast<float>(1.0 / samples), out.data(), state.data());
  }
  multiply(out.size(), static_cast<float>(rows.count()), out.data(), out.data());
}

}  // namespace murm
