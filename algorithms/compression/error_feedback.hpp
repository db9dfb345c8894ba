// Error feedback: what a code left out of one payload is added to the next.
// Room: algorithms. Arithmetic on host memory.
// Caller: codec.cpp, for senders. Source: Seide et al. 2014; Karimireddy et al. 2019, arXiv:1901.09847, Algorithm 2.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "algorithms/compression/codec.hpp"

namespace murm {

/// p = residual + g; payload = C(p); residual <- p - decoded payload. Over any number of payloads,
///   sum of decoded + residual = sum of g, up to the rounding of the additions.
/// The residual is in the unit of what is encoded (gradients, not steps), so a learning rate that changes
/// does not touch it. It belongs to one sender and one stream. Numbers that are not finite leave it alone.
class ErrorFeedback final : public Codec {
 public:
  explicit ErrorFeedback(std::unique_ptr<Codec> codec);

  std::size_t encoded_length(std::uint64_t count) const override {
    return codec_->encoded_length(count);
  }
  bool accepts(std::size_t words) const override { return codec_->accepts(words); }
  /// residual <- residual + decoded payload.
  void restore(std::span<const float> payload) override;
  void rescale(float factor) override;
  void reset() override;
  std::vector<std::span<float>> state() override;  // the residual, then the code's own
  void set_counter(std::uint64_t counter) override;

  std::span<const float> residual() const { return residual_; }

 private:
  void encode_finite(std::span<const float> values, std::span<float> payload) override;
  bool decode_checked(std::span<const float> payload, std::span<float> values) const override {
    return codec_->decode(payload, values);
  }

  std::unique_ptr<Codec> codec_;
  std::vector<float> residual_;
  std::vector<float> wanted_;  // p, while one payload is made
};

}  // namespace murm
