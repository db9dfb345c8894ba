#include "algorithms/gossip/random_matching.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "algorithms/random.hpp"

namespace murm {
namespace {

constexpr std::uint64_t kPurpose =
    0x6D61746368696E67;  // a key of its own beside other uses of the seed
constexpr std::uint32_t kPivotCounter = 0xFFFFFFFF;  // no position: peers are fewer

/// One shuffle of 0..n-1, computed for single positions, forwards and backwards.
class Shuffle {
 public:
  Shuffle(std::uint64_t seed, std::uint64_t round, std::uint32_t peers)
      : key_{low(spread_bits(seed ^ kPurpose)), low(spread_bits(seed ^ kPurpose) >> 32U)},
        round_{low(round), low(round >> 32U)},
        peers_(peers),
        steps_(16 + 6 * static_cast<std::uint32_t>(std::bit_width(peers))) {}

  std::uint32_t forwards(std::uint32_t position) const {
    for (std::uint32_t step = 0; step < steps_; ++step) position = swap_or_not(step, position);
    return position;
  }
  std::uint32_t backwards(std::uint32_t position) const {
    for (std::uint32_t step = steps_; step-- > 0;) position = swap_or_not(step, position);
    return position;
  }

 private:
  static std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
  std::uint32_t draw(std::uint32_t step, std::uint32_t what) const {
    return philox({what, step, round_[0], round_[1]}, key_)[0];
  }
  /// Positions x and pivot - x (mod n) change places, or do not. Its own inverse.
  std::uint32_t swap_or_not(std::uint32_t step, std::uint32_t position) const {
    const std::uint64_t draw_of_pivot = draw(step, kPivotCounter);
    const std::uint64_t pivot = (draw_of_pivot * peers_) >> 32U;
    const auto other = static_cast<std::uint32_t>((pivot + peers_ - position) % peers_);
    return draw(step, std::max(position, other)) % 2 == 1 ? other : position;
  }

  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 2> round_;
  std::uint32_t peers_;
  std::uint32_t steps_;
};

}  // namespace

std::optional<std::uint32_t> matching_partner(std::uint64_t seed, std::uint64_t round,
                                              std::size_t peers, std::uint32_t peer) {
  const Shuffle shuffle(seed, round, static_cast<std::uint32_t>(peers));
  const std::uint32_t position = shuffle.forwards(peer) ^ 1U;
  if (position >= peers) return std::nullopt;
  return shuffle.backwards(position);
}

}  // namespace murm
