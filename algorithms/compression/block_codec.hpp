// The codes that work tensor by tensor (or row by row): a few numbers about each, then b bits a number.
// Room: algorithms. Knows runs of numbers; subclasses know what their bits mean.
// Caller: terngrad, int8, ef-sign, 1-bit. Source: none.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "algorithms/compression/codec.hpp"
#include "algorithms/partition.hpp"

namespace murm {

/// Every block as one run.
std::vector<Range> block_runs(std::span<const CodecBlock> blocks);
/// Every row as a run; short rows are joined until a run has at least `shortest` numbers.
std::vector<Range> row_runs(std::span<const CodecBlock> blocks, std::size_t shortest);

/// Payload, run by run: the head, then packed codes; a run whose code would not save half travels as it is.
class BlockCodec : public Codec {
 public:
  std::size_t encoded_length(std::uint64_t /*count*/) const override { return encoded_length_; }

 protected:
  /// Requires: `runs` cover 0..length in order.
  BlockCodec(std::size_t length, std::vector<Range> runs, std::size_t head_length, unsigned bits);
  /// Overwrites `head` with what the receiver must know about a run.
  virtual void measure(std::span<const float> values, std::span<float> head) = 0;
  /// Codes of at most kChunk numbers of the run measured last; `chunk` counts the chunks of the payload.
  virtual void encode_chunk(std::size_t chunk, std::span<const float> head,
                            std::span<const float> values, std::uint32_t* codes) = 0;
  /// Whether `measure` can have written this head; its numbers are finite.
  virtual bool accepts_head(std::span<const float> /*head*/) const { return true; }
  virtual void decode_chunk(std::span<const float> head, const std::uint32_t* codes,
                            std::span<float> values) const = 0;

 private:
  void encode_finite(std::span<const float> values, std::span<float> payload) final;
  bool decode_checked(std::span<const float> payload, std::span<float> values) const final;
  std::size_t coded_words(std::size_t numbers) const;
  bool worth_it(std::size_t numbers) const { return coded_words(numbers) <= numbers / 2; }

  std::vector<Range> runs_;
  std::size_t head_length_;
  unsigned bits_;
  std::size_t encoded_length_ = 0;
};

}  // namespace murm
