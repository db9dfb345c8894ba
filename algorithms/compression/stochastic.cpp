#include "algorithms/compression/stochastic.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "algorithms/compression/block_codec.hpp"
#include "algorithms/compression/pack.hpp"
#include "algorithms/vector_clones.hpp"

namespace murm {
namespace {

constexpr std::uint32_t kNearest = 0x80000000U;
using ChunkWords = std::array<std::uint32_t, kChunk>;

MURM_CLONES void level_codes(std::size_t n, const float* x, float scale, float levels,
                             unsigned sign_bit, const std::uint32_t* random, std::uint32_t* codes) {
  for (std::size_t i = 0; i < n; ++i) {
    codes[i] = level_code(x[i], scale, levels, sign_bit, random[i]);
  }
}

MURM_CLONES void level_values(std::size_t n, const std::uint32_t* codes, float scale, float levels,
                              unsigned sign_bit, float* x) {
  const std::uint32_t mask = (1U << sign_bit) - 1U;
  for (std::size_t i = 0; i < n; ++i) {
    const auto level = static_cast<float>(static_cast<std::int32_t>(codes[i] & mask));
    x[i] = float_of(word_of(level / levels * scale) | codes[i] >> sign_bit << 31U);
  }
}

bool is_scale(float scale) { return word_of(scale) < kInfinityWord; }  // finite, not negative

class Qsgd final : public BucketCodec {
 public:
  Qsgd(const CompressionOptions& options, std::size_t length, std::uint64_t stream)
      : BucketCodec(length, options.bits == 2 ? 128 : kChunk, options.bits, true),
        nearest_(uses_error_feedback(options)),
        l2_norm_(options.l2_norm && !nearest_),
        sign_bit_(options.bits - 1),
        levels_(static_cast<float>((1U << sign_bit_) - 1U)),
        seed_(options.seed),
        stream_(stream) {
    random_.fill(kNearest);
  }

 private:
  float encode_bucket(std::size_t index, std::span<const float> values,
                      std::uint32_t* codes) override {
    const float scale = l2_norm_ ? finite_float(std::sqrt(sum_of_squares(values)))
                                 : largest_magnitude(values);
    if (scale == 0.0F) {
      std::fill_n(codes, values.size(), 0U);
      return scale;
    }
    if (!nearest_) {
      random_words(draw_seed(seed_, stream_, counter()), index * (kChunk / 4),
                   (values.size() + 3) / 4, random_.data());
    }
    level_codes(values.size(), values.data(), scale, levels_, sign_bit_, random_.data(), codes);
    return scale;
  }
  bool decode_bucket(float scale, const std::uint32_t* codes,
                     std::span<float> values) const override {
    if (!is_scale(scale)) return false;
    level_values(values.size(), codes, scale, levels_, sign_bit_, values.data());
    return true;
  }

  bool nearest_;
  bool l2_norm_;
  unsigned sign_bit_;
  float levels_;
  std::uint64_t seed_;
  std::uint64_t stream_;
  ChunkWords random_{};
};

class TernGrad final : public BlockCodec {
 public:
  TernGrad(const CompressionOptions& options, std::size_t length,
           std::span<const CodecBlock> blocks, std::uint64_t stream)
      : BlockCodec(length, block_runs(blocks), 1, 2),
        clip_(options.clip),
        contraction_(uses_error_feedback(options)),
        seed_(options.seed),
        stream_(stream) {}

 private:
  void measure(std::span<const float> values, std::span<float> head) override {
    const double deviation = std::sqrt(sum_of_squares(values) / static_cast<double>(values.size()));
    const double largest = static_cast<double>(largest_magnitude(values));
    largest_ = finite_float(clip_ > 0 ? std::min(largest, clip_ * deviation) : largest);
    head[0] = largest_;
    if (!contraction_ || largest_ == 0.0F) return;
    double product = 0;  // <c, x>
    double length = 0;   // |c|_1
    for (const float x : values) {
      const double magnitude = std::abs(static_cast<double>(x));
      const double clipped = std::min(magnitude, static_cast<double>(largest_));
      product += clipped * magnitude;
      length += clipped;
    }
    head[0] = finite_float(product / length);
  }
  void encode_chunk(std::size_t chunk, std::span<const float> /*head*/,
                    std::span<const float> values, std::uint32_t* codes) override {
    if (largest_ == 0.0F) {
      std::fill_n(codes, values.size(), 0U);
      return;
    }
    random_words(draw_seed(seed_, stream_, counter()), chunk * (kChunk / 4),
                 (values.size() + 3) / 4, random_.data());
    level_codes(values.size(), values.data(), largest_, 1.0F, 1, random_.data(), codes);
  }
  bool accepts_head(std::span<const float> head) const override { return is_scale(head[0]); }
  void decode_chunk(std::span<const float> head, const std::uint32_t* codes,
                    std::span<float> values) const override {
    level_values(values.size(), codes, head[0], 1.0F, 1, values.data());
  }

  double clip_;
  bool contraction_;
  std::uint64_t seed_;
  std::uint64_t stream_;
  float largest_ = 0;  // of the run measured last, after clipping
  ChunkWords random_{};
};

}  // namespace

std::unique_ptr<Codec> make_qsgd(const CompressionOptions& options, std::size_t length,
                                 std::uint64_t stream) {
  return std::make_unique<Qsgd>(options, length, stream);
}

std::unique_ptr<Codec> make_terngrad(const CompressionOptions& options, std::size_t length,
                                     std::span<const CodecBlock> blocks, std::uint64_t stream) {
  return std::make_unique<TernGrad>(options, length, blocks, stream);
}

}  // namespace murm
