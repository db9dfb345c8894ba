// ef-sign and 1-bit: the sign of every number, and what the signs stand for.
// Room: algorithms. Arithmetic on host memory.
// Caller: codec.cpp. Source: Karimireddy et al. 2019, arXiv:1901.09847, Algorithm 1; Seide et al. 2014 (Interspeech).
#pragma once
#include <cstddef>
#include <memory>
#include <span>

#include "algorithms/compression/codec.hpp"

namespace murm {

/// (|p|_1 / d) sign(p) for each tensor; 0 counts as positive.
std::unique_ptr<Codec> make_ef_sign(std::size_t length, std::span<const CodecBlock> blocks);

/// Each row of a matrix: the mean of its numbers >= 0 and the mean of those below. Deviation: rows of less
/// than 128 numbers are joined, and what a sign cannot make half as long travels as it is.
std::unique_ptr<Codec> make_one_bit(std::size_t length, std::span<const CodecBlock> blocks);

}  // namespace murm
