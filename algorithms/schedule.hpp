// Learning-rate schedules on a named clock.
// Room: algorithms. Pure functions of a clock value.
// Caller: aggregator machines, once per update. Source: algorithms guide, section 1 (schedules).
#pragma once
#include <cstdint>
#include <vector>

namespace murm {

enum class ScheduleKind : std::uint8_t { constant, step, cosine };

/// What the schedule counts: updates of the shard, or samples applied to it. Under asynchrony the two
/// differ, so the job file names one.
enum class ScheduleClock : std::uint8_t { updates, samples };

struct Schedule {
  ScheduleKind kind = ScheduleKind::constant;
  ScheduleClock clock = ScheduleClock::samples;
  double learning_rate = 0.1;
  double minimum = 0.01;             // cosine ends here
  double factor = 0.1;               // step: multiplied in at each milestone
  std::vector<double> milestones{};  // step: fractions of `total`, ascending
  double warmup = 0;                 // linear from 0, in the clock's unit
  double total = 0;  // whole run in the clock's unit; 0 when the run has no known end
};

/// Rate of the update that happens at clock `now` (updates or samples so far), in the schedule's unit.
/// warm-up: lr * (now + unit) / warmup, `unit` = clock units of one update, so the first rate is not 0.
double learning_rate_at(const Schedule& schedule, double now, double unit);

}  // namespace murm
