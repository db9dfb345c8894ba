// One tile of a matrix product in fp32: slices of both operands pass through shared memory into sums in registers.
// Room: gpu/cuda. For .cu files alone. Knows how a tile is multiplied, not where its operands come from.
// Caller: gpu/cuda/convolution, gpu/cuda/convolution_weights.
#pragma once
#include <cuda_runtime.h>

#include "gpu/cuda/numbers.hpp"

namespace murm::cuda {

/// How many numbers of the inner dimension a slice has.
constexpr unsigned kSlice = 8;

/// kRows x kColumns sums by a block, 8 x kWide by each thread: in quads, kAcross threads side by side.
template <unsigned kRowCount, unsigned kColumnCount, unsigned kWidth>
struct Tile {
  static constexpr unsigned kRows = kRowCount;
  static constexpr unsigned kColumns = kColumnCount;
  static constexpr unsigned kTall = 8;
  static constexpr unsigned kWide = kWidth;
  static constexpr unsigned kAcross = kColumns / kWide;
  static constexpr unsigned kThreads = kRows / kTall * kAcross;
  static_assert(kWide % 4 == 0 && kRows % kTall == 0 && kColumns % kWide == 0);

  /// The tile's row of the thread's row i; neighbouring threads have neighbouring quads.
  __device__ static unsigned row(unsigned i) {
    return i / 4 * (kRows / 2) + threadIdx.x / kAcross * 4 + i % 4;
  }
  __device__ static unsigned column(unsigned j) {
    return j / 4 * (kAcross * 4) + threadIdx.x % kAcross * 4 + j % 4;
  }
};

/// Two slices: one is multiplied while the other is filled. Four rows are never read: they put numbers that are
/// stored down a column of the slice into different banks.
template <class Tile>
struct Slices {
  static constexpr unsigned kRowStride = Tile::kRows + 4;
  alignas(16) float rows[2][kSlice * kRowStride];
  alignas(16) float columns[2][kSlice * Tile::kColumns];
};

template <class Tile>
using Sums = float[Tile::kTall][Tile::kWide];

template <class Tile>
__device__ void multiply_slice(const float* rows, const float* columns, Sums<Tile>& sums) {
#pragma unroll
  for (unsigned k = 0; k < kSlice; ++k) {
    Numbers<4> a[Tile::kTall / 4];
    Numbers<4> b[Tile::kWide / 4];
#pragma unroll
    for (unsigned i = 0; i < Tile::kTall; i += 4)
      a[i / 4] = load<4>(rows + k * Slices<Tile>::kRowStride + Tile::row(i));
#pragma unroll
    for (unsigned j = 0; j < Tile::kWide; j += 4)
      b[j / 4] = load<4>(columns + k * Tile::kColumns + Tile::column(j));
#pragma unroll
    for (unsigned i = 0; i < Tile::kTall; ++i) {
#pragma unroll
      for (unsigned j = 0; j < Tile::kWide; ++j)
        sums[i][j] = fmaf(a[i / 4].at[i % 4], b[j / 4].at[j % 4], sums[i][j]);
    }
  }
}

/// sums <- the product of `count` slices, each sum in the order of the inner dimension. `rows` and `columns` bring
/// the operands: fetch() reads the next slice into registers, store(to) lays it into shared memory, as
/// [kSlice][kRowStride] and [kSlice][kColumns]. Every thread of the block takes part.
template <class Tile, class Rows, class Columns>
__device__ void multiply(unsigned count, Rows& rows, Columns& columns, Slices<Tile>& shared,
                         Sums<Tile>& sums) {
  for (auto& row : sums) {
    for (float& sum : row) sum = 0.0F;
  }
  if (count == 0) return;
  rows.fetch();
  columns.fetch();
  rows.store(shared.rows[0]);
  columns.store(shared.columns[0]);
  __syncthreads();
  for (unsigned slice = 0; slice < count; ++slice) {
    const unsigned now = slice % 2;
    const bool more = slice + 1 < count;
    if (more) {
      rows.fetch();
      columns.fetch();
    }
    multiply_slice<Tile>(shared.rows[now], shared.columns[now], sums);
    if (more) {
      rows.store(shared.rows[1 - now]);
      columns.store(shared.columns[1 - now]);
    }
    __syncthreads();
  }
}

}  // namespace murm::cuda
