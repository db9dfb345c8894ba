// The random numbers of a world: number i of a subject is a pure function of (seed, purpose, subject, i).
// Room: runtime/world. One block of 128 bits a draw; nothing to keep, so the order of drawing changes nothing.
// Caller: service_time, network, churn. Source: Philox4x32-10 (algorithms/random.hpp).
#pragma once
#include <array>
#include <cstdint>

#include "algorithms/random.hpp"

namespace murm {

/// Mixed into the key, so that no two purposes share numbers.
enum class Purpose : std::uint64_t {
  step_time = 0x243f6a8885a308d3,
  network = 0x13198a2e03707344,
  churn = 0xa4093822299f31d0,
};

struct Draw {
  std::array<std::uint32_t, 4> words;
  constexpr std::uint64_t first() const { return std::uint64_t{words[1]} << 32U | words[0]; }
  constexpr std::uint64_t second() const { return std::uint64_t{words[3]} << 32U | words[2]; }
};

constexpr Draw draw(std::uint64_t seed, Purpose purpose, std::uint64_t subject, std::uint64_t i) {
  const std::uint64_t key = seed ^ static_cast<std::uint64_t>(purpose);
  const auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  const auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32U); };
  return Draw{philox({low(i), high(i), low(subject), high(subject)}, {low(key), high(key)})};
}

}  // namespace murm
