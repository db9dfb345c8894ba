// top-k and random-k: some numbers travel as they are, the others not at all.
// Room: algorithms. Arithmetic on host memory.
// Caller: codec.cpp; dgc uses the selection. Source: Stich, Cordonnier, Jaggi 2018, arXiv:1809.07599.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "algorithms/compression/codec.hpp"
#include "algorithms/compression/words.hpp"

namespace murm {

/// How many of n numbers the share `ratio` is: rounded, at least one.
std::size_t kept_count(double ratio, std::size_t n);
/// Words for the k largest of n numbers: k indices and k values, or all n numbers where that is not longer.
constexpr std::size_t sparse_length(std::size_t k, std::size_t n) { return 2 * k < n ? 2 * k : n; }

/// Writes k ascending indices, then their values; of equal magnitudes the first are taken. The result is exact,
/// by three counting passes over the bits of |x|. Requires: payload [sparse_length(k, n)].
void encode_sparse(std::span<const float> values, std::size_t k, std::span<float> payload);

/// Calls visit(index, value) in ascending order of index. False when the indices are not those of encode_sparse.
/// Requires: payload.size() is sparse_length(k, n) for some k.
template <class Visit>
bool decode_sparse(std::span<const float> payload, std::size_t n, Visit visit) {
  if (payload.size() == n) {
    for (std::size_t i = 0; i < n; ++i) visit(i, payload[i]);
    return true;
  }
  const std::size_t k = payload.size() / 2;
  std::size_t next = 0;  // the smallest index that may follow
  for (std::size_t j = 0; j < k; ++j) {
    const std::size_t index = word_of(payload[j]);
    if (index < next || index >= n) return false;
    visit(index, payload[k + j]);
    next = index + 1;
  }
  return true;
}

/// Deviation: where 2k >= n the numbers travel uncompressed, which is shorter.
std::unique_ptr<Codec> make_top_k(const CompressionOptions& options, std::size_t length);

/// Payload: a 64-bit seed, k values. The range, turned by a random angle, is cut into k runs whose lengths
/// differ by at most one, and each run gives one number: every number travels with probability k/n.
/// Deviations: not any k-subset is possible (the choice takes no memory and comes in order); the seed is the
/// sender's own, so payloads of different senders are decoded before they are added. Without error feedback
/// the values are multiplied by n/k, which makes the code unbiased.
std::unique_ptr<Codec> make_random_k(const CompressionOptions& options, std::size_t length,
                                     std::uint64_t stream);

}  // namespace murm
