// What happens to the workers of a scenario, and when: its events and its rates as one sequence.
// Room: runtime/world. Knows slots and times; not what an event does to a machine.
// Caller: actors/virtual, which asks for one after the other. Source: Poisson processes, gaps by inversion.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

#include "runtime/world/scenario.hpp"
#include "runtime/world/world_time.hpp"

namespace murm {

enum class ChurnKind : std::uint8_t { join, leave, kill, crash, freeze };

struct ScheduledChurn {
  std::chrono::nanoseconds time{0};
  ChurnKind event = ChurnKind::join;
  std::uint64_t slot = 0;  // by a rate: one of the job's, uniformly; a join's is the first beyond
  std::chrono::nanoseconds duration = never;  // `for_s`
};

class ChurnSchedule {
 public:
  /// `workers`: of the job; at least 1 where there is a rate.
  ChurnSchedule(const Scenario& scenario, std::uint64_t workers, std::uint64_t seed);
  /// The next in order of (time, entry of the scenario). Without an end while a rate has none.
  std::optional<ScheduledChurn> next();

 private:
  struct Entry {
    ScheduledChurn event;  // the next of this entry
    double gap_mean = 0;   // nanoseconds; 0: it happens once
    std::chrono::nanoseconds until = never;
    std::uint64_t drawn = 0;
  };
  struct Turn {
    std::chrono::nanoseconds time;
    std::size_t entry;
    friend bool operator>(const Turn& a, const Turn& b) {
      return a.time != b.time ? a.time > b.time : a.entry > b.entry;
    }
  };

  void queue_next(std::size_t entry);  // of a rate: draws it, unless its time is over

  std::uint64_t workers_;
  std::uint64_t seed_;
  std::vector<Entry> entries_;
  std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns_;
};

}  // namespace murm
