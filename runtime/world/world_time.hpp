// Virtual time: whole nanoseconds from the start of a run, and how a scenario's numbers become them.
// Room: runtime/world. Knows units only.
// Caller: service_time, network, churn, actors/virtual. Everything saturates; nothing overflows for 100 years.
#pragma once
#include <chrono>
#include <cmath>
#include <cstdint>

namespace murm {

inline constexpr std::chrono::nanoseconds never = std::chrono::nanoseconds::max();
/// No step, delay or transfer is longer: heavy tails are cut here.
inline constexpr std::chrono::nanoseconds longest_duration = std::chrono::hours{24 * 365 * 10};
/// What would happen later than this never happens.
inline constexpr std::chrono::nanoseconds end_of_time = std::chrono::hours{24 * 365 * 100};

/// A duration, rounded. Requires: not negative.
inline std::chrono::nanoseconds duration_from(double nanoseconds) {
  if (!(nanoseconds < static_cast<double>(longest_duration.count()))) return longest_duration;
  return std::chrono::nanoseconds{static_cast<std::int64_t>(nanoseconds + 0.5)};
}
/// A moment of a scenario; `forever` and everything behind the end of time: never.
inline std::chrono::nanoseconds moment_from_seconds(double seconds) {
  if (!(seconds * 1e9 < static_cast<double>(end_of_time.count()))) return never;
  return std::chrono::nanoseconds{std::llround(seconds * 1e9)};
}

}  // namespace murm
