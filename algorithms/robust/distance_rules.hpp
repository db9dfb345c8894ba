// Robust rules that judge whole contributions by their distances: Krum, geometric median, centered clipping.
// Room: algorithms. Arithmetic on the rows of one aggregation; knows no peer.
// Caller: algorithms/robust/robust, with everything decided that has a default. Sources: at each function.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "algorithms/robust/rows.hpp"

namespace murm {

/// The `selected` rows with the lowest scores, ascending by number; of equal scores the first rows. Score: sum of
/// the R - f - 2 smallest squared distances to other rows. What is NaN or infinite is infinitely far.
/// Source: Blanchard et al. 2017, the Krum function, arXiv:1703.02757.   Cost: R^2 n / 2.
/// Requires: R >= f + 3, 1 <= selected <= R.
std::span<const std::size_t> krum(const RobustRows& rows, std::size_t tolerated,
                                  std::size_t selected);

/// out <- R * geometric median, by `iterations` steps z <- sum b_r row_r / sum b_r,
/// b_r = samples_r / max(smoothing, ||z - row_r||), from z = 0. Norms are those of the mean of a sample.
/// In the first step the median of the norms is the least smoothing: z = 0 would hold fast who sends just that.
/// Source: Pillutla et al. 2019, the smoothed Weiszfeld algorithm, arXiv:1912.13445.   Cost: R n (iterations + 1).
/// Requires: smoothing > 0.
void geometric_median(const RobustRows& rows, double smoothing, std::uint32_t iterations,
                      std::span<float> out);

/// v <- v + sum a_r (row_r - v) min(1, radius / ||row_r - v||), a_r = samples_r / all, `iterations` times; then
/// out <- R v. `state`: v as the mean of a sample, read and written; empty: 0.
/// Radius 0: the lower median of the distances, anew in each iteration.
/// Source: Karimireddy, He & Jaggi 2021, centered clipping, arXiv:2012.10333.   Cost: R n (iterations + 1).
void centered_clipping(const RobustRows& rows, double radius, std::uint32_t iterations,
                       std::span<float> state, std::span<float> out);

}  // namespace murm
