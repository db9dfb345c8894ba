// Tiles of attention: products of the rows of a tile with those of another one, and sums of rows by weight.
// Room: gpu/cuda. For .cu files alone. Knows queries, keys and values as rows; not what is made of their products.
// Caller: gpu/cuda/attention.cu, gpu/cuda/attention_gradient.cu.
#pragma once
#include <cuda_runtime.h>

#include "gpu/cuda/attention_heads.hpp"
#include "gpu/cuda/numbers.hpp"

namespace murm::cuda {

/// A block has 16 x 16 threads in one dimension. A thread has a quad of the tile's rows, and a quad of its columns or
/// every 16th pack of numbers of a head.
constexpr unsigned kSide = kTile / 4;
constexpr unsigned kTileThreads = kSide * kSide;
/// Numbers of a row that pass through shared memory at a time.
constexpr unsigned kDepth = 32;

__device__ inline unsigned row_quad() { return threadIdx.x / kSide * 4; }
__device__ inline unsigned column_quad() { return threadIdx.x % kSide * 4; }

/// What a block shares: slices of rows on their way, and the weights of a tile.
struct TileMemory {
  alignas(16) float slices[2][kDepth * kTile];
  alignas(16) float weights[kTile * kTile];
};

/// Place of number m in row k of an array [k][kTile]: quads of a row change places by k, so that a warp that writes a
/// column of quads, or a quad down a column, meets every bank.
__device__ inline unsigned swizzled(unsigned k, unsigned m) {
  return k * kTile + (m ^ (k / 4 % 8 * 4));
}

/// Four numbers of a row, zeros where it has none.
__device__ inline Numbers<4> quad_of(const TileRows& rows, unsigned row, unsigned column) {
  Numbers<4> quad{};
  if (row >= rows.count) return quad;
  const float* from = rows.first + row * rows.stride + column;
  if (rows.in_fours) {
    if (column < rows.width) quad = load<4>(from);
    return quad;
  }
#pragma unroll
  for (unsigned e = 0; e < 4; ++e) {
    if (column + e < rows.width) quad.at[e] = from[e];
  }
  return quad;
}

/// A slice of a tile on its way: rows of kDepth numbers are read, columns of kTile are laid down.
struct DepthSlice {
  static constexpr unsigned kQuads = kTile * kDepth / 4 / kTileThreads;  // of a thread
  Numbers<4> quads[kQuads];

  __device__ static unsigned row(unsigned h) { return (threadIdx.x + h * kTileThreads) / 8; }
  __device__ static unsigned column() { return threadIdx.x % 8 * 4; }
  __device__ void fetch(const TileRows& rows, unsigned depth) {
#pragma unroll
    for (unsigned h = 0; h < kQuads; ++h) quads[h] = quad_of(rows, row(h), depth + column());
  }
  __device__ void lay(float* slice) const {
#pragma unroll
    for (unsigned h = 0; h < kQuads; ++h) {
#pragma unroll
      for (unsigned e = 0; e < 4; ++e) slice[swizzled(column() + e, row(h))] = quads[h].at[e];
    }
  }
};
static_assert(kDepth == 32);

/// The thread's quads of a tile of products or weights: rows, then columns.
using TileSums = float[4][4];

/// sums += a b^T, the inner dimension in order. The next slice is read while one is multiplied. Waits for the block
/// before it touches the slices; not after.
__device__ inline void add_row_products(const TileRows& a, const TileRows& b, TileMemory& memory,
                                        TileSums& sums) {
  DepthSlice of_a;
  DepthSlice of_b;
  of_a.fetch(a, 0);
  of_b.fetch(b, 0);
  for (unsigned depth = 0; depth < a.width; depth += kDepth) {
    __syncthreads();
    of_a.lay(memory.slices[0]);
    of_b.lay(memory.slices[1]);
    __syncthreads();
    if (depth + kDepth < a.width) {
      of_a.fetch(a, depth + kDepth);
      of_b.fetch(b, depth + kDepth);
    }
#pragma unroll 2
    for (unsigned quad = 0; quad < kDepth; quad += 4) {
      const float* const rows = memory.slices[0] + swizzled(quad, row_quad());
      const float* const columns = memory.slices[1] + swizzled(quad, column_quad());
#pragma unroll
      for (unsigned k = 0; k < 4; ++k) {
        const auto x = load<4>(rows + k * kTile);
        const auto y = load<4>(columns + k * kTile);
#pragma unroll
        for (unsigned i = 0; i < 4; ++i) {
#pragma unroll
          for (unsigned j = 0; j < 4; ++j) sums[i][j] = fmaf(x.at[i], y.at[j], sums[i][j]);
        }
      }
    }
  }
}

/// Lays the tile down for add_weighted_rows: its columns become rows [k][kTile].
__device__ inline void lay_weights(const TileSums& tile, TileMemory& memory) {
#pragma unroll
  for (unsigned j = 0; j < 4; ++j) {
    store(Numbers<4>{{tile[0][j], tile[1][j], tile[2][j], tile[3][j]}},
          memory.weights + swizzled(column_quad() + j, row_quad()));
  }
}

/// The thread's numbers of a tile of results kWidth wide: a quad of rows, of each some packs.
template <unsigned kWidth>
struct RowSums {
  static constexpr unsigned kPack = kWidth < kTile ? kWidth / kSide : 4;
  static constexpr unsigned kPacks = kWidth / kSide / kPack;
  float at[4][kPacks][kPack];

