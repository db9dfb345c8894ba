#include "algorithms/compression/sign.hpp"

#include <array>

#include "algorithms/compression/block_codec.hpp"
#include "algorithms/compression/words.hpp"
#include "algorithms/vector_clones.hpp"

namespace murm {
namespace {

constexpr std::size_t kShortestRow = 128;

MURM_CLONES void sign_codes(std::size_t n, const float* x, std::uint32_t* codes) {
  for (std::size_t i = 0; i < n; ++i) codes[i] = x[i] < 0.0F ? 1U : 0U;
}

MURM_CLONES void sign_values(std::size_t n, const std::uint32_t* codes, float upper, float lower,
                             float* x) {
  for (std::size_t i = 0; i < n; ++i) x[i] = codes[i] != 0 ? lower : upper;
}

MURM_CLONES std::size_t count_negative(std::size_t n, const float* x) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < n; ++i) count += x[i] < 0.0F ? 1U : 0U;
  return count;
}

/// The head's first number stands for a code of 0, its last for 1.
class SignCodec : public BlockCodec {
 protected:
  using BlockCodec::BlockCodec;

 private:
  void encode_chunk(std::size_t /*chunk*/, std::span<const float> /*head*/,
                    std::span<const float> values, std::uint32_t* codes) final {
    sign_codes(values.size(), values.data(), codes);
  }
};

class EfSign final : public SignCodec {
 public:
  EfSign(std::size_t length, std::span<const CodecBlock> blocks)
      : SignCodec(length, block_runs(blocks), 1, 1) {}

 private:
  void measure(std::span<const float> values, std::span<float> head) override {
    head[0] = finite_float(sum_of_magnitudes(values) / static_cast<double>(values.size()));
  }
  bool accepts_head(std::span<const float> head) const override { return head[0] >= 0.0F; }
  void decode_chunk(std::span<const float> head, const std::uint32_t* codes,
                    std::span<float> values) const override {
    sign_values(values.size(), codes, head[0], -head[0], values.data());
  }
};

class OneBit final : public SignCodec {
 public:
  OneBit(std::size_t length, std::span<const CodecBlock> blocks)
      : SignCodec(length, row_runs(blocks, kShortestRow), 2, 1) {}

 private:
  void measure(std::span<const float> values, std::span<float> head) override {
    const double sum = sum_of(values);
    const double magnitudes = sum_of_magnitudes(values);
    const std::size_t below = count_negative(values.size(), values.data());
    const std::size_t above = values.size() - below;
    head[0] = above == 0 ? 0.0F : finite_float((magnitudes + sum) / 2 / static_cast<double>(above));
    head[1] = below == 0 ? 0.0F : finite_float((sum - magnitudes) / 2 / static_cast<double>(below));
  }
  bool accepts_head(std::span<const float> head) const override {
    return head[0] >= 0.0F && head[1] <= 0.0F;
  }
  void decode_chunk(std::span<const float> head, const std::uint32_t* codes,
                    std::span<float> values) const override {
    sign_values(values.size(), codes, head[0], head[1], values.data());
  }
};

}  // namespace

std::unique_ptr<Codec> make_ef_sign(std::size_t length, std::span<const CodecBlock> blocks) {
  return std::make_unique<EfSign>(length, blocks);
}

std::unique_ptr<Codec> make_one_bit(std::size_t length, std::span<const CodecBlock> blocks) {
  return std::make_unique<OneBit>(length, blocks);
}

}  // namespace murm
