// The matrices inside a flat vector: which runs of numbers belong together.
// Room: algorithms. Pure arithmetic on offsets.
// Caller: codecs that work by tensor or by row (powersgd, ef-sign, ...), and whoever makes a codec. Source: none.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "algorithms/partition.hpp"

namespace murm {

/// A row-major matrix in a range of the parameter vector; a tensor of one dimension has one row.
struct CodecBlock {
  std::size_t offset = 0;  // of its first number within the range
  std::size_t rows = 1;
  std::size_t columns = 0;

  constexpr std::size_t size() const { return rows * columns; }
  friend constexpr bool operator==(const CodecBlock&, const CodecBlock&) = default;
};

/// The part of `tensors` that lies in `range`, with offsets from the start of the range. A matrix that the
/// range cuts keeps its whole rows; the pieces of a cut row become vectors.
std::vector<CodecBlock> blocks_within(std::span<const CodecBlock> tensors, Range range);

/// `blocks` and a vector for every gap between them, so that together they cover `length` numbers.
/// Requires: ascending, disjoint, inside (asserted).
std::vector<CodecBlock> cover(std::span<const CodecBlock> blocks, std::size_t length);

}  // namespace murm
