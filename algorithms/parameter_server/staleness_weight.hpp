// How much a gradient counts that was computed at old parameters.
// Room: algorithms. Pure functions of a staleness.
// Caller: sa_asgd, buffered, the asynchronous local-update family. Source: Zhang et al. 2016, eq. 5; Nguyen et al. 2022.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "algorithms/vocabulary.hpp"

namespace murm {

enum class StalenessWeight : std::uint8_t {
  none,     // 1
  inverse,  // 1 / tau, 1 for tau = 0
  sqrt,     // 1 / sqrt(1 + tau)
};

constexpr StalenessWeight staleness_weight_named(std::string_view name,
                                                 StalenessWeight by_default) {
  if (name == "inverse") return StalenessWeight::inverse;
  if (name == "sqrt") return StalenessWeight::sqrt;
  return name == "none" ? StalenessWeight::none : by_default;
}

/// In (0, 1]. `cap` bounds the divisor, so that a very slow worker still has a say.
inline double staleness_weight(StalenessWeight kind, Version staleness, Version cap) {
  const double tau = static_cast<double>(std::min(staleness, cap));
  switch (kind) {
    case StalenessWeight::none:
      return 1;
    case StalenessWeight::inverse:
      return 1 / std::max(tau, 1.0);
    case StalenessWeight::sqrt:
      return 1 / std::sqrt(1 + tau);
  }
  return 1;
}

}  // namespace murm
