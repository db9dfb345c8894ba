// The rows of a robust rule: contributions, or buckets of them, each brought to the same number of samples.
// Room: algorithms. Knows where the numbers lie and who shares a bucket; no rule.
// Caller: algorithms/robust. Source: bucketing of Karimireddy et al. 2022, arXiv:2006.09365.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace murm {

/// A part of a contribution that lies in one piece.
struct RobustPiece {
  std::size_t offset = 0;  // of its first number, within the contribution
  std::size_t length = 0;
  const float* data = nullptr;
};

/// Memory that combine reuses from call to call. Its contents mean nothing in between.
struct RobustWorkspace {
  std::vector<RobustPiece> pieces;       // of all contributions, one after the other
  std::vector<std::size_t> first_piece;  // [K+1]
  std::vector<std::size_t> members;      // [K] contributions, row by row
  std::vector<double> row_samples;       // [R]
  std::vector<float> row_scale;          // [R]
  std::vector<float> block;              // numbers of all rows in some columns
  std::vector<double> squares;           // [R] or [R,R] squared distances
  std::vector<double> weights;           // [R]
  std::vector<double> sorted;            // [R]
  std::vector<std::size_t> chosen;       // [R]
  std::vector<std::pair<std::uint32_t, std::uint32_t>> comparators;
  std::size_t comparators_for = 0;  // rows
};

/// R rows of n numbers. Row r, scaled, is its contributions' sum over as many samples as an average row has: rows
/// of equal samples are not touched by rounding.
class RobustRows {
 public:
  /// The pieces must be in place: `first_piece` has an entry for each contribution and one for the end.
  /// `bucket` contributions make a row, drawn by `seed`; 1: in their order.
  RobustRows(RobustWorkspace& workspace, std::span<const double> samples, std::size_t length,
             std::size_t bucket, std::uint64_t seed);

  std::size_t count() const { return workspace_.row_samples.size(); }
  std::size_t length() const { return length_; }
  double samples(std::size_t row) const { return workspace_.row_samples[row]; }
  double total_samples() const { return total_samples_; }
  double average_samples() const { return total_samples_ / static_cast<double>(count()); }

  /// Columns [begin, begin + n) of all rows, scaled, at a distance of `stride` each; zeros from n to stride.
  void load(std::size_t begin, std::size_t n, std::size_t stride, float* block) const;
  /// out <- the unscaled sum of these rows' contributions: the first copied, the others added in order.
  void sum(std::span<const std::size_t> rows, std::span<float> out) const;

  RobustWorkspace& workspace() const { return workspace_; }

 private:
  std::span<const std::size_t> members(std::size_t row) const;
  void take(std::size_t contribution, std::size_t begin, std::size_t n, bool add, float* to) const;

  RobustWorkspace& workspace_;
  std::size_t length_;
  std::size_t bucket_;
  double total_samples_ = 0;
};

}  // namespace murm
