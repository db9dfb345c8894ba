#include "algorithms/local_update/dct_layout.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <numbers>
#include <string>

#include "algorithms/compression/words.hpp"
#include "algorithms/vector_clones.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {

namespace {

constexpr float kLargest = 1e30F;  // sums over many senders, and their transforms, stay finite

/// out[k] <- sum over i of in[i] table[i][k], in the order of i.
MURM_CLONES void transform(std::size_t n, const float* table, const float* in,
                           float* __restrict out) {
  std::fill(out, out + n, 0.0F);
  for (std::size_t i = 0; i < n; ++i) {
    const float x = in[i];
    const float* row = table + i * n;
    for (std::size_t k = 0; k < n; ++k) out[k] += x * row[k];
  }
}

bool is_set(std::uint32_t word, std::size_t k) { return (word >> (k % 32) & 1U) != 0; }

}  // namespace

DctBasis::DctBasis(std::size_t n) : n_(n), forward_(n * n), inverse_(n * n) {
  const double size = static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) {
      const double angle = (static_cast<double>(i) + 0.5) * static_cast<double>(k) / size;
      const double norm = std::sqrt((k == 0 ? 1.0 : 2.0) / size);
      const auto entry = static_cast<float>(norm * std::cos(std::numbers::pi * angle));
      forward_[i * n + k] = entry;
      inverse_[k * n + i] = entry;
    }
  }
}

void DctBasis::forward(const float* numbers, float* coefficients) const {
  transform(n_, forward_.data(), numbers, coefficients);
}
void DctBasis::inverse(const float* coefficients, float* numbers) const {
  transform(n_, inverse_.data(), coefficients, numbers);
}

DctLayout::DctLayout(const DctShape& shape, std::size_t length)
    : length_(length),
      chunk_(std::min(shape.chunk, std::max<std::size_t>(length, 1))),
      keep_(shape.keep),
      whole_(chunk_),
      tail_(length % chunk_) {
  MURM_ASSERT(shape.chunk >= 1 && shape.chunk <= dct_chunk_max, std::to_string(shape.chunk));
  MURM_ASSERT(shape.keep >= 1, std::to_string(shape.keep));
}

void DctLayout::write_chunk(std::span<const float> coefficients, std::span<float> payload) const {
  const std::size_t n = coefficients.size();
  if (sends_all(n)) {
    std::copy(coefficients.begin(), coefficients.end(), payload.begin());
    return;
  }
  std::array<std::uint64_t, dct_chunk_max> order;  // descending magnitude, then ascending index
  for (std::size_t k = 0; k < n; ++k) {
    order[k] = static_cast<std::uint64_t>(~magnitude_key(coefficients[k])) << 32U | k;
  }
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(n);
  const auto last = order.begin() + static_cast<std::ptrdiff_t>(kept(n)) - 1;
  std::nth_element(order.begin(), last, end);
  std::array<std::uint32_t, dct_chunk_max / 32> bits{};
  for (auto it = order.begin(); it <= last; ++it) {
    const auto k = static_cast<std::uint32_t>(*it);
    bits[k / 32] |= 1U << (k % 32);
  }
  std::size_t next = bitmap(n);
  for (std::size_t w = 0; w < bitmap(n); ++w) payload[w] = float_of(bits[w]);
  for (std::size_t k = 0; k < n; ++k) {
    if (is_set(bits[k / 32], k)) payload[next++] = coefficients[k];
  }
}

bool DctLayout::read(std::span<const float> payload, float* coefficients, float* marks) const {
  return for_each_chunk([&](std::size_t offset, std::size_t n, std::size_t word, const DctBasis&) {
    float* mark = marks == nullptr ? nullptr : marks + offset;
    return read_chunk(payload.subspan(word, words(n)), n, coefficients + offset, mark);
  });
}

bool DctLayout::read_chunk(std::span<const float> payload, std::size_t n, float* coefficients,
                           float* marks) const {
  std::size_t next = sends_all(n) ? 0 : bitmap(n);
  std::size_t sent = 0;
  for (std::size_t w = 0; w < next; ++w) {
    const std::uint32_t bits = word_of(payload[w]);
    const std::size_t valid = std::min<std::size_t>(32, n - 32 * w);
    if (valid < 32 && bits >> valid != 0) return false;
    sent += static_cast<std::size_t>(std::popcount(bits));
  }
  if (!sends_all(n) && sent != kept(n)) return false;
  for (std::size_t k = 0; k < n; ++k) {
    const bool there = sends_all(n) || is_set(word_of(payload[k / 32]), k);
    coefficients[k] = there ? payload[next++] : 0.0F;
    if (!(std::abs(coefficients[k]) <= kLargest)) return false;
    if (marks != nullptr) marks[k] = there ? 1.0F : 0.0F;
  }
  return true;
}

}  // namespace murm
