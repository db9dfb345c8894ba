#include "algorithms/compression/pack.hpp"

#include <algorithm>
#include <array>

#include "algorithms/compression/words.hpp"
#include "algorithms/vector_clones.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

MURM_CLONES void pack_codes(unsigned bits, std::size_t count, const std::uint32_t* codes,
                            float* words) {
  const std::size_t width = packed_words(count, bits);
  std::array<std::uint32_t, kChunk / 2> sums{};
  unsigned shift = 0;
  for (std::size_t from = 0; from < count; from += width) {
    const std::size_t n = std::min(width, count - from);
    for (std::size_t w = 0; w < n; ++w) sums[w] |= codes[from + w] << shift;
    shift += bits;
  }
  for (std::size_t w = 0; w < width; ++w) words[w] = float_of(sums[w]);
}

MURM_CLONES void unpack_codes(unsigned bits, std::size_t count, const float* words,
                              std::uint32_t* codes) {
  const std::size_t width = packed_words(count, bits);
  const std::uint32_t mask = (1U << bits) - 1U;
  unsigned shift = 0;
  for (std::size_t from = 0; from < count; from += width) {
    const std::size_t n = std::min(width, count - from);
    for (std::size_t w = 0; w < n; ++w) codes[from + w] = (word_of(words[w]) >> shift) & mask;
    shift += bits;
  }
}

}  // namespace

void pack(unsigned bits, std::span<const std::uint32_t> codes, float* words) {
  MURM_ASSERT(codes.size() <= kChunk, std::to_string(codes.size()));
  MURM_ASSERT(bits >= 1 && bits <= 16, std::to_string(bits));
  pack_codes(bits, codes.size(), codes.data(), words);
}

void unpack(unsigned bits, const float* words, std::span<std::uint32_t> codes) {
  MURM_ASSERT(codes.size() <= kChunk, std::to_string(codes.size()));
  MURM_ASSERT(bits >= 1 && bits <= 16, std::to_string(bits));
  unpack_codes(bits, codes.size(), words, codes.data());
}

std::size_t BucketCodec::encoded_length(std::uint64_t /*count*/) const {
  const std::size_t whole = length() / bucket_;
  const std::size_t rest = length() % bucket_;
  const std::size_t scales = scaled_ ? whole + (rest > 0 ? 1 : 0) : 0;
  return whole * packed_words(bucket_, bits_) + packed_words(rest, bits_) + scales;
}

void BucketCodec::encode_finite(std::span<const float> values, std::span<float> payload) {
  std::array<std::uint32_t, kChunk> codes{};
  float* out = payload.data();
  for (std::size_t from = 0; from < values.size(); from += bucket_) {
    const std::size_t n = std::min(bucket_, values.size() - from);
    const float scale = encode_bucket(from / bucket_, values.subspan(from, n), codes.data());
    if (scaled_) *out++ = scale;
    pack(bits_, std::span(codes.data(), n), out);
    out += packed_words(n, bits_);
  }
}

bool BucketCodec::decode_checked(std::span<const float> payload, std::span<float> values) const {
  std::array<std::uint32_t, kChunk> codes{};
  const float* in = payload.data();
  for (std::size_t from = 0; from < values.size(); from += bucket_) {
    const std::size_t n = std::min(bucket_, values.size() - from);
    const float scale = scaled_ ? *in++ : 0.0F;
    unpack(bits_, in, std::span(codes.data(), n));
    in += packed_words(n, bits_);
    if (!decode_bucket(scale, codes.data(), values.subspan(from, n))) return false;
  }
  return true;
}

}  // namespace murm
