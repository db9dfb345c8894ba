// The way back of attention: probabilities are computed again from the logarithms of their sums, once for the keys
// and values of a tile, once for its queries.
// Room: gpu/cuda. Knows heads; no layer.
// Caller: gpu/cuda/attention.hpp has the function.
#include <cmath>

#include "gpu/cuda/attention.hpp"
#include "gpu/cuda/attention_tiles.hpp"
#include "gpu/cuda/warp_rows.hpp"

namespace murm::cuda {
namespace {

/// dots[n,heads,length] <- dy y of each place and head. A warp for each; y and dy are walked in their order.
__global__ void dots_kernel(Heads heads, std::size_t count, const float* __restrict__ y,
                            const float* __restrict__ dy, float* __restrict__ dots) {
  const std::size_t i = row_of_warp();
  if (i >= count) return;
  float sum = 0;
  for (unsigned c = lane(); c < heads.width; c += kWarp) {
    sum = fmaf(y[i * heads.width + c], dy[i * heads.width + c], sum);
  }
  sum = over_warp<Sum>(sum);
  const std::size_t place = i / heads.of_sequence;
  const std::size_t head = place / heads.length * heads.of_sequence + i % heads.of_sequence;
  if (lane() == 0) dots[head * heads.length + place % heads.length] = sum;
}

struct Weights {
  float probability;
  float score;  // its derivative, by the product of query and key
};

__device__ inline Weights weights_of(float product, float dy_value, float scale, float log_sum,
                                     float dot) {
  const float probability = expf(product * scale - log_sum);
  return {probability, scale * probability * (dy_value - dot)};
}

/// dk and dv of a tile of keys, from all queries that see it. Tile 0 is seen by most and comes first.
template <unsigned kWidth>
__global__ void __launch_bounds__(kTileThreads, kWidth <= 128 ? 2 : 1)
    key_gradient_kernel(Heads heads, float scale, const float* __restrict__ qkv,
                        const float* __restrict__ log_sums, const float* __restrict__ dots,
                        const float* __restrict__ dy, float* __restrict__ dqkv) {
  __shared__ TileMemory memory;
  const std::size_t head = blockIdx.x % heads.count;
  const auto tile = static_cast<unsigned>(blockIdx.x / heads.count);
  const TileRows keys = heads.qkv_rows(qkv, head, tile, 1);
  const TileRows values = heads.qkv_rows(qkv, head, tile, 2);
  RowSums<kWidth> dk{};
  RowSums<kWidth> dv{};
  for (unsigned query_tile = tile; query_tile < heads.tiles; ++query_tile) {
    const TileRows queries = heads.qkv_rows(qkv, head, query_tile, 0);
    const TileRows slopes = heads.y_rows(dy, head, query_tile);
    TileSums products{};
    TileSums dy_values{};
    add_row_products(keys, queries, memory, products);
    add_row_products(values, slopes, memory, dy_values);
#pragma unroll
    for (unsigned j = 0; j < 4; ++j) {
      const unsigned query = column_quad() + j;
      const std::size_t at = heads.in_sums(head, query_tile) + query;
      const bool there = query < queries.count;  // else its rows are zeros, which add nothing
      const float log_sum = there ? log_sums[at] : 0.0F;
      const float dot = there ? dots[at] : 0.0F;
#pragma unroll
      for (unsigned i = 0; i < 4; ++i) {
        const bool seen = query_tile > tile || row_quad() + i <= query;
        const Weights weights = weights_of(products[i][j], dy_values[i][j], scale, log_sum, dot);
        products[i][j] = seen ? weights.probability : 0.0F;
        dy_values[i][j] = seen ? weights.score : 0.0F;
      }
    }
    lay_weights(products, memory);
    add_weighted_rows(slopes, memory, dv);
    __syncthreads();
    lay_weights(dy_values, memory);
    add_weighted_rows(queries, memory, dk);
  }
  dk.write(dqkv + heads.in_qkv(head, tile, 1), heads.qkv_stride(), keys);
  dv.write(dqkv + heads.in_qkv(head, tile, 2), heads.qkv_stride(), keys);
}

/// dq of a tile of queries, from all keys that it sees. The last tile sees most and comes first.
template <unsigned kWidth>
__global__ void __launch_bounds__(kTileThreads, kWidth <= 128 ? 2 : 1)
    query_gradient_kernel(Heads heads, float scale, const float* __restrict__ qkv,
                          const float* __restrict__ log_sums, const float* __restrict__ dots,
                          const float* __restrict__ dy, float* __restrict__ dqkv) {
  __shared__ TileMemory memory;
  const std::size_t head = blockIdx.x % heads.count;
  const unsigned tile = heads.tiles - 1 - static_cast<unsigned>(blockIdx.x / heads.count);
  const TileRows queries = heads.qkv_rows(qkv, head, tile, 0);
  const TileRows slopes = heads.y_rows(dy, head, tile);
  float log_sum[4];
  float dot[4];
#pragma unroll
  for (unsigned i = 0; i < 4; ++i) {
    const std::size_t at = heads.in_sums(head, tile) + row_quad() + i;
    const bool there = row_quad() + i < queries.count;
    log_sum[i] = there ? log_sums[at] : 0.0F;
    dot[i] = there ? dots[at] : 0.0F;
  }
  RowSums<kWidth> dq{};
  for (unsigned key_tile = 0; key_tile <= tile; ++key_tile) {
    const TileRows keys = heads.qkv_rows(qkv, head, key_tile, 1);
    TileSums products{};
    TileSums dy_values{};
    add_row_products(queries, keys, memory, products);
    add_row_products(slopes, heads.qkv_rows(qkv, head, key_tile, 2), memory, dy_values);
#pragma unroll
    for (unsigned i = 0; i < 4; ++i) {
#pragma unroll
      for (unsigned j = 0; j < 4; ++j) {
        const bool seen = key_tile < tile || column_quad() + j <= row_quad() + i;
        const Weights weights = weights_of(products[i][j], dy_values[i][j], scale, log_sum[i],
                                           dot[i]);
        products[i][j] = seen ? weights.score : 0.0F;
      }
    }
    lay_weights(products, memory);
    add_weighted_rows(keys, memory, dq);
  }
  dq.write(dqkv + heads.in_qkv(head, tile, 0), heads.qkv_stride(), queries);
}

}  // namespace

std::size_t attention_gradient_workspace(const AttentionShape& shape) {
  return shape.n * shape.heads * shape.length;
}

void attention_gradient(cudaStream_t stream, const AttentionShape& shape, const float* qkv,
                        const float* y, const float* log_sums, const float* dy, float* dqkv,
                        float* workspace) {
  if (shape.n * shape.length * shape.width() == 0) return;
  const Heads heads(shape, {qkv, dy, dqkv});
  const float scale = 1.0F / std::sqrt(static_cast<float>(shape.head_width));
  const std::size_t places = attention_gradient_workspace(shape);
  launch(stream, blocks_of_warps(places), dim3(kThreads), dots_kernel, heads, places, y, dy,
         workspace);
  with_width_of(heads, [&]<unsigned kWidth> {
    launch(stream, heads.blocks(), dim3(kTileThreads), key_gradient_kernel<kWidth>, heads, scale,
           qkv, log_sums, workspace, dy, dqkv);
    launch(stream, heads.blocks(), dim3(kTileThreads), query_gradient_kernel<kWidth>, heads, scale,
           qkv, log_sums, workspace, dy, dqkv);
  });
}

}  // namespace murm::cuda
