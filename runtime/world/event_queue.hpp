// The queue of a simulated world: what happens next, in one fixed order.
// Room: runtime/world. Knows times, places and sequence numbers; not what an event means.
// Caller: actors/virtual. Source: 4-ary heap, LaMarca & Ladner 1996; the order is algorithms guide, 8.3 rule 6.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "algorithms/vocabulary.hpp"

namespace murm {

/// Events of one moment are ordered by class, then by the place they come from, then by their sequence.
struct EventKey {
  std::int64_t time_ns = 0;
  std::uint64_t place = 0;  // class in the top byte, below it where it comes from
  std::uint64_t sequence = 0;
  std::uint32_t content = 0;  // index of the caller's
  std::uint8_t kind = 0;      // the caller's

  friend bool operator<(const EventKey& a, const EventKey& b) {
    if (a.time_ns != b.time_ns) return a.time_ns < b.time_ns;
    if (a.place != b.place) return a.place < b.place;
    return a.sequence < b.sequence;
  }
};

/// Cost: logarithmic, no allocation once it has grown. Thread: one at a time.
class EventQueue {
 public:
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  const EventKey& top() const { return heap_.front(); }

  void push(std::chrono::nanoseconds time, std::uint8_t event_class, std::uint64_t place,
            std::uint8_t kind, std::uint32_t content) {
    const EventKey key{time.count(), (std::uint64_t{event_class} << 56U) | place, sequence_++,
                       content, kind};
    std::size_t hole = heap_.size();
    heap_.push_back(key);
    while (hole > 0) {
      const std::size_t parent = (hole - 1) / kArity;
      if (!(key < heap_[parent])) break;
      heap_[hole] = heap_[parent];
      hole = parent;
    }
    heap_[hole] = key;
  }

  /// Requires: not empty (asserted).
  EventKey pop() {
    MURM_ASSERT(!heap_.empty(), "");
    const EventKey first = heap_.front();
    const EventKey last = heap_.back();
    heap_.pop_back();
    if (!heap_.empty()) sift_down(last);
    return first;
  }

 private:
  static constexpr std::size_t kArity = 4;

  void sift_down(const EventKey& key) {
    std::size_t hole = 0;
    for (;;) {
      const std::size_t first = hole * kArity + 1;
      if (first >= heap_.size()) break;
      const std::size_t end = std::min(first + kArity, heap_.size());
      std::size_t least = first;
      for (std::size_t child = first + 1; child < end; ++child) {
        if (heap_[child] < heap_[least]) least = child;
      }
      if (!(heap_[least] < key)) break;
      heap_[hole] = heap_[least];
      hole = least;
    }
    heap_[hole] = key;
  }

  std::vector<EventKey> heap_;
  std::uint64_t sequence_ = 0;
};

}  // namespace murm
