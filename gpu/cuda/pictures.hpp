// Pictures as kernels see them: places in an order, and what a picture holds at one, with zeros around it.
// Room: gpu/cuda. For .cu files alone. Knows where numbers lie, not what is done with them.
// Caller: gpu/cuda/pooling, gpu/cuda/convolution, gpu/cuda/convolution_weights.
#pragma once
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

#include "gpu/cuda/numbers.hpp"

namespace murm::cuda {

/// Coordinates of no place of any picture.
constexpr std::int32_t kFar = 1 << 28;

struct Place {
  std::uint32_t picture;
  std::int32_t row;
  std::int32_t column;
};

/// The places of `n` pictures [rows,columns], fewer than 2^31: row by row, or 2x2 window by window (those that lie
/// wholly in the picture), row by row within each.
class Places {
 public:
  Places(std::size_t n, std::size_t rows, std::size_t columns, bool by_windows)
      : by_windows_(by_windows),
        rows_(static_cast<std::uint32_t>(by_windows ? rows / 2 : rows)),
        columns_(static_cast<std::uint32_t>(by_windows ? columns / 2 : columns)),
        by_rows_(std::max(rows_, 1U)),
        by_columns_(std::max(columns_, 1U)) {
    count_ = static_cast<std::uint32_t>(n * rows_ * columns_ * (by_windows ? 4 : 1));
  }
  __host__ __device__ std::uint32_t count() const { return count_; }
  __device__ Place operator()(std::uint32_t i) const {
    const std::uint32_t unit = by_windows_ ? i / 4 : i;
    const std::uint32_t line = by_columns_.quotient(unit);
    const std::uint32_t picture = by_rows_.quotient(line);
    const auto row = static_cast<std::int32_t>(line - picture * rows_);
    const auto column = static_cast<std::int32_t>(unit - line * columns_);
    if (!by_windows_) return {picture, row, column};
    const auto within = static_cast<std::int32_t>(i % 4);
    return {picture, 2 * row + within / 2, 2 * column + within % 2};
  }

 private:
  bool by_windows_ = false;
  std::uint32_t rows_, columns_;
  Divisor by_rows_, by_columns_;
  std::uint32_t count_ = 0;
};

/// Pictures [n,rows,columns,channels].
struct Picture {
  const float* numbers;
  std::uint32_t rows, columns, channels;

  Picture(const float* x, std::size_t height, std::size_t width, std::size_t depth)
      : numbers(x),
        rows(static_cast<std::uint32_t>(height)),
        columns(static_cast<std::uint32_t>(width)),
        channels(static_cast<std::uint32_t>(depth)) {}

  __device__ bool holds(const Place& place) const {
    return static_cast<std::uint32_t>(place.row) < rows &&
           static_cast<std::uint32_t>(place.column) < columns;
  }
  /// Where the channels of a place begin.
  __device__ std::size_t first(const Place& place) const {
    const std::uint32_t line = place.picture * rows + static_cast<std::uint32_t>(place.row);
    return std::size_t{line * columns + static_cast<std::uint32_t>(place.column)} * channels;
  }
  /// kWidth channels from `channel` on; zeros beside the picture.
  template <unsigned kWidth>
  __device__ Numbers<kWidth> read(const Place& place, std::uint32_t channel) const {
    if (!holds(place)) return {};
    return load<kWidth>(numbers + first(place) + channel);
  }
};

/// What went into a pool of 2x2 windows, from the derivative by what came out, which goes to the winners: read like a
/// picture of twice the rows and columns, or one more.
struct Unpooled {
  Picture pooled;
  const std::uint8_t* winners;

  template <unsigned kWidth>
  __device__ Numbers<kWidth> read(const Place& place, std::uint32_t channel) const {
    const Place window{place.picture, place.row >> 1, place.column >> 1};
    if (!pooled.holds(window)) return {};
    const auto here = static_cast<std::uint32_t>((place.row & 1) * 2 + (place.column & 1));
    const auto winner = load<kWidth>(winners + pooled.first(window) + channel);
    auto value = load<kWidth>(pooled.numbers + pooled.first(window) + channel);
    for (unsigned c = 0; c < kWidth; ++c) value.at[c] = winner.at[c] == here ? value.at[c] : 0.0F;
    return value;
  }
};

}  // namespace murm::cuda
