// A lease as a window of H local steps.
// Room: algorithms. One rule for every algorithm whose workers step on their own.
// Caller: the families' tables.
#pragma once
#include <algorithm>
#include <cmath>

#include "algorithms/algorithm_options.hpp"
#include "algorithms/lease_plan.hpp"

namespace murm {

/// Longest lease: what the protocol can say.
inline constexpr std::uint64_t lease_samples_max = std::uint64_t{1} << 24U;

/// Throws InputError when a window has more samples than a lease may have.
inline std::uint32_t window_samples(const AlgorithmOptions& options, std::uint64_t steps) {
  const std::uint64_t samples = steps * options.batch;
  if (samples <= lease_samples_max) return static_cast<std::uint32_t>(samples);
  throw InputError("algorithm.local_steps = " + std::to_string(steps) + " with " +
                   std::to_string(options.batch) + " samples each are more than the " +
                   std::to_string(lease_samples_max) + " of a lease. HINT: fewer local steps");
}

/// Samples of a window that a worker with `share` of the fastest one's speed ends as soon as that one ends `steps`.
inline std::uint32_t evened_samples(std::uint64_t steps, std::uint32_t batch, double share) {
  const double mine = std::ceil(static_cast<double>(steps) * std::min(1.0, share));
  return static_cast<std::uint32_t>(std::max(1.0, mine)) * batch;
}

template <std::uint64_t Default>
void plan_windows(const AlgorithmOptions& options, LeasePlanOptions& plan) {
  plan.lease_samples = window_samples(options,
                                      options.local_steps == 0 ? Default : options.local_steps);
}

}  // namespace murm
