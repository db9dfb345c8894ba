// Small integers packed into words, and the codes that are made of them: one scale and b bits a number.
// Room: algorithms. Knows bits; subclasses know what they mean.
// Caller: qsgd, terngrad, int8, signs, fp16, bf16, fp4. Source: none; the layout lets vector units work on it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "algorithms/compression/codec.hpp"

namespace murm {

inline constexpr std::size_t kChunk = 512;  // most codes packed at a time

/// Words that hold `count` codes of `bits` bits.
constexpr std::size_t packed_words(std::size_t count, unsigned bits) {
  return (count * bits + 31) / 32;
}

/// Code i goes to word i mod w, slot i div w, where w = packed_words. Requires: bits 1, 2, 4, 8 or 16;
/// at most kChunk codes, each below 2^bits.
void pack(unsigned bits, std::span<const std::uint32_t> codes, float* words);
void unpack(unsigned bits, const float* words, std::span<std::uint32_t> codes);

/// A code that treats every bucket of numbers alike. Payload, bucket by bucket: scale (if any), packed codes.
class BucketCodec : public Codec {
 public:
  std::size_t encoded_length(std::uint64_t count) const override;

 protected:
  /// Requires: bucket <= kChunk.
  BucketCodec(std::size_t length, std::size_t bucket, unsigned bits, bool scaled)
      : Codec(length), bucket_(bucket), bits_(bits), scaled_(scaled) {}
  /// Writes the codes of one bucket and returns its scale. `index` counts the buckets.
  virtual float encode_bucket(std::size_t index, std::span<const float> values,
                              std::uint32_t* codes) = 0;
  /// False when the scale is not one that encode_bucket returns.
  virtual bool decode_bucket(float scale, const std::uint32_t* codes,
                             std::span<float> values) const = 0;

 private:
  void encode_finite(std::span<const float> values, std::span<float> payload) final;
  bool decode_checked(std::span<const float> payload, std::span<float> values) const final;

  std::size_t bucket_;
  unsigned bits_;
  bool scaled_;
};

}  // namespace murm
