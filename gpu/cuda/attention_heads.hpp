// Where the rows of a tile of places lie in the arrays of attention, for each head of each sequence.
// Room: gpu/cuda. For .cu files alone. Knows layouts; not what is made of the numbers.
// Caller: gpu/cuda/attention_tiles.hpp, gpu/cuda/attention.cu, gpu/cuda/attention_gradient.cu.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>
#include <initializer_list>
#include <string>

#include "algorithms/vocabulary.hpp"
#include "gpu/cuda/attention.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/numbers.hpp"

namespace murm::cuda {

/// Places of a tile.
constexpr unsigned kTile = 64;

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

/// Calls with<kWidth>() for the width that heads are computed with.
template <class With>
void with_width_of(const Heads& heads, With with) {
  if (heads.width <= 32) return with.template operator()<32>();
  if (heads.width <= 64) return with.template operator()<64>();
  if (heads.width <= 128) return with.template operator()<128>();
  with.template operator()<256>();
}

}  // namespace murm::cuda
