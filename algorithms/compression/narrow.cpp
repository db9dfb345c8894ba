#include "algorithms/compression/narrow.hpp"

#include <algorithm>

#include "algorithms/compression/pack.hpp"
#include "algorithms/vector_clones.hpp"

namespace murm {
namespace {

constexpr std::size_t kFp4Bucket = 128;

class None final : public Codec {
 public:
  explicit None(std::size_t length) : Codec(length) {}
  std::size_t encoded_length(std::uint64_t /*count*/) const override { return length(); }

 private:
  void encode_finite(std::span<const float> values, std::span<float> payload) override {
    std::copy(values.begin(), values.end(), payload.begin());
  }
  bool decode_checked(std::span<const float> payload, std::span<float> values) const override {
    std::copy(payload.begin(), payload.end(), values.begin());
    return true;
  }
};

MURM_CLONES void half_codes(std::size_t n, const float* x, float factor, std::uint32_t* codes) {
  for (std::size_t i = 0; i < n; ++i) codes[i] = half_of(x[i] * factor);
}

/// True when every half is finite.
MURM_CLONES bool half_values(std::size_t n, const std::uint32_t* codes, float unit, float* x) {
  std::uint32_t infinite = 0;
  for (std::size_t i = 0; i < n; ++i) {
    infinite |= (codes[i] & 0x7C00U) == 0x7C00U ? 1U : 0U;
    x[i] = float_of_half(codes[i]) * unit;
  }
  return infinite == 0;
}

class Fp16 final : public BucketCodec {
 public:
  explicit Fp16(std::size_t length) : BucketCodec(length, kChunk, 16, true) {}

 private:
  static constexpr std::uint32_t kSmallest = 1U << 23U;            // 2^-126
  static constexpr std::uint32_t kLargest = (113U + 127U) << 23U;  // 2^113

  float encode_bucket(std::size_t /*index*/, std::span<const float> values,
                      std::uint32_t* codes) override {
    const std::uint32_t power = magnitude_key(largest_magnitude(values)) & kInfinityWord;
    const std::uint32_t unit = power > (15U << 23U) ? power - (14U << 23U) : kSmallest;
    half_codes(values.size(), values.data(), 1.0F / float_of(unit), codes);
    return float_of(unit);
  }
  bool decode_bucket(float scale, const std::uint32_t* codes,
                     std::span<float> values) const override {
    const std::uint32_t unit = word_of(scale);
    if (unit < kSmallest || unit > kLargest) return false;
    if ((unit & ~kInfinityWord) != 0) return false;  // not a power of two
    return half_values(values.size(), codes, scale, values.data());
  }
};

MURM_CLONES void bfloat_codes(std::size_t n, const float* x, std::uint32_t* codes) {
  for (std::size_t i = 0; i < n; ++i) codes[i] = bfloat_of(x[i]);
}

MURM_CLONES void bfloat_values(std::size_t n, const std::uint32_t* codes, float* x) {
  for (std::size_t i = 0; i < n; ++i) x[i] = float_of(codes[i] << 16U);
}

class Bf16 final : public BucketCodec {
 public:
  explicit Bf16(std::size_t length) : BucketCodec(length, kChunk, 16, false) {}

 private:
  float encode_bucket(std::size_t /*index*/, std::span<const float> values,
                      std::uint32_t* codes) override {
    bfloat_codes(values.size(), values.data(), codes);
    return 0;
  }
  bool decode_bucket(float /*scale*/, const std::uint32_t* codes,
                     std::span<float> values) const override {
    bfloat_values(values.size(), codes, values.data());
    return true;
  }
};

MURM_CLONES void e3m0_codes(std::size_t n, const float* x, float scale, std::uint32_t* codes) {
  for (std::size_t i = 0; i < n; ++i) codes[i] = e3m0_of(x[i], scale);
}

MURM_CLONES void e3m0_values(std::size_t n, const std::uint32_t* codes, float scale, float* x) {
  for (std::size_t i = 0; i < n; ++i) x[i] = float_of_e3m0(codes[i], scale);
}

class Fp4 final : public BucketCodec {
 public:
  explicit Fp4(std::size_t length) : BucketCodec(length, kFp4Bucket, 4, true) {}

 private:
  float encode_bucket(std::size_t /*index*/, std::span<const float> values,
                      std::uint32_t* codes) override {
    const float scale = largest_magnitude(values);
    if (scale == 0.0F) {
      std::fill_n(codes, values.size(), 0U);
    } else {
      e3m0_codes(values.size(), values.data(), scale, codes);
    }
    return scale;
  }
  bool decode_bucket(float scale, const std::uint32_t* codes,
                     std::span<float> values) const override {
    if (word_of(scale) >= kInfinityWord) return false;
    e3m0_values(values.size(), codes, scale, values.data());
    return true;
  }
};

}  // namespace

std::unique_ptr<Codec> make_none(std::size_t length) { return std::make_unique<None>(length); }
std::unique_ptr<Codec> make_fp16(std::size_t length) { return std::make_unique<Fp16>(length); }
std::unique_ptr<Codec> make_bf16(std::size_t length) { return std::make_unique<Bf16>(length); }
std::unique_ptr<Codec> make_fp4(std::size_t length) { return std::make_unique<Fp4>(length); }

}  // namespace murm