  __device__ static unsigned column(unsigned pack) {
    return (pack * kSide + threadIdx.x % kSide) * kPack;
  }
  __device__ void scale(unsigned row, float factor) {
#pragma unroll
    for (auto& pack : at[row]) {
#pragma unroll
      for (float& number : pack) number *= factor;
    }
  }
  /// To rows at `first`, as many and as wide as `like` has.
  __device__ void write(float* first, unsigned stride, const TileRows& like) const {
#pragma unroll
    for (unsigned i = 0; i < 4; ++i) {
      if (row_quad() + i >= like.count) continue;
      float* const row = first + (row_quad() + i) * stride;
#pragma unroll
      for (unsigned p = 0; p < kPacks; ++p) {
        Numbers<kPack> pack;
#pragma unroll
        for (unsigned e = 0; e < kPack; ++e) {
          pack.at[e] = at[i][p][e];
          if (!like.in_fours && column(p) + e < like.width) row[column(p) + e] = pack.at[e];
        }
        if (like.in_fours && column(p) < like.width) store(pack, row + column(p));
      }
    }
  }
};

/// sums[m] += the sum over k of weights[k][m] rows[k], in the order of k. Waits for the block before it touches the
/// slices, and before it reads the weights; not after.
template <unsigned kWidth>
__device__ void add_weighted_rows(const TileRows& rows, TileMemory& memory, RowSums<kWidth>& sums) {
  using Results = RowSums<kWidth>;
  constexpr unsigned kMost = 2 * kDepth * kTile / kWidth;
  constexpr unsigned kRows = kMost < kTile ? kMost : kTile;  // of a slice
  constexpr unsigned kQuads = kRows * kWidth / 4 / kTileThreads;
  float* const slice = memory.slices[0];
  Numbers<4> next[kQuads];
  const auto place = [](unsigned h) { return threadIdx.x + h * kTileThreads; };
  const auto fetch = [&](unsigned first) {
#pragma unroll
    for (unsigned h = 0; h < kQuads; ++h) {
      next[h] = quad_of(rows, first + place(h) / (kWidth / 4), place(h) % (kWidth / 4) * 4);
    }
  };
  fetch(0);
  for (unsigned first = 0; first < rows.count; first += kRows) {
    __syncthreads();
#pragma unroll
    for (unsigned h = 0; h < kQuads; ++h) store(next[h], slice + place(h) * 4);
    __syncthreads();
    if (first + kRows < rows.count) fetch(first + kRows);
    const unsigned end = rows.count - first < kRows ? rows.count - first : kRows;
    for (unsigned quad = 0; quad < end; quad += 4) {
      const float* const weights = memory.weights + swizzled(first + quad, row_quad());
#pragma unroll
      for (unsigned k = 0; k < 4; ++k) {
        const auto weight = load<4>(weights + k * kTile);
#pragma unroll
        for (unsigned p = 0; p < Results::kPacks; ++p) {
          const auto pack = load<Results::kPack>(slice + (quad + k) * kWidth + Results::column(p));
#pragma unroll
          for (unsigned i = 0; i < 4; ++i) {
#pragma unroll
            for (unsigned e = 0; e < Results::kPack; ++e)
              sums.at[i][p][e] = fmaf(weight.at[i], pack.at[e], sums.at[i][p][e]);
          }
        }
      }
    }
  }
}

}  // namespace murm::cuda
