#include "algorithms/parameter_server/dssp.hpp"

#include <algorithm>
#include <cmath>

namespace murm {

DsspAggregator::DsspAggregator(ShardOptions options, std::uint64_t lower, std::uint64_t upper)
    : SspAggregator(std::move(options), lower, upper), range_(upper - lower) {}

bool DsspAggregator::runs_ahead(const Message& message, Step clock, Context& context) {
  Pace& pace = paces_[message.from];
  if (message.kind == MessageKind::push) {
    if (pace.last.count() != 0) pace.interval = context.now() - pace.last;
    pace.last = context.now();
    pace.clock = clock;
  }
  if (clock <= lower_limit() || clock > upper_limit()) return false;
  if (pace.credit == 0) {
    const auto by_clock = [](const auto& a, const auto& b) {
      return a.second.clock < b.second.clock;
    };
    const Pace& slowest = std::min_element(paces_.begin(), paces_.end(), by_clock)->second;
    const Pace& fastest = std::max_element(paces_.begin(), paces_.end(), by_clock)->second;
    if (pace.clock < fastest.clock) return false;
    pace.credit = further_clocks(pace, slowest);
  }
  if (pace.credit == 0) return false;
  --pace.credit;
  return true;
}

/// argmin over r of the distance between t + r I and the nearest push of the slowest after its last.
std::uint64_t DsspAggregator::further_clocks(const Pace& fast, const Pace& slow) const {
  if (fast.interval.count() == 0 || slow.interval.count() == 0) return 0;
  const auto interval = static_cast<double>(slow.interval.count());
  std::uint64_t best = 0;
  double nearest = 0;
  for (std::uint64_t r = 0; r <= range_; ++r) {
    const double ahead = static_cast<double>((fast.last - slow.last).count()) +
                         static_cast<double>(r) * static_cast<double>(fast.interval.count());
    const double pushes = std::max(1.0, std::round(ahead / interval));
    const double distance = std::abs(ahead - pushes * interval);
    if (r == 0 || distance < nearest) {
      best = r;
      nearest = distance;
    }
  }
  return best;
}

void DsspAggregator::on_membership(const MembershipChange& change, Context& context) {
  for (const PeerId peer : change.left) paces_.erase(peer);
  SspAggregator::on_membership(change, context);
}

}  // namespace murm
