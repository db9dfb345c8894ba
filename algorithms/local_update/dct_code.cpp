#include "algorithms/local_update/dct_code.hpp"

namespace murm {

namespace {

class DctCode final : public Codec {
 public:
  DctCode(const DctShape& shape, std::size_t length) : Codec(length), layout_(shape, length) {}

  std::size_t encoded_length(std::uint64_t /*count*/) const override {
    return layout_.payload_length();
  }

 private:
  void encode_finite(std::span<const float> values, std::span<float> payload) override {
    std::vector<float> coefficients(dct_chunk_max);
    layout_.for_each_chunk(
        [&](std::size_t offset, std::size_t n, std::size_t word, const DctBasis& basis) {
          basis.forward(values.data() + offset, coefficients.data());
          layout_.write_chunk(std::span<const float>(coefficients).first(n),
                              payload.subspan(word, layout_.words(n)));
          return true;
        });
  }

  bool decode_checked(std::span<const float> payload, std::span<float> values) const override {
    std::vector<float> coefficients(length());
    if (!layout_.read(payload, coefficients.data(), nullptr)) return false;
    return layout_.for_each_chunk(
        [&](std::size_t offset, std::size_t, std::size_t, const DctBasis& basis) {
          basis.inverse(coefficients.data() + offset, values.data() + offset);
          return true;
        });
  }

  DctLayout layout_;
};

class DctVote final : public Codec {
 public:
  DctVote(const DctShape& shape, std::size_t length) : Codec(2 * length), layout_(shape, length) {}

  std::size_t encoded_length(std::uint64_t /*count*/) const override { return layout_.length(); }
  bool accepts(std::size_t words) const override { return words == layout_.payload_length(); }

 private:
  void encode_finite(std::span<const float> values, std::span<float> payload) override {
    const float* sums = values.data();
    const float* counts = sums + layout_.length();
    std::vector<float> means(dct_chunk_max);
    layout_.for_each_chunk(
        [&](std::size_t offset, std::size_t n, std::size_t, const DctBasis& basis) {
          for (std::size_t k = 0; k < n; ++k) {
            const float count = counts[offset + k];
            means[k] = count > 0 ? sums[offset + k] / count : 0.0F;
          }
          float* out = payload.data() + offset;
          basis.inverse(means.data(), out);
          for (std::size_t i = 0; i < n; ++i) {
            out[i] = static_cast<float>(out[i] > 0) - static_cast<float>(out[i] < 0);
          }
          return true;
        });
  }

  bool decode_checked(std::span<const float> payload, std::span<float> values) const override {
    return layout_.read(payload, values.data(), values.data() + layout_.length());
  }

  DctLayout layout_;
};

}  // namespace

std::unique_ptr<Codec> make_dct_code(const DctShape& shape, std::size_t length) {
  return std::make_unique<DctCode>(shape, length);
}

std::unique_ptr<Codec> make_dct_vote(const DctShape& shape, std::size_t length) {
  return std::make_unique<DctVote>(shape, length);
}

}  // namespace murm
