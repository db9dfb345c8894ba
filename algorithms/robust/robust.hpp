// Robust aggregation: combines K contributions so that a few bad ones cannot move the result at will.
// Room: algorithms. Arithmetic on host memory; knows no peer, round or message.
// Caller: Context::combine (gpu/host, actors). Sources, deviations and when to choose what: docs/robust.md.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "algorithms/robust/rows.hpp"
#include "algorithms/tensor.hpp"

namespace murm {

enum class RobustRule : std::uint8_t {
  mean,               // sum over all contributions / sum of their samples
  krum,               // Blanchard et al. 2017, arXiv:1703.02757: the one closest to its neighbours
  multi_krum,         // same paper: mean of the m closest
  median,             // Yin et al. 2018, arXiv:1803.01498: per coordinate
  trimmed_mean,       // same paper: per coordinate, without the f largest and the f smallest
  geometric_median,   // Pillutla et al. 2019, arXiv:1912.13445: smoothed Weiszfeld
  centered_clipping,  // Karimireddy, He & Jaggi 2021, arXiv:2012.10333
};

struct RobustOptions {
  RobustRule rule = RobustRule::mean;
  /// f: bad contributions to bear (krum, multi_krum, trimmed_mean). 0: a quarter of them, at least 1.
  /// Never more than the rule admits for the contributions at hand.
  std::uint32_t tolerated = 0;
  std::uint32_t selected = 0;  // multi_krum: m, at most all; 0: all but f
  /// centered_clipping: tau, a norm of the mean gradient of a sample. 0: the median distance of the round.
  double clip_radius = 0;
  std::uint32_t iterations = 0;  // 0: 8 of geometric_median, 1 of centered_clipping
  /// geometric_median: nu, a norm likewise, above 0; closer contributions weigh no more than at this distance.
  double smoothing = 1e-6;
  /// Contributions averaged at random before the rule sees them (Karimireddy et al. 2022, arXiv:2006.09365);
  /// 1: none. Reduced where fewer than 3 averages would be left. Not used by `mean`.
  std::uint32_t bucket = 1;
  std::uint64_t seed = 1;  // of the buckets: give another one each round
};

/// Whether `state` of combine is of use.
constexpr bool keeps_state(RobustRule rule) { return rule == RobustRule::centered_clipping; }

/// Names of job files, in the order of RobustRule: "mean", "krum", "multi-krum", ...
std::span<const std::string_view> robust_rule_names();
std::string_view to_string(RobustRule rule);
std::optional<RobustRule> robust_rule_named(std::string_view name);

/// f as `rule` applies it to `rows` contributions (or buckets of them) out of `contributions`.
std::uint32_t tolerated_by(const RobustOptions& options, std::size_t contributions,
                           std::size_t rows);

/// out <- (the rule's estimate of the mean gradient of a sample) * (samples of all contributions), so that who
/// divides by the samples need not know the rule. `mean` is "copy the first, add the others in order", bit for bit.
/// Shapes:   contributions [K][n], each a SUM over samples[k]; state [n] or empty; out [n].
/// State:    centered_clipping: in: last round's centre, a mean of a sample, zeros before the first round;
///           out: this round's. Empty: the centre starts at zero. Other rules leave it alone.
/// Requires: K >= 1, samples above 0 (but for `mean`), no overlap (asserted where it is cheap).
/// Errors:   none: NaN and infinity count as the farthest of all. Where bad contributions are the majority,
///           the result may be NaN.   Thread: one at a time per workspace.   No allocation in the steady state.
/// Deviation: rules that judge whole contributions see one shard: of several, each is judged alone.
void combine(const RobustOptions& options, std::span<const std::span<const float>> contributions,
             std::span<const double> samples, std::span<float> state, std::span<float> out,
             RobustWorkspace& workspace);
/// The same for host tensors, each in any number of runs.
void combine(const RobustOptions& options, std::span<const Tensor> contributions,
             std::span<const double> samples, std::span<float> state, std::span<float> out,
             RobustWorkspace& workspace);

}  // namespace murm
