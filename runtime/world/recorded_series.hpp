// One of the three tables of a recorded run, as something to read for any slot and any number.
// Room: runtime/world. Knows durations; not what took so long.
// Caller: service_time, network. A slot beyond the table, or one that has recorded nothing, borrows a neighbour's.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "runtime/world/scenario.hpp"

namespace murm {

class RecordedSeries {
 public:
  RecordedSeries() = default;
  /// `member`: &RecordedTiming::compute, ::up or ::down. `recorded` may be null.
  RecordedSeries(std::shared_ptr<const RecordedTiming> recorded,
                 RecordedTiming::Series RecordedTiming::*member)
      : owner_(std::move(recorded)) {
    if (owner_ == nullptr) return;
    const RecordedTiming::Series& series = *owner_.*member;
    for (std::size_t slot = 0; slot < series.size(); ++slot) {
      for (std::size_t next = 0; next < series.size(); ++next) {
        const auto& durations = series[(slot + next) % series.size()];
        if (durations.empty()) continue;
        by_slot_.emplace_back(durations);
        break;
      }
    }
  }

  bool empty() const { return by_slot_.empty(); }
  /// Requires: not empty.
  std::chrono::nanoseconds at(std::uint64_t slot, std::uint64_t i) const {
    const auto& durations = by_slot_[slot % by_slot_.size()];
    return durations[i % durations.size()];
  }

 private:
  std::shared_ptr<const RecordedTiming> owner_;
  std::vector<std::span<const std::chrono::nanoseconds>> by_slot_;
};

}  // namespace murm
