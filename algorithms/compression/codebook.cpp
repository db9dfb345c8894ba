#include "algorithms/compression/codebook.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "algorithms/compression/block_codec.hpp"
#include "algorithms/compression/pack.hpp"
#include "algorithms/compression/words.hpp"
#include "algorithms/vector_clones.hpp"

namespace murm {
namespace {

constexpr std::size_t kBins = 256;
constexpr double kRange = 12;  // standard deviations from the first bin to the last

MURM_CLONES void bin_codes(std::size_t n, const float* x, float mean, float inverse_width,
                           std::uint32_t* codes) {
  for (std::size_t i = 0; i < n; ++i) codes[i] = bin_of(x[i], mean, inverse_width);
}

class Int8 final : public BlockCodec {
 public:
  Int8(std::size_t length, std::span<const CodecBlock> blocks)
      : BlockCodec(length, block_runs(blocks), kBins, 8) {}

 private:
  void measure(std::span<const float> values, std::span<float> head) override {
    const auto n = static_cast<double>(values.size());
    const double mean = sum_of(values) / n;
    const double variance = sum_of_squares(values) / n - mean * mean;
    mean_ = finite_float(mean);
    inverse_width_ = variance > 0 ? finite_float(kBins / (kRange * std::sqrt(variance))) : 0.0F;

    std::array<double, kBins> sums{};
    std::array<std::uint32_t, kBins> counts{};
    std::array<std::uint32_t, kChunk> codes{};
    for (std::size_t from = 0; from < values.size(); from += kChunk) {
      const std::span<const float> chunk = values.subspan(from,
                                                          std::min(kChunk, values.size() - from));
      encode_chunk(0, head, chunk, codes.data());
      for (std::size_t i = 0; i < chunk.size(); ++i) {
        sums[codes[i]] += static_cast<double>(chunk[i]);
        ++counts[codes[i]];
      }
    }
    for (std::size_t bin = 0; bin < kBins; ++bin) {
      head[bin] = finite_float(sums[bin] / std::max(1.0, static_cast<double>(counts[bin])));
    }
  }
  void encode_chunk(std::size_t /*chunk*/, std::span<const float> /*head*/,
                    std::span<const float> values, std::uint32_t* codes) override {
    bin_codes(values.size(), values.data(), mean_, inverse_width_, codes);
  }
  void decode_chunk(std::span<const float> head, const std::uint32_t* codes,
                    std::span<float> values) const override {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = head[codes[i]];
  }

  float mean_ = 0;  // of the run measured last
  float inverse_width_ = 0;
};

}  // namespace

std::unique_ptr<Codec> make_int8(std::size_t length, std::span<const CodecBlock> blocks) {
  return std::make_unique<Int8>(length, blocks);
}

}  // namespace murm
