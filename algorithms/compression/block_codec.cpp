#include "algorithms/compression/block_codec.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "algorithms/compression/pack.hpp"
#include "algorithms/compression/words.hpp"

namespace murm {

std::vector<Range> block_runs(std::span<const CodecBlock> blocks) {
  std::vector<Range> runs;
  for (const CodecBlock& block : blocks) runs.push_back({block.offset, block.size()});
  return runs;
}

std::vector<Range> row_runs(std::span<const CodecBlock> blocks, std::size_t shortest) {
  std::vector<Range> runs;
  for (const CodecBlock& block : blocks) {
    const std::size_t rows = (shortest + block.columns - 1) / block.columns;  // of one run
    for (std::size_t row = 0; row < block.rows; row += rows) {
      const std::size_t joined = std::min(rows, block.rows - row);
      runs.push_back({block.offset + row * block.columns, joined * block.columns});
    }
  }
  return runs;
}

BlockCodec::BlockCodec(std::size_t length, std::vector<Range> runs, std::size_t head_length,
                       unsigned bits)
    : Codec(length), runs_(std::move(runs)), head_length_(head_length), bits_(bits) {
  for (const Range& run : runs_) {
    encoded_length_ += worth_it(run.length) ? coded_words(run.length) : run.length;
  }
}

std::size_t BlockCodec::coded_words(std::size_t numbers) const {
  return head_length_ + numbers / kChunk * packed_words(kChunk, bits_) +
         packed_words(numbers % kChunk, bits_);
}

void BlockCodec::encode_finite(std::span<const float> values, std::span<float> payload) {
  std::array<std::uint32_t, kChunk> codes{};
  std::size_t chunk = 0;
  for (const Range& run : runs_) {
    const std::span<const float> numbers = values.subspan(run.offset, run.length);
    if (!worth_it(run.length)) {
      std::copy(numbers.begin(), numbers.end(), payload.begin());
      payload = payload.subspan(run.length);
      continue;
    }
    const std::span<float> head = payload.first(head_length_);
    measure(numbers, head);
    payload = payload.subspan(head_length_);
    for (std::size_t from = 0; from < run.length; from += kChunk) {
      const std::size_t n = std::min(kChunk, run.length - from);
      encode_chunk(chunk++, head, numbers.subspan(from, n), codes.data());
      pack(bits_, std::span(codes.data(), n), payload.data());
      payload = payload.subspan(packed_words(n, bits_));
    }
  }
}

bool BlockCodec::decode_checked(std::span<const float> payload, std::span<float> values) const {
  std::array<std::uint32_t, kChunk> codes{};
  for (const Range& run : runs_) {
    const std::span<float> numbers = values.subspan(run.offset, run.length);
    if (!worth_it(run.length)) {
      std::copy_n(payload.begin(), run.length, numbers.begin());
      payload = payload.subspan(run.length);
      continue;
    }
    const std::span<const float> head = payload.first(head_length_);
    if (!all_finite(head)) return false;
    if (!accepts_head(head)) return false;
    payload = payload.subspan(head_length_);
    for (std::size_t from = 0; from < run.length; from += kChunk) {
      const std::size_t n = std::min(kChunk, run.length - from);
      unpack(bits_, payload.data(), std::span(codes.data(), n));
      decode_chunk(head, codes.data(), numbers.subspan(from, n));
      payload = payload.subspan(packed_words(n, bits_));
    }
  }
  return true;
}

}  // namespace murm
