// Attention: a block for each tile of queries, which goes through the tiles of keys and keeps a running softmax.
// Room: gpu/cuda. Knows heads; no layer.
// Caller: gpu/cuda/attention.hpp has the function.
#include "gpu/cuda/attention.hpp"

#include <cmath>
#include <limits>

#include "gpu/cuda/attention_tiles.hpp"
#include "gpu/cuda/reduce.hpp"

namespace murm::cuda {
namespace {

/// Over the threads that share a quad of rows.
template <class Operation>
__device__ float over_row(float value) {
#pragma unroll
  for (unsigned distance = kSide / 2; distance > 0; distance /= 2) {
    value = Operation::of(value,
                          __shfl_xor_sync(kWholeWarp, value, static_cast<int>(distance), kSide));
  }
  return value;
}

/// A row's softmax so far: exponentials are relative to the largest score. The sum is that of the thread's own keys.
struct Softmax {
  float top = -std::numeric_limits<float>::infinity();
  float sum = 0;

  /// Scores become exponentials; returns what earlier ones must be multiplied by.
  __device__ float take(float (&scores)[4]) {
    float largest = top;
#pragma unroll
    for (const float score : scores) largest = Largest::of(largest, score);
    largest = over_row<Largest>(largest);
    const float factor = expf(top - largest);
    top = largest;
    sum *= factor;
#pragma unroll
    for (float& score : scores) {
      score = expf(score - largest);
      sum += score;
    }
    return factor;
  }
};

/// The tiles with most keys come first: what is short fills the end.
template <unsigned kWidth>
__global__ void __launch_bounds__(kTileThreads, kWidth <= 128 ? 2 : 1)
    attention_kernel(Heads heads, float scale, const float* __restrict__ qkv, float* __restrict__ y,
                     float* __restrict__ log_sums) {
  __shared__ TileMemory memory;
  const std::size_t head = blockIdx.x % heads.count;
  const unsigned tile = heads.tiles - 1 - static_cast<unsigned>(blockIdx.x / heads.count);
  const TileRows queries = heads.qkv_rows(qkv, head, tile, 0);
  Softmax rows[4];
  RowSums<kWidth> sums{};
  for (unsigned key_tile = 0; key_tile <= tile; ++key_tile) {
    TileSums scores{};
    add_row_products(queries, heads.qkv_rows(qkv, head, key_tile, 1), memory, scores);
#pragma unroll
    for (unsigned i = 0; i < 4; ++i) {
#pragma unroll
      for (unsigned j = 0; j < 4; ++j) {
        const bool later = key_tile == tile && column_quad() + j > row_quad() + i;
        scores[i][j] = later ? -std::numeric_limits<float>::infinity() : scores[i][j] * scale;
      }
      sums.scale(i, rows[i].take(scores[i]));
    }
    lay_weights(scores, memory);
    add_weighted_rows(heads.qkv_rows(qkv, head, key_tile, 2), memory, sums);
  }
#pragma unroll
  for (unsigned i = 0; i < 4; ++i) {
    const float total = over_row<Sum>(rows[i].sum);
    sums.scale(i, 1.0F / total);
    if (column_quad() == 0 && row_quad() + i < queries.count) {
      log_sums[heads.in_sums(head, tile) + row_quad() + i] = rows[i].top + logf(total);
    }
  }
  sums.write(y + heads.in_y(head, tile), heads.y_stride(), queries);
}

}  // namespace

void attention(cudaStream_t stream, const AttentionShape& shape, const float* qkv, float* y,
               float* log_sums) {
  if (shape.n * shape.length * shape.width() == 0) return;
  const Heads heads(shape, {qkv, y});
  const float scale = 1.0F / std::sqrt(static_cast<float>(shape.head_width));
  with_width_of(heads, [&]<unsigned kWidth> {
    launch(stream, heads.blocks(), dim3(kTileThreads), attention_kernel<kWidth>, heads, scale, qkv,
           y, log_sums);
  });
}

}  // namespace murm::cuda
