// QSGD and TernGrad: levels on an even scale, rounded at random so that the mean is right.
// Room: algorithms. Element-wise body compiles for host and CUDA alike.
// Caller: codec.cpp. Source: Alistarh et al. 2017, arXiv:1610.02132, section 3; Wen et al. 2017, arXiv:1705.07878.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "algorithms/compression/codec.hpp"
#include "algorithms/compression/words.hpp"

namespace murm {

/// Sign and level of |x| / scale * levels. Between two levels it is the upper one when a fraction made of 24 bits of
/// `random` is below what is left over: 0x80000000 rounds to nearest. The sign is bit `sign_bit`; level 0 has none.
/// Requires: scale > 0.
MURM_HOST_DEVICE inline std::uint32_t level_code(float x, float scale, float levels,
                                                 unsigned sign_bit, std::uint32_t random) {
  const float chance = static_cast<float>(static_cast<std::int32_t>(random >> 8U)) * 0x1p-24F;
  const float ratio = float_of(magnitude_key(x)) / scale * levels;
  const float place = ratio < levels ? ratio : levels;
  const auto below = static_cast<std::int32_t>(place);
  const bool up = chance < place - static_cast<float>(below);
  const auto level = static_cast<std::uint32_t>(below) + (up ? 1U : 0U);
  return level | (level > 0 ? word_of(x) >> 31U << sign_bit : 0U);
}

/// Deviations: buckets are scaled by their largest magnitude (options.l2_norm: by the Euclidean norm of the
/// paper), which only makes the variance smaller; levels are packed, not Elias coded. With error feedback the
/// scale is the largest magnitude and rounding is to nearest: a contraction without randomness.
std::unique_ptr<Codec> make_qsgd(const CompressionOptions& options, std::size_t length,
                                 std::uint64_t stream);

/// Deviations: every sender has its own scale for each tensor; the deviation that clipping counts in is taken
/// about 0, so that a constant vector survives. With error feedback the scale is multiplied by
/// <c, x> / (s |c|_1), c the clipped x, which makes the code a contraction.
std::unique_ptr<Codec> make_terngrad(const CompressionOptions& options, std::size_t length,
                                     std::span<const CodecBlock> blocks, std::uint64_t stream);

}  // namespace murm
