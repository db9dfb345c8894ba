// One shard's memory of which leases it has taken: a gradient is applied once, whatever is resent.
// Room: algorithms. Knows lease numbers only.
// Caller: actors/aggregator, at every push. Source: reliability guide, 2.3 (de-duplication key).
#pragma once
#include <cstdint>
#include <vector>

#include "algorithms/vocabulary.hpp"

namespace murm {

/// Counts `admitted` (bits set) and `applied` (gradients in the parameters) apart, so that an audit can
/// compare them. Grows by doubling; call `reserve` to keep the steady state free of allocation.
class Ledger {
 public:
  void reserve(std::uint64_t leases) { taken_.reserve((leases + 63) / 64); }

  /// True the first time `lease` is offered; later offers are counted and refused.
  bool admit(LeaseId lease) {
    const std::size_t word = lease / 64;
    const std::uint64_t bit = std::uint64_t{1} << (lease % 64);
    if (word >= taken_.size()) taken_.resize(word + 1, 0);
    if ((taken_[word] & bit) != 0) {
      ++refused_;
      return false;
    }
    taken_[word] |= bit;
    ++admitted_;
    return true;
  }

  /// Marks all leases below `end` as applied: a checkpoint holds exactly these.
  void restore(LeaseId end) {
    taken_.clear();
    admitted_ = 0;
    for (LeaseId lease = 0; lease < end; ++lease) admit(lease);
    applied_ = end;
  }

  void applied() { ++applied_; }
  void dropped() { ++dropped_; }
  std::uint64_t admitted_count() const { return admitted_; }
  std::uint64_t applied_count() const { return applied_; }
  std::uint64_t dropped_count() const { return dropped_; }
  std::uint64_t refused_count() const { return refused_; }

 private:
  std::vector<std::uint64_t> taken_;
  std::uint64_t admitted_ = 0;
  std::uint64_t applied_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace murm
