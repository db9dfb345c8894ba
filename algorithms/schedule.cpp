#include "algorithms/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace murm {

double learning_rate_at(const Schedule& schedule, double now, double unit) {
  if (now < schedule.warmup) {
    return schedule.learning_rate * std::min(1.0, (now + unit) / schedule.warmup);
  }
  switch (schedule.kind) {
    case ScheduleKind::constant:
      return schedule.learning_rate;
    case ScheduleKind::step: {
      double rate = schedule.learning_rate;
      for (const double milestone : schedule.milestones) {
        if (now >= milestone * schedule.total) rate *= schedule.factor;
      }
      return rate;
    }
    case ScheduleKind::cosine: {
      const double span = schedule.total - schedule.warmup;
      const double progress = span > 0 ? std::min(1.0, (now - schedule.warmup) / span) : 1.0;
      return schedule.minimum + (schedule.learning_rate - schedule.minimum) * 0.5 *
                                    (1.0 + std::cos(std::numbers::pi * progress));
    }
  }
  return schedule.learning_rate;
}

}  // namespace murm
