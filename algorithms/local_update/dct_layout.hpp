// The cosine transform of one chunk, and how the coefficients of many chunks lie in a payload.
// Room: algorithms. Arithmetic on host memory, the same bits for every vector width.
// Caller: local_update/dct_code, which says what is sent and why.
#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace murm {

inline constexpr std::size_t dct_chunk_max = 1024;

struct DctShape {
  std::size_t chunk = 64;  // numbers of one transform; the last one may have less
  std::size_t keep = 32;   // coefficients sent of each
};

/// The orthonormal DCT-II of n numbers, and its inverse, which is its transpose.
class DctBasis {
 public:
  explicit DctBasis(std::size_t n);
  void forward(const float* numbers, float* coefficients) const;
  void inverse(const float* coefficients, float* numbers) const;

 private:
  std::size_t n_;
  std::vector<float> forward_;
  std::vector<float> inverse_;
};

/// A chunk's payload: a word for each 32 coefficients, whose bits say which are sent, then these in ascending order; where
/// that is not shorter, all of its coefficients.
class DctLayout {
 public:
  DctLayout(const DctShape& shape, std::size_t length);

  std::size_t length() const { return length_; }
  std::size_t payload_length() const {
    return length_ / chunk_ * words(chunk_) + words(length_ % chunk_);
  }

  /// Calls visit(offset, n, word, basis) for each chunk, n numbers from `offset`, in the payload from `word`; until it
  /// returns false.
  template <class Visit>
  bool for_each_chunk(Visit visit) const {
    std::size_t word = 0;
    for (std::size_t offset = 0; offset < length_; offset += chunk_) {
      const std::size_t n = std::min(chunk_, length_ - offset);
      if (!visit(offset, n, word, n == chunk_ ? whole_ : tail_)) return false;
      word += words(n);
    }
    return true;
  }

  /// Words of the payload of a chunk of n numbers.
  std::size_t words(std::size_t n) const { return sends_all(n) ? n : bitmap(n) + kept(n); }
  /// The largest coefficients of a chunk, as its payload.
  void write_chunk(std::span<const float> coefficients, std::span<float> payload) const;
  /// Coefficients of a payload, and 1 where one was sent in `marks`, unless that is null; false when no write makes it.
  bool read(std::span<const float> payload, float* coefficients, float* marks) const;

 private:
  std::size_t kept(std::size_t n) const { return std::min(keep_, n); }
  static std::size_t bitmap(std::size_t n) { return (n + 31) / 32; }
  bool sends_all(std::size_t n) const { return bitmap(n) + kept(n) >= n; }
  bool read_chunk(std::span<const float> payload, std::size_t n, float* coefficients,
                  float* marks) const;

  std::size_t length_;
  std::size_t chunk_;
  std::size_t keep_;
  DctBasis whole_;
  DctBasis tail_;
};

}  // namespace murm
