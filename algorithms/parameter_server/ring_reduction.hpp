// Ring all-reduce: n ranks add up a vector, each sending to the next one only, in chunks of an n-th.
// Room: algorithms. One reduction at a time; who is in it, and what failures mean, is the caller's business.
// Caller: algorithms/parameter_server/ring. Source: Patarasuk & Yuan 2009 (bandwidth optimal all-reduce), 2 (n - 1) / n
// of the vector sent by each rank.
#pragma once
#include <map>
#include <utility>
#include <vector>

#include "algorithms/machine.hpp"

namespace murm {

/// Reduce-scatter, hop k = 0 .. n - 2: rank p sends chunk p - k and adds what it gets to chunk p - k - 1. All-gather:
/// it sends chunk p + 1 - k, which is complete, and gets chunk p - k. Each chunk is added up by one rank for all, so
/// everybody has the same bits; which ones depends on the order of the ring. Messages carry (round, attempt) as
/// (round, version), the chunk as shard, and as weight the samples that are in it.
class RingReduction {
 public:
  /// Sums of `length` numbers.
  explicit RingReduction(std::size_t length) : length_(length) {}

  /// A new attempt at a round, among `ranks`; this one is `self`. Nothing older is listened to any more.
  void begin(std::uint64_t round, Epoch attempt, std::vector<PeerId> ranks, PeerId self);
  /// This rank's part of the sum.
  void contribute(const Tensor& values, double samples, Context& context);
  bool contributed() const { return contributed_; }
  /// A message of this attempt, or of a later one.
  void take(const Message& message);
  /// Goes on with what has come; true once the sum is complete.
  bool advance(Context& context);

  const Tensor& sum() const { return sum_; }
  double samples() const { return samples_; }
  Epoch attempt() const { return key_.second; }
  const std::vector<PeerId>& ranks() const { return ranks_; }

 private:
  using Key = std::pair<std::uint64_t, Epoch>;  // round, attempt
  using Place = std::pair<MessageKind, std::uint32_t>;

  Tensor chunk(std::size_t index) const;
  void send(MessageKind kind, std::size_t index, Tensor payload, double samples, Context& context);
  bool hop(Context& context);

  std::size_t length_;
  Key key_{0, 0};
  std::vector<PeerId> ranks_;
  std::size_t position_ = 0;  // among them
  bool contributed_ = false;
  std::size_t hops_ = 0;  // done, of 2 (n - 1)
  Tensor sum_;
  double own_samples_ = 0;
  double samples_ = 0;
  std::map<Key, std::map<Place, Message>> inbox_;
};

}  // namespace murm
