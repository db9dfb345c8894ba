// Robust rules that judge each coordinate for itself: trimmed mean, and the median as its extreme case.
// Room: algorithms. Arithmetic on the rows of one aggregation; knows no peer.
// Caller: algorithms/robust/robust. Source: Yin et al. 2018, Definitions 1 and 2, arXiv:1803.01498.
#pragma once
#include <cstdint>
#include <span>

#include "algorithms/robust/rows.hpp"

namespace murm {

/// out[j] <- R * mean of row[.][j] without the `trimmed` smallest and the `trimmed` largest; NaN counts as
/// infinity. Each row has one voice, whatever its samples. Summed in ascending order: rows may come in any.
/// Requires: 2 trimmed < R.   Cost: R (log R)^2 n / 4 comparisons, 16 columns at a time.
void trimmed_mean(const RobustRows& rows, std::size_t trimmed, std::span<float> out);

/// As above; the midpoint of the two middle values where R is even.
inline void coordinate_median(const RobustRows& rows, std::span<float> out) {
  trimmed_mean(rows, (rows.count() - 1) / 2, out);
}

}  // namespace murm
