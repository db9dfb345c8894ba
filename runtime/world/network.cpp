#include "runtime/world/network.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "algorithms/vocabulary.hpp"
#include "runtime/world/draw.hpp"
#include "runtime/world/world_time.hpp"

namespace murm {

namespace {

using Time = std::chrono::nanoseconds;

// Retransmission as TCP does it: RFC 6298's doubling and upper bound, Linux's least timeout.
constexpr Time kTimeoutMin = std::chrono::milliseconds{200};
constexpr Time kTimeoutMax = std::chrono::seconds{60};
constexpr std::int64_t kRoundTripsOfTimeout = 2;
constexpr std::int64_t kLatenciesOfReordering = 4;
constexpr std::uint64_t kCertain = std::uint64_t{1} << 32U;

Time from_ms(double ms) { return duration_from(ms * 1e6); }

double ns_per_byte(double gbit) { return gbit > 0 ? 8 / gbit : 0; }

Time work(std::uint64_t bytes, double per_byte) {
  return duration_from(static_cast<double>(bytes) * per_byte);
}

std::uint64_t in_units(double probability) {
  MURM_ASSERT(probability >= 0, std::to_string(probability));
  MURM_ASSERT(probability <= 1, std::to_string(probability));
  return static_cast<std::uint64_t>(std::llround(probability * static_cast<double>(kCertain)));
}

/// Uniform in (0, longest].
Time extra_delay(std::uint32_t word, Time longest) {
  const double part = (static_cast<double>(word) + 1) / static_cast<double>(kCertain);
  return std::max(Time{longest > Time{0} ? 1 : 0},
                  duration_from(part * static_cast<double>(longest.count())));
}

template <class Line>
Line& at(std::vector<Line>& lines, Host host) {
  if (host >= lines.size()) lines.resize(std::size_t{host} + 1);
  return lines[host];
}

Passage lost_for_ever(std::uint32_t attempts) {
  return Passage{.left = never, .arrives = never, .attempts = attempts};
}

}  // namespace

NetworkModel::NetworkModel(const Scenario& scenario, std::uint64_t workers, std::uint64_t seed)
    : seed_(seed),
      card_ns_per_byte_(ns_per_byte(scenario.network.bandwidth_gbit)),
      loss_(in_units(scenario.network.loss)),
      duplication_(in_units(scenario.network.duplication)),
      reordering_(in_units(scenario.network.reordering)),
      up_(scenario.recorded, &RecordedTiming::up),
      down_(scenario.recorded, &RecordedTiming::down) {
  lay_ways(scenario, workers);
  for (const Partition& partition : scenario.partition) {
    Cut cut{moment_from_seconds(partition.from_s), moment_from_seconds(partition.to_s),
            partition.workers};
    std::sort(cut.slots.begin(), cut.slots.end());
    if (cut.from < cut.to && !cut.slots.empty()) cuts_.push_back(std::move(cut));
  }
  free_ = card_ns_per_byte_ == 0 && loss_ + duplication_ + reordering_ == 0 && cuts_.empty() &&
          up_.empty() && down_.empty() && std::all_of(ways_.begin(), ways_.end(), [](const Way& w) {
            return w.latency == Time{0} && w.ns_per_byte == 0;
          });
}

void NetworkModel::lay_ways(const Scenario& scenario, std::uint64_t workers) {
  const auto& regions = scenario.regions;
  const std::size_t count = std::max<std::size_t>(1, regions.shares.size());
  double share = 0;
  for (std::size_t r = 0; r + 1 < count; ++r) {
    share += regions.shares[r];
    region_ends_.push_back(
        static_cast<std::uint64_t>(std::llround(share * static_cast<double>(workers))));
  }
  region_ends_.push_back(std::numeric_limits<std::uint64_t>::max());
  for (const auto* matrix : {&regions.latency_ms, &regions.bandwidth_gbit}) {
    if (matrix->empty()) continue;
    MURM_ASSERT(matrix->size() == count, std::to_string(matrix->size()));
    for (const auto& row : *matrix) MURM_ASSERT(row.size() == count, std::to_string(row.size()));
  }
  ways_.resize(count * count);
  for (std::size_t i = 0; i < ways_.size(); ++i) {
    const std::size_t from = i / count;
    const std::size_t to = i % count;
    ways_[i].latency = from_ms(regions.latency_ms.empty() ? scenario.network.latency_ms
                                                          : regions.latency_ms[from][to]);
    if (!regions.bandwidth_gbit.empty()) {
      ways_[i].ns_per_byte = ns_per_byte(regions.bandwidth_gbit[from][to]);
    }
  }
  for (std::size_t i = 0; i < ways_.size(); ++i) {
    const Time back = ways_[i % count * count + i / count].latency;
    ways_[i].timeout = std::max(kTimeoutMin, kRoundTripsOfTimeout * (ways_[i].latency + back));
  }
}

bool NetworkModel::free() const { return free_; }

Passage NetworkModel::send(Host from, Host to, std::uint64_t bytes, Time now) {
  if (!up_.empty() || !down_.empty()) {
    return bytes == 0 ? Passage{.left = now, .arrives = now} : recorded(from, to, now);
  }
  if (from == to) return Passage{.left = now, .arrives = now};
  if (loss_ == kCertain) return lost_for_ever(1);

  Way& way = ways_[way_index(from, to)];
  Line none;  // of a control message
  Line& card = bytes == 0 ? none : at(outgoing_, from);
  Line& pipe = bytes == 0 ? none : way.pipe;
  const Time card_work = work(bytes, card_ns_per_byte_);
  const Time pipe_work = work(bytes, way.ns_per_byte);
  Passage passage{.transfer = card_work};
  Time timeout = way.timeout;
  for (Time ready = now;; ++passage.attempts) {
    passage.left = card.passed(card_work, now, ready);
    const Time starts = passage.left - card_work;
    const Time passed = std::max(passage.left, pipe.passed(pipe_work, now, starts));
    const Time all_there = passed + way.latency;
    if (all_there > end_of_time) return lost_for_ever(passage.attempts);

    ready = passage.left + timeout;
    if (cut_during(from, to, starts, all_there)) {
      // What tries again in vain is a probe of one segment: it costs no card and no pipe anything.
      const Time healed = heals(from, to, ready);
      if (healed == never) return lost_for_ever(passage.attempts);
      if (timeout >= kTimeoutMax && healed > ready) {  // all tries until then at once
        const auto tries = (healed - ready) / (timeout + card_work);
        ready += tries * (timeout + card_work);
        passage.attempts += static_cast<std::uint32_t>(tries);
      }
    } else {
      card.take(card_work, now);
      pipe.take(pipe_work, now);
      passage.arrives = all_there - card_work;
      if (survives(passage, from, to)) return passage;
    }
    timeout = std::max(timeout, std::min(2 * timeout, kTimeoutMax));
  }
}

bool NetworkModel::survives(Passage& passage, Host from, Host to) {
  if (loss_ + duplication_ + reordering_ == 0) return true;
  const std::uint64_t channel = std::uint64_t{from} << 32U | to;
  const auto words = draw(seed_, Purpose::network, channel, counts_[channel]++).words;
  if (words[0] < loss_) return false;
  passage.duplicated = words[1] < duplication_;
  if (words[2] < reordering_) {
    const Time in_order = passage.arrives;
    passage.arrives += extra_delay(words[3], kLatenciesOfReordering * latency(from, to));
    return !cut_during(from, to, in_order, passage.arrives + passage.transfer);
  }
  return true;
}

Time NetworkModel::receive(Host to, const Passage& passage, Time now) {
  if (passage.transfer == Time{0}) return now;
  Line& card = at(incoming_, to);
  card.take(passage.transfer, now);
  return card.free;
}

bool NetworkModel::cut(Host a, Host b, Time now) const { return cut_during(a, b, now, now); }

Time NetworkModel::heals(Host a, Host b, Time now) const {
  Time healed = now;
  for (bool found = true; found && healed != never;) {
    found = false;
    for (const Cut& cut : cuts_) {
      if (healed < cut.from || healed >= cut.to || !cut.separates(a, b)) continue;
      healed = cut.to;
      found = true;
    }
  }
  return healed;
}

Time NetworkModel::latency(Host from, Host to) const {
  return from == to ? Time{0} : ways_[way_index(from, to)].latency;
}

Time NetworkModel::Line::passed(Time work, Time now, Time ready) const {
  return std::max(std::max(free, now), ready) + work;
}

void NetworkModel::Line::take(Time work, Time now) { free = std::max(free, now) + work; }

bool NetworkModel::Cut::separates(Host a, Host b) const {
  const auto inside = [&](Host host) {
    return host > 0 && std::binary_search(slots.begin(), slots.end(), host - 1);
  };
  return inside(a) != inside(b);
}

std::size_t NetworkModel::region(Host host) const {
  if (host == 0) return 0;
  std::size_t r = 0;
  while (host - 1 >= region_ends_[r]) ++r;
  return r;
}

std::size_t NetworkModel::way_index(Host from, Host to) const {
  const std::size_t count = region_ends_.size();
  return count == 1 ? 0 : region(from) * count + region(to);
}

bool NetworkModel::cut_during(Host a, Host b, Time first, Time last) const {
  return std::any_of(cuts_.begin(), cuts_.end(), [&](const Cut& cut) {
    return first < cut.to && last >= cut.from && cut.separates(a, b);
  });
}

Passage NetworkModel::recorded(Host from, Host to, Time now) {
  const RecordedSeries& series = to == 0 ? up_ : down_;
  const Host worker = std::max(from, to);
  Passage passage{.left = now, .arrives = now};
  if (std::min(from, to) != 0 || worker == 0 || series.empty()) return passage;
  passage.arrives += series.at(worker - 1, counts_[std::uint64_t{from} << 32U | to]++);
  return passage;
}

}  // namespace murm
