#include "actors/virtual/lease_book.hpp"

#include <algorithm>

#include "serialization/limits.hpp"

namespace murm {

namespace {

/// Ids are dense, but the traces of others may be ahead: what bounds the ledgers' memory.
constexpr LeaseId kAheadMax = LeaseId{1} << 20U;

}  // namespace

std::string LeaseBook::objection(const Lease& lease) {
  if (lease.id >= lease_ids_max || lease.id > ids_end_ + kAheadMax) return "it is far ahead";
  const bool even = !plan_.uneven && plan_.later_samples == 0;
  if (even && lease.position != lease.id * plan_.lease_samples) {
    return "it begins at another sample";
  }
  SampleCount samples = plan_.lease_samples;
  if (plan_.total != 0) {
    if (lease.position >= plan_.total) return "it lies beyond the end of the run";
    samples = std::min<SampleCount>(samples, plan_.total - lease.position);
  }
  const std::uint32_t most = std::max(plan_.lease_samples, plan_.later_samples);
  if (even ? lease.samples != samples : lease.samples > most)
    return "it has another number of samples";
  if (plan_.synchronous && !fits_its_step(lease)) return "it does not fit into its step";
  ids_end_ = std::max(ids_end_, lease.id + 1);
  return {};
}

bool LeaseBook::fits_its_step(const Lease& lease) {
  if (lease.quorum > quorum_max || lease.index >= lease.quorum || lease.index > lease.id) {
    return false;
  }
  const LeaseId first = lease.id - lease.index;
  const auto [found, fresh] = steps_.try_emplace(lease.step, Span{first, lease.quorum});
  if (!fresh) return found->second.first == first && found->second.quorum == lease.quorum;
  const auto next = std::next(found);
  const bool before = found == steps_.begin() ||
                      std::prev(found)->second.first + std::prev(found)->second.quorum <= first;
  return before && (next == steps_.end() || first + lease.quorum <= next->second.first);
}

}  // namespace murm
