// Time: nanoseconds since an arbitrary start, never going back.
// Room: runtime. Knows no calendar.
// Caller: everything that measures or waits; tests bring their own clock.
#pragma once
#include <chrono>

namespace murm {

using Nanoseconds = std::chrono::nanoseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Monotonic. Comparable within one process only. Thread: any.
  virtual std::chrono::nanoseconds now() const = 0;
};

class SystemClock final : public Clock {
 public:
  std::chrono::nanoseconds now() const override;
};

/// `clock` in seconds since `start`.
double seconds_since(const Clock& clock, std::chrono::nanoseconds start);

}  // namespace murm
