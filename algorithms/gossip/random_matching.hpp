// A random perfect matching of n peers for each round, asked for one peer at a time.
// Room: algorithms. Integers only, no state and no memory: every peer can find its own partner.
// Caller: algorithms/gossip/topology. Source: the swap-or-not shuffle, Hoang, Morris & Rogaway 2012, with Philox as round function.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

namespace murm {

/// Whom `peer` is matched with in `round`: a shuffle of all peers, cut into pairs. With odd `peers` one of them is left
/// alone, another one each time. Cost: of order log n, no allocation.
std::optional<std::uint32_t> matching_partner(std::uint64_t seed, std::uint64_t round,
                                              std::size_t peers, std::uint32_t peer);

}  // namespace murm
