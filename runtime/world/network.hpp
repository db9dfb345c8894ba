// The network of a scenario: when a message that leaves one host now arrives at another.
// Room: runtime/world. Knows hosts, bytes and times; not what a message says.
// Caller: actors/virtual. A link is as reliable as TCP: what is lost is sent again, nothing overtakes on a channel.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "runtime/world/recorded_series.hpp"
#include "runtime/world/scenario.hpp"

namespace murm {

/// Hosts are numbered: 0 is the server (coordinator and aggregators), slot + 1 a worker's host.
using Host = std::uint32_t;

/// One message on its way. Never to arrive: `left` and `arrives` are `never` (world_time).
struct Passage {
  // Its last bit has left the sender for the last time: a sender that dies before takes it along.
  std::chrono::nanoseconds left{0};
  // Its first bit reaches the receiver's card (or, without a bandwidth, all of it). Behind a pipe narrower than the
  // card: the moment from which the card alone sets the pace, so that a trickle does not keep it from others.
  std::chrono::nanoseconds arrives{0};
  std::chrono::nanoseconds transfer{0};  // time its bits need there
  std::uint32_t attempts = 1;            // how often it was sent
  bool duplicated = false;               // arrives a second time
};

class NetworkModel {
 public:
  /// `workers`: of the job; hosts beyond belong to late joiners and live in the last region.
  NetworkModel(const Scenario& scenario, std::uint64_t workers, std::uint64_t seed);

  /// Nothing costs anything: `send` need not be called.
  bool free() const;
  /// A message of `bytes` leaves `from` now. With 0 bytes it is a control message, which occupies no card
  /// and waits for none. Requires: calls in order of `now`.
  Passage send(Host from, Host to, std::uint64_t bytes, std::chrono::nanoseconds now);
  /// All of a message is there, when its first bits reach the card of `to` now. Requires: calls in order of `now`.
  std::chrono::nanoseconds receive(Host to, const Passage& passage, std::chrono::nanoseconds now);

  /// Whether nothing passes between the two at `now`, and if so, when that ends (forever: maximum of the type).
  bool cut(Host a, Host b, std::chrono::nanoseconds now) const;
  std::chrono::nanoseconds heals(Host a, Host b, std::chrono::nanoseconds now) const;
  std::chrono::nanoseconds latency(Host from, Host to) const;

 private:
  using Time = std::chrono::nanoseconds;

  /// A card or a pipe: bits pass one message after the other.
  struct Line {
    Time free{0};  // when all that was given to it has passed
    /// When the last bit of a message has passed that needs `work` and comes at `ready`, now or later. Work counts from
    /// `now` on: a message that will come later holds up nobody until then.
    Time passed(Time work, Time now, Time ready) const;
    void take(Time work, Time now);
  };
  struct Way {  // from region to region
    Time latency{0};
    Time timeout{0};         // the first wait before a lost message is sent again
    double ns_per_byte = 0;  // of the shared pipe; 0: infinitely fast
    Line pipe;
  };
  struct Cut {
    Time from;
    Time to;
    std::vector<std::uint64_t> slots;  // ascending
    bool separates(Host a, Host b) const;
  };

  void lay_ways(const Scenario& scenario, std::uint64_t workers);
  std::size_t region(Host host) const;
  std::size_t way_index(Host from, Host to) const;
  bool cut_during(Host a, Host b, Time first, Time last) const;
  /// Draws what happens to an attempt: whether it arrives, when, how often.
  bool survives(Passage& passage, Host from, Host to);
  Passage recorded(Host from, Host to, Time now);

  std::uint64_t seed_;
  double card_ns_per_byte_;  // 0: infinitely fast
  // Probabilities in units of 2^-32.
  std::uint64_t loss_;
  std::uint64_t duplication_;
  std::uint64_t reordering_;
  std::vector<std::uint64_t> region_ends_;  // first slot behind each region
  std::vector<Way> ways_;                   // [from][to]
  std::vector<Cut> cuts_;
  RecordedSeries up_;
  RecordedSeries down_;
  bool free_;
  std::vector<Line> outgoing_;  // by host, grown when needed
  std::vector<Line> incoming_;
  // Attempts (recorded: messages) so far by channel: looked up, never walked through.
  std::unordered_map<std::uint64_t, std::uint64_t> counts_;
};

}  // namespace murm
