// How long a worker's steps take: the distributions of a scenario.
// Room: runtime/world. Knows slots and times; not what is computed.
// Caller: actors/virtual, at each step. Integers out; no transcendental function of the C library (portable_math).
#pragma once
#include <chrono>
#include <cstdint>
#include <vector>

#include "runtime/world/recorded_series.hpp"
#include "runtime/world/scenario.hpp"

namespace murm {

/// Step k of a slot is a pure function of (seed, slot, k, when it begins): the order of asking changes nothing.
class ServiceTimes {
 public:
  ServiceTimes(const Scenario& scenario, std::uint64_t seed);
  /// At least 0; rounded to whole nanoseconds. Cost: constant but for the slow intervals of this slot.
  std::chrono::nanoseconds step(std::uint64_t slot, std::uint64_t k,
                                std::chrono::nanoseconds begins) const;

 private:
  enum class Distribution : std::uint8_t { constant, exponential, lognormal, pareto, trace };
  struct Slow {
    std::chrono::nanoseconds from;
    std::chrono::nanoseconds to;
    double factor;
  };

  void index_slow_workers(const Scenario& scenario);
  /// Of the slow intervals that contain `begins`; their product.
  double factor(std::uint64_t slot, std::chrono::nanoseconds begins) const;

  Distribution distribution_;
  std::uint64_t seed_;
  double mean_;   // nanoseconds
  double shape_;  // lognormal: sigma; pareto: -1 / alpha
  double scale_;  // nanoseconds; lognormal: the median; pareto: the smallest
  RecordedSeries recorded_;
  // Those of slot i are slow_[slow_first_[i]] up to slow_[slow_first_[i + 1]].
  std::vector<Slow> slow_;
  std::vector<std::uint32_t> slow_first_;
};

}  // namespace murm
