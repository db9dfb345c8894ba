// The maximum of a 2x2 window with the ReLU that would follow it, and its way back, sixteen channels at a time.
// Room: gpu/host. Arithmetic on registers; include only where a function has MURM_CLONES: all is inlined there.
// Caller: gpu/host/winograd_tiles, gpu/host/thin_convolution.
#pragma once
#include <cstdint>

#include "gpu/host/vector.hpp"

namespace murm::host {

using Bytes [[gnu::vector_size(16), gnu::aligned(1), gnu::may_alias]] = std::uint8_t;
using Integers [[gnu::vector_size(64)]] = std::int32_t;

/// y[16] <- max(0, the largest of four); winner[16] <- the first that is as large, 4 where y is 0.
[[gnu::always_inline]] inline void pool_window(const Vector (&x)[4], float* y,
                                               std::uint8_t* winner) {
  Vector best = x[0];
  Integers which{};
#pragma GCC unroll 4
  for (int i = 1; i < 4; ++i) {
    const Integers larger = x[i] > best;
    best = larger ? x[i] : best;
    which = larger ? Integers{} + i : which;
  }
  const Integers dead = best <= 0.0F;  // false for NaN, which passes
  store(y, dead ? Vector{} : best);
  *reinterpret_cast<Bytes*>(winner) = __builtin_convertvector(dead ? Integers{} + 4 : which, Bytes);
}

/// x <- dy where the winner was, 0 elsewhere.
[[gnu::always_inline]] inline void unpool_window(const float* dy, const std::uint8_t* winner,
                                                 Vector (&x)[4]) {
  const Vector value = vector_at(dy);
  const Integers which = __builtin_convertvector(*reinterpret_cast<const Bytes*>(winner), Integers);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) x[i] = which == i ? value : Vector{};
}

}  // namespace murm::host
