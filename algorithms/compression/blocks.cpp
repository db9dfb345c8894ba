#include "algorithms/compression/blocks.hpp"

#include <algorithm>
#include <string>

#include "algorithms/vocabulary.hpp"

namespace murm {

std::vector<CodecBlock> blocks_within(std::span<const CodecBlock> tensors, Range range) {
  std::vector<CodecBlock> found;
  const auto add = [&](std::size_t from, std::size_t rows, std::size_t columns) {
    if (rows * columns > 0) found.push_back({from - range.offset, rows, columns});
  };
  const std::size_t range_end = range.offset + range.length;
  for (const CodecBlock& tensor : tensors) {
    const std::size_t from = std::max(tensor.offset, range.offset);
    const std::size_t to = std::min(tensor.offset + tensor.size(), range_end);
    if (from >= to) continue;
    const std::size_t first_row = (from - tensor.offset + tensor.columns - 1) / tensor.columns;
    const std::size_t last_row = (to - tensor.offset) / tensor.columns;
    if (first_row >= last_row) {  // no whole row
      const std::size_t cut = std::clamp(tensor.offset + first_row * tensor.columns, from, to);
      add(from, 1, cut - from);
      add(cut, 1, to - cut);
      continue;
    }
    const std::size_t whole_from = tensor.offset + first_row * tensor.columns;
    const std::size_t whole_to = tensor.offset + last_row * tensor.columns;
    add(from, 1, whole_from - from);
    add(whole_from, last_row - first_row, tensor.columns);
    add(whole_to, 1, to - whole_to);
  }
  return found;
}

std::vector<CodecBlock> cover(std::span<const CodecBlock> blocks, std::size_t length) {
  std::vector<CodecBlock> all;
  std::size_t position = 0;
  for (const CodecBlock& block : blocks) {
    MURM_ASSERT(block.offset >= position, std::to_string(block.offset));
    MURM_ASSERT(block.columns == 0 || block.rows <= length / block.columns,
                std::to_string(block.rows));
    MURM_ASSERT(block.offset <= length - block.size(), std::to_string(block.offset));
    if (block.offset > position) all.push_back({position, 1, block.offset - position});
    if (block.size() > 0) all.push_back(block);
    position = block.offset + block.size();
  }
  if (position < length) all.push_back({position, 1, length - position});
  return all;
}

}  // namespace murm
