// Which classes a classifier takes for which: counts over a data set.
// Room: models. Asks an objective's evaluate alone, so that it serves every classifier there is.
// Caller: tools/murm (evaluate).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "models/dataset.hpp"
#include "models/objective.hpp"

namespace murm {

struct Confusion {
  std::size_t classes = 0;
  std::vector<std::uint64_t> counts;  // [class that is right][class that is said]

  std::uint64_t at(std::size_t right, std::size_t said) const {
    return counts[right * classes + said];
  }
};

/// Requires: data with classes, one label for a sample (asserted). Thread: any, one at a time.
/// Cost: one evaluation, and up to `classes` more of the small batches that have a mistake in them.
Confusion confusion(Objective& objective, const Dataset& data, std::span<const float> parameters);

}  // namespace murm
