// Deep gradient compression: top-k of a locally accumulated momentum, which is its own residual.
// Room: algorithms. Arithmetic on host memory.
// Caller: codec.cpp. Source: Lin et al. 2018, arXiv:1712.01887, sections 3.1 to 3.3 (momentum correction, masking).
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "algorithms/compression/codec.hpp"

namespace murm {

/// u <- m u + g; v <- v + u; the largest |v| travel and become 0 in v, and with masking in u.
/// The receiver applies plain SGD: the momentum is in what it gets.
/// Deviations: the k largest of the whole range (not of each tensor), found exactly instead of by sampling;
/// gradient clipping is left to the caller, who knows the number of workers; the stages of the warm-up count
/// payloads instead of epochs, and during it encoded_length depends on the count.
/// Vectors (biases) travel whole, after the same momentum, where the range has matrices as well.
class Dgc final : public Codec {
 public:
  Dgc(const CompressionOptions& options, std::size_t length, std::span<const CodecBlock> blocks);

  std::size_t encoded_length(std::uint64_t count) const override;
  bool accepts(std::size_t words) const override;
  /// v <- v + payload. The momentum that masking cleared stays cleared.
  void restore(std::span<const float> payload) override;
  void rescale(float factor) override;
  void reset() override;
  std::vector<std::span<float>> state()
      override;  // u, v: the numbers of the matrices, then of the vectors

 private:
  struct Part {
    std::size_t offset = 0;  // in the values
    std::size_t packed = 0;  // in u and v
    std::size_t length = 0;
  };
  void encode_finite(std::span<const float> values, std::span<float> payload) override;
  bool decode_checked(std::span<const float> payload, std::span<float> values) const override;
  std::size_t kept(std::uint64_t count) const;
  void allocate();

  std::vector<double> ratios_;  // of the stages of the warm-up; the last is for ever
  std::uint64_t stage_length_;
  float momentum_;
  bool nesterov_;
  bool masking_;
  std::vector<Part> parts_;     // ascending in `packed`
  std::size_t sparse_numbers_;  // of matrices: they are first in u and v
  std::vector<float> u_;
  std::vector<float> v_;
};

}  // namespace murm
