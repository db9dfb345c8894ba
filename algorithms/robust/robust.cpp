#include "algorithms/robust/robust.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "algorithms/robust/coordinate_rules.hpp"
#include "algorithms/robust/distance_rules.hpp"

namespace murm {
namespace {

constexpr std::size_t kRowsMin = 3;  // of fewer nobody can say which is the bad one
constexpr std::uint32_t kMedianIterations = 8;
constexpr std::uint32_t kClippingIterations = 1;

// In the order of RobustRule.
constexpr std::array<std::string_view, 7> kNames{"mean",
                                                 "krum",
                                                 "multi-krum",
                                                 "median",
                                                 "trimmed-mean",
                                                 "geometric-median",
                                                 "centered-clipping"};

std::size_t bucket_size(const RobustOptions& options, std::size_t contributions) {
  if (options.rule == RobustRule::mean) return 1;
  std::size_t size = std::max(std::uint32_t{1}, options.bucket);
  // (rows_min - 1) * size < contributions: at least rows_min buckets.
  while (size > 1 && (kRowsMin - 1) * size >= contributions) --size;
  return size;
}

/// out <- the mean of these rows' samples, times all samples.
void sum_up(const RobustRows& rows, std::span<const std::size_t> chosen, std::span<float> out) {
  rows.sum(chosen, out);
  double samples = 0;
  for (const std::size_t row : chosen) samples += rows.samples(row);
  if (chosen.size() == rows.count()) return;
  const auto factor = static_cast<float>(rows.total_samples() / samples);
  for (float& x : out) x *= factor;
}

std::span<const std::size_t> all_rows(const RobustRows& rows) {
  std::vector<std::size_t>& chosen = rows.workspace().chosen;
  chosen.resize(rows.count());
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  return chosen;
}

void apply(const RobustOptions& options, const RobustRows& rows, std::size_t contributions,
           std::span<float> state, std::span<float> out) {
  const bool judges = rows.count() >= kRowsMin;
  const std::uint32_t tolerated = tolerated_by(options, contributions, rows.count());
  const auto iterations = [&](std::uint32_t own) {
    return options.iterations > 0 ? options.iterations : own;
  };
  if (options.rule == RobustRule::centered_clipping) {
    return centered_clipping(rows, options.clip_radius, iterations(kClippingIterations), state,
                             out);
  }
  if (!judges || options.rule == RobustRule::mean) return sum_up(rows, all_rows(rows), out);
  switch (options.rule) {
    case RobustRule::krum:
      return sum_up(rows, krum(rows, tolerated, 1), out);
    case RobustRule::multi_krum: {
      const std::size_t most = options.selected > 0 ? options.selected : rows.count() - tolerated;
      return sum_up(rows, krum(rows, tolerated, std::min(most, rows.count())), out);
    }
    case RobustRule::median:
      return coordinate_median(rows, out);
    case RobustRule::trimmed_mean:
      return trimmed_mean(rows, tolerated, out);
    case RobustRule::geometric_median:
      return geometric_median(rows, options.smoothing, iterations(kMedianIterations), out);
    case RobustRule::mean:
    case RobustRule::centered_clipping:
      return;
  }
}

/// The pieces of `length` numbers are in the workspace.
void combine_pieces(const RobustOptions& options, std::span<const double> samples,
                    std::span<float> state, std::span<float> out, RobustWorkspace& workspace) {
  const std::size_t contributions = workspace.first_piece.size() - 1;
  MURM_ASSERT(contributions > 0, "nothing to combine");
  MURM_ASSERT(samples.size() == contributions, std::to_string(samples.size()));
  MURM_ASSERT(state.empty() || state.size() == out.size(), std::to_string(state.size()));
  if (options.rule != RobustRule::mean) {
    MURM_ASSERT(std::ranges::all_of(samples, [](double s) { return s > 0; }), "samples");
  }
  const RobustRows rows(workspace, samples, out.size(), bucket_size(options, contributions),
                        options.seed);
  apply(options, rows, contributions, state, out);
}

}  // namespace

std::span<const std::string_view> robust_rule_names() { return kNames; }

std::string_view to_string(RobustRule rule) { return kNames[static_cast<std::size_t>(rule)]; }

std::optional<RobustRule> robust_rule_named(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<RobustRule>(found - kNames.begin());
}

std::uint32_t tolerated_by(const RobustOptions& options, std::size_t contributions,
                           std::size_t rows) {
  const bool krum = options.rule == RobustRule::krum || options.rule == RobustRule::multi_krum;
  if (rows < kRowsMin) return 0;
  const std::size_t most = krum ? (rows - 3) / 2 : (rows - 1) / 2;
  const std::size_t quarter = std::max(contributions / 4, std::size_t{1});
  return static_cast<std::uint32_t>(
      std::min(options.tolerated > 0 ? std::size_t{options.tolerated} : quarter, most));
}

void combine(const RobustOptions& options, std::span<const std::span<const float>> contributions,
             std::span<const double> samples, std::span<float> state, std::span<float> out,
             RobustWorkspace& workspace) {
  workspace.pieces.clear();
  workspace.first_piece.assign(1, 0);
  for (const std::span<const float> contribution : contributions) {
    MURM_ASSERT(contribution.size() == out.size(), std::to_string(contribution.size()));
    workspace.pieces.push_back({0, contribution.size(), contribution.data()});
    workspace.first_piece.push_back(workspace.pieces.size());
  }
  combine_pieces(options, samples, state, out, workspace);
}

void combine(const RobustOptions& options, std::span<const Tensor> contributions,
             std::span<const double> samples, std::span<float> state, std::span<float> out,
             RobustWorkspace& workspace) {
  workspace.pieces.clear();
  workspace.first_piece.assign(1, 0);
  for (const Tensor& contribution : contributions) {
    MURM_ASSERT(contribution.length() == out.size(), std::to_string(contribution.length()));
    for_each_run(contribution, [&](const float* data, std::size_t offset, std::size_t length) {
      workspace.pieces.push_back({offset, length, data});
    });
    workspace.first_piece.push_back(workspace.pieces.size());
  }
  combine_pieces(options, samples, state, out, workspace);
}

}  // namespace murm
