#include "runtime/world/churn.hpp"

#include <algorithm>
#include <string>

#include "algorithms/vocabulary.hpp"
#include "runtime/world/draw.hpp"
#include "runtime/world/portable_math.hpp"

namespace murm {

namespace {

constexpr double kNanosecondsPerHour = 3600e9;

ChurnKind kind_of(const std::string& event) {
  if (event == "join") return ChurnKind::join;
  if (event == "leave") return ChurnKind::leave;
  if (event == "kill") return ChurnKind::kill;
  if (event == "crash") return ChurnKind::crash;
  MURM_ASSERT(event == "freeze", event);
  return ChurnKind::freeze;
}

}  // namespace

ChurnSchedule::ChurnSchedule(const Scenario& scenario, std::uint64_t workers, std::uint64_t seed)
    : workers_(workers), seed_(seed) {
  entries_.reserve(scenario.churn.size());
  for (const ChurnEvent& given : scenario.churn) {
    const std::size_t index = entries_.size();
    Entry entry;
    entry.event.event = kind_of(given.event);
    entry.event.duration = moment_from_seconds(given.for_s);
    if (given.rate_per_hour > 0) {
      MURM_ASSERT(workers_ > 0, std::to_string(workers_));
      entry.gap_mean = kNanosecondsPerHour / given.rate_per_hour;
      entry.event.time = moment_from_seconds(given.from_s);
      entry.until = moment_from_seconds(given.to_s);
      entries_.push_back(entry);
      queue_next(index);
    } else {
      entry.event.time = moment_from_seconds(given.at_s);
      entry.event.slot = given.worker;
      entries_.push_back(entry);
      if (entry.event.time != never) turns_.push({entry.event.time, index});
    }
  }
}

void ChurnSchedule::queue_next(std::size_t index) {
  Entry& entry = entries_[index];
  if (entry.event.time > end_of_time) return;
  const Draw drawn = draw(seed_, Purpose::churn, index, entry.drawn++);
  entry.event.time += duration_from(-portable_log(open_uniform(drawn.first())) * entry.gap_mean);
  if (entry.event.time >= entry.until) return;
  const auto at = open_uniform(drawn.second()) * static_cast<double>(workers_);
  entry.event.slot = entry.event.event == ChurnKind::join
                         ? workers_
                         : std::min(static_cast<std::uint64_t>(at), workers_ - 1);
  turns_.push({entry.event.time, index});
}

std::optional<ScheduledChurn> ChurnSchedule::next() {
  if (turns_.empty()) return std::nullopt;
  const std::size_t index = turns_.top().entry;
  turns_.pop();
  const ScheduledChurn event = entries_[index].event;
  if (entries_[index].gap_mean > 0) queue_next(index);
  return event;
}

}  // namespace murm
