// Who owns which range of the flat parameter vector.
// Room: algorithms. Pure arithmetic.
// Caller: machines, actors/training_node, serialization/codec. Source: architecture, section 7 (shards are ranges).
#pragma once
#include <cstddef>

namespace murm {

struct Range {
  std::size_t offset = 0;
  std::size_t length = 0;
};

/// Range of `shard` when `parameters` elements are cut into `shards` parts that differ by at most one.
/// Requires: shard < shards.
constexpr Range shard_range(std::size_t parameters, std::size_t shards, std::size_t shard) {
  const std::size_t quotient = parameters / shards;
  const std::size_t rest = parameters % shards;
  const std::size_t offset = shard * quotient + (shard < rest ? shard : rest);
  return {offset, quotient + (shard < rest ? 1 : 0)};
}

}  // namespace murm
