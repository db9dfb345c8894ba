// Tiles of attention: where the rows of a head lie, products of a tile with another one, and sums of rows by weight.
// Room: gpu/cuda. For .cu files alone. Knows queries, keys and values as rows; not what is made of their products.
// Caller: gpu/cuda/attention.cu, gpu/cuda/attention_gradient.cu.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>
#include <initializer_list>
#include <string>

#include "algorithms/vocabulary.hpp"
#include "gpu/cuda/attention.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/numbers.hpp"
#include "gpu/cuda/reduce.hpp"

namespace murm::cuda {

/// Places of a tile. A block has 16 x 16 threads in one dimension; a thread has a quad of the tile's rows, and a quad
/// of its columns or every 16th pack of numbers of a head.
constexpr unsigned kTile = 64;
constexpr unsigned kSide = kTile / 4;
constexpr unsigned kTileThreads = kSide * kSide;
/// Numbers of a row that pass through shared memory at a time.
constexpr unsigned kDepth = 32;

__device__ inline unsigned row_quad() { return threadIdx.x / kSide * 4; }
__device__ inline unsigned column_quad() { return threadIdx.x % kSide * 4; }

/// The rows of a tile in memory, `stride` apart; behind them all is zero.
struct TileRows {
  const float* first;
  unsigned stride;
  unsigned count;  // at most kTile
  unsigned width;
  bool in_fours;
};

/// Places within a tile are counted in 32 bits.
constexpr std::size_t kHeadsMax = 65536;

/// The heads of all sequences, and their tiles of places.
struct Heads {
  std::size_t count;  // heads of all sequences
  std::size_t length;
  unsigned of_sequence;
  unsigned width;  // of a head
  unsigned tiles;  // of a sequence
  bool in_fours;

  /// Arrays as in SequenceAlgebra. Null addresses count as aligned.
  Heads(const AttentionShape& shape, std::initializer_list<const float*> arrays)
      : count(shape.n * shape.heads),
        length(shape.length),
        of_sequence(static_cast<unsigned>(shape.heads)),
        width(static_cast<unsigned>(shape.head_width)),
        tiles(static_cast<unsigned>(divide_up(shape.length, kTile))),
        in_fours(cuda::in_fours(shape.head_width, arrays)) {
    MURM_ASSERT(shape.head_width <= kHeadWidthMax, std::to_string(shape.head_width));
    MURM_ASSERT(shape.heads <= kHeadsMax, std::to_string(shape.heads));
  }
  /// A block for each head and tile; blockIdx.x counts heads first.
  dim3 blocks() const { return dim3(static_cast<unsigned>(count * tiles)); }

  __device__ unsigned rows(unsigned tile) const {
    const std::size_t left = length - std::size_t{tile} * kTile;
    return left < kTile ? static_cast<unsigned>(left) : kTile;
  }
  /// The first number of a tile in qkv [n,length,3,heads,width]; part: 0 queries, 1 keys, 2 values.
  __device__ std::size_t in_qkv(std::size_t head, unsigned tile, unsigned part) const {
    const std::size_t place = head / of_sequence * length + std::size_t{tile} * kTile;
    return (place * 3 + part) * of_sequence * width + head % of_sequence * width;
  }
  /// In y [n,length,heads,width].
  __device__ std::size_t in_y(std::size_t head, unsigned tile) const {
    const std::size_t place = head / of_sequence * length + std::size_t{tile} * kTile;
    return place * of_sequence * width + head % of_sequence * width;
  }
  /// In log_sums [n,heads,length].
  __device__ std::size_t in_sums(std::size_t head, unsigned tile) const {
    return head * length + std::size_t{tile} * kTile;
  }
  __device__ unsigned y_stride() const { return of_sequence * width; }
  __device__ unsigned qkv_stride() const { return 3 * of_sequence * width; }
  __device__ TileRows qkv_rows(const float* qkv, std::size_t head, unsigned tile,
                               unsigned part) const {
    return {qkv + in_qkv(head, tile, part), qkv_stride(), rows(tile), width, in_fours};
  }
  __device__ TileRows y_rows(const float* y, std::size_t head, unsigned tile) const {
    return {y + in_y(head, tile), y_stride(), rows(tile), width, in_fours};
  }
};

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

/// Calls with<kWidth>() for the width that heads are computed with.
template <class With>
void with_width_of(const Heads& heads, With with) {
  if (heads.width <= 32) return with.template operator()<32>();
  if (heads.width <= 64) return with.template operator()<64>();
  if (heads.width <= 128) return with.template operator()<128>();
  with.template operator()<256>();
}

}  // namespace murm::cuda
