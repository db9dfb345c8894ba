#include "algorithms/compression/sparse.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "algorithms/random.hpp"
#include "algorithms/vector_clones.hpp"

namespace murm {
namespace {

/// The k largest magnitudes are those with a larger key, and the first `ties` with this one.
struct Threshold {
  std::uint32_t key = 0;
  std::size_t ties = 0;
};

/// Counts field `shift`, `bits` of the keys that agree with `prefix` above it, and descends from the top until
/// k keys are found: the field of the k-th largest goes into the prefix, k keeps what is left to find in it.
template <unsigned shift, unsigned bits>
void descend(std::span<const float> values, std::uint32_t& prefix, std::size_t& k) {
  constexpr std::uint32_t kMask = (1U << bits) - 1U;
  std::array<std::uint32_t, kMask + 1> counts{};
  for (const float x : values) {
    const std::uint32_t key = magnitude_key(x);
    if (key >> shift >> bits == prefix) ++counts[(key >> shift) & kMask];
  }
  std::uint32_t field = kMask;
  while (field > 0 && counts[field] < k) k -= counts[field--];
  prefix = prefix << bits | field;
}

Threshold find_threshold(std::span<const float> values, std::size_t k) {
  std::uint32_t key = 0;
  descend<20, 12>(values, key, k);
  descend<9, 11>(values, key, k);
  descend<0, 9>(values, key, k);
  return {key, k};
}

MURM_CLONES void collect(std::size_t n, const float* x, Threshold threshold, float* indices) {
  constexpr std::size_t kStep = 32;
  const std::uint32_t key = threshold.key;
  for (std::size_t from = 0; from < n; from += kStep) {
    const std::size_t to = std::min(from + kStep, n);
    if (to == from + kStep) {
      std::int32_t largest = 0;
      for (std::size_t i = 0; i < kStep; ++i) {
        largest = std::max(largest, static_cast<std::int32_t>(magnitude_key(x[from + i])));
      }
      if (static_cast<std::uint32_t>(largest) < key) continue;
    }
    for (std::size_t i = from; i < to; ++i) {
      const std::uint32_t own = magnitude_key(x[i]);
      if (own < key || (own == key && threshold.ties == 0)) continue;
      if (own == key) --threshold.ties;
      *indices++ = float_of(static_cast<std::uint32_t>(i));
    }
  }
}

class TopK final : public Codec {
 public:
  TopK(std::size_t length, double ratio) : Codec(length), k_(kept_count(ratio, length)) {}

  std::size_t encoded_length(std::uint64_t /*count*/) const override {
    return sparse_length(k_, length());
  }

 private:
  void encode_finite(std::span<const float> values, std::span<float> payload) override {
    encode_sparse(values, k_, payload);
  }
  bool decode_checked(std::span<const float> payload, std::span<float> values) const override {
    std::fill(values.begin(), values.end(), 0.0F);
    return decode_sparse(payload, length(), [&](std::size_t i, float x) { values[i] = x; });
  }

  std::size_t k_;
};

class RandomK final : public Codec {
 public:
  RandomK(const CompressionOptions& options, std::size_t length, std::uint64_t stream)
      : Codec(length),
        k_(kept_count(options.ratio, length)),
        seed_(options.seed),
        stream_(stream),
        factor_(uses_error_feedback(options) || k_ == 0
                    ? 1.0F
                    : static_cast<float>(length) / static_cast<float>(k_)) {}

  std::size_t encoded_length(std::uint64_t /*count*/) const override {
    return raw() ? length() : k_ + 2;
  }

 private:
  bool raw() const { return k_ + 2 >= length(); }

  /// Calls visit(j, index) for the k numbers that `seed` chooses.
  template <class Visit>
  void choose(std::uint64_t seed, Visit visit) const {
    Random random(seed, 0);
    const std::size_t n = length();
    const std::size_t turn = random.below(static_cast<std::uint32_t>(n));
    for (std::size_t j = 0; j < k_; ++j) {
      const std::size_t from = j * n / k_;
      const std::size_t run = (j + 1) * n / k_ - from;
      const std::size_t at = turn + from + random.below(static_cast<std::uint32_t>(run));
      visit(j, at < n ? at : at - n);
    }
  }

  void encode_finite(std::span<const float> values, std::span<float> payload) override {
    if (raw()) {
      std::copy(values.begin(), values.end(), payload.begin());
      return;
    }
    const std::uint64_t seed = draw_seed(seed_, stream_, counter());
    payload[0] = float_of(static_cast<std::uint32_t>(seed));
    payload[1] = float_of(static_cast<std::uint32_t>(seed >> 32U));
    choose(seed, [&](std::size_t j, std::size_t i) { payload[2 + j] = values[i] * factor_; });
  }

  bool decode_checked(std::span<const float> payload, std::span<float> values) const override {
    if (raw()) {
      std::copy(payload.begin(), payload.end(), values.begin());
      return true;
    }
    std::fill(values.begin(), values.end(), 0.0F);
    const std::uint64_t seed = word_of(payload[0]) | static_cast<std::uint64_t>(word_of(payload[1]))
                                                         << 32U;
    choose(seed, [&](std::size_t j, std::size_t i) { values[i] = payload[2 + j]; });
    return true;
  }

  std::size_t k_;
  std::uint64_t seed_;
  std::uint64_t stream_;
  float factor_;
};

}  // namespace

std::size_t kept_count(double ratio, std::size_t n) {
  if (n == 0) return 0;
  const double wanted = std::floor(ratio * static_cast<double>(n) + 0.5);
  return static_cast<std::size_t>(std::clamp(wanted, 1.0, static_cast<double>(n)));
}

void encode_sparse(std::span<const float> values, std::size_t k, std::span<float> payload) {
  if (payload.size() == values.size()) {
    std::copy(values.begin(), values.end(), payload.begin());
    return;
  }
  collect(values.size(), values.data(), find_threshold(values, k), payload.data());
  for (std::size_t j = 0; j < k; ++j) payload[k + j] = values[word_of(payload[j])];
}

std::unique_ptr<Codec> make_top_k(const CompressionOptions& options, std::size_t length) {
  return std::make_unique<TopK>(length, options.ratio);
}

std::unique_ptr<Codec> make_random_k(const CompressionOptions& options, std::size_t length,
                                     std::uint64_t stream) {
  return std::make_unique<RandomK>(options, length, stream);
}

}  // namespace murm
