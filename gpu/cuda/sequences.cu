// Embeddings and dropout. A row of the table belongs to a block, which adds to it in the order of the places.
// Room: gpu/cuda. Knows rows of numbers; no layer.
// Caller: gpu/cuda/sequences.hpp has the functions.
#include "gpu/cuda/sequences.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include "algorithms/vocabulary.hpp"
#include "gpu/cuda/numbers.hpp"
#include "gpu/cuda/warp_rows.hpp"
#include "gpu/dropout.hpp"

namespace murm::cuda {
namespace {

template <unsigned kWidth>
__global__ void embed_kernel(std::size_t count, std::size_t length, std::size_t rows,
                             std::size_t width, const float* __restrict__ tokens,
                             const float* __restrict__ table, const float* __restrict__ places,
                             float* __restrict__ y) {
  const std::size_t i = row_of_warp();
  if (i >= count) return;
  const float token = tokens[i];
  const bool known = token >= 0.0F && token < static_cast<float>(rows);
  const float* from = table + (known ? static_cast<std::size_t>(token) : 0) * width;
  const float* place = places + i % length * width;
  for_each_of_lane<kWidth>(width, [=](std::size_t c) {
    const auto a = load<kWidth>(from + c);
    const auto b = load<kWidth>(place + c);
    Numbers<kWidth> sum;
    for (unsigned e = 0; e < kWidth; ++e) {
      sum.at[e] = known ? a.at[e] + b.at[e] : std::numeric_limits<float>::quiet_NaN();
    }
    store(sum, y + i * width + c);
  });
}

/// Tokens that a block looks at together; each warp has kRounds times a warp's width of them, in order.
constexpr unsigned kRounds = 8;
constexpr unsigned kTokens = kThreads * kRounds;

/// A block for each row of the table and, where blockIdx.y says so, some of its columns.
__global__ void table_gradient_kernel(std::size_t count, std::size_t width,
                                      const float* __restrict__ tokens,
                                      const float* __restrict__ dy, float* __restrict__ dtable) {
  __shared__ std::uint16_t found[kTokens];  // places within the tile that have this token, in order
  __shared__ unsigned of_warps[2][kWarps];  // of this tile, and of the one before
  const unsigned mine = threadIdx.x / kWarp;
  const auto token = static_cast<float>(blockIdx.x);
  for (std::size_t first = 0; first < count; first += kTokens) {
    unsigned hits[kRounds];
    unsigned of_warp = 0;
#pragma unroll
    for (unsigned round = 0; round < kRounds; ++round) {
      const std::size_t i = first + (mine * kRounds + round) * kWarp + lane();
      hits[round] = __ballot_sync(kWholeWarp, i < count && tokens[i] == token);
      of_warp += static_cast<unsigned>(__popc(hits[round]));
    }
    unsigned* const counts = of_warps[first / kTokens % 2];
    if (lane() == 0) counts[mine] = of_warp;
    __syncthreads();
    unsigned before = 0;
    unsigned all = 0;
    for (unsigned w = 0; w < kWarps; ++w) {
      if (w < mine) before += counts[w];
      all += counts[w];
    }
    if (all == 0) continue;
#pragma unroll
    for (unsigned round = 0; round < kRounds; ++round) {
      const unsigned earlier = hits[round] & ((1U << lane()) - 1);
      if ((hits[round] >> lane() & 1U) != 0) {
        found[before + static_cast<unsigned>(__popc(earlier))] = static_cast<std::uint16_t>(
            (mine * kRounds + round) * kWarp + lane());
      }
      before += static_cast<unsigned>(__popc(hits[round]));
    }
    __syncthreads();
    for (std::size_t c = blockIdx.y * kThreads + threadIdx.x; c < width;
         c += std::size_t{gridDim.y} * kThreads) {
      float sum = dtable[blockIdx.x * width + c];
#pragma unroll 8
      for (unsigned k = 0; k < all; ++k) sum += dy[(first + found[k]) * width + c];
      dtable[blockIdx.x * width + c] = sum;
    }
  }
}

}  // namespace

void embed(cudaStream_t stream, std::size_t n, std::size_t length, std::size_t rows,
           std::size_t width, const float* tokens, const float* table, const float* places,
           float* y) {
  if (n * length * width == 0) return;
  launch(stream, blocks_of_warps(n * length), dim3(kThreads),
         in_fours(width, {table, places, y}) ? embed_kernel<4> : embed_kernel<1>, n * length,
         length, rows, width, tokens, table, places, y);
}

void embed_gradient(cudaStream_t stream, std::size_t n, std::size_t length, std::size_t rows,
                    std::size_t width, const float* tokens, const float* dy, float* dtable,
                    float* dplaces) {
  if (n * length * rows * width == 0) return;
  // A frequent token of a small table keeps its block busy: then the columns are shared out.
  constexpr std::size_t small_table = 4096;
  constexpr std::size_t most_shares = 64;
  const std::size_t shares = rows > small_table ? 1
                                                : std::min(divide_up(width, kThreads), most_shares);
  launch(stream, dim3(static_cast<unsigned>(rows), static_cast<unsigned>(shares)), dim3(kThreads),
         table_gradient_kernel, n * length, width, tokens, dy, dtable);
  const std::size_t numbers = length * width;
  for_each_element(stream, numbers, [=] __device__(std::size_t i) {
    float sum = dplaces[i];
#pragma unroll 4
    for (std::size_t s = 0; s < n; ++s) sum += dy[s * numbers + i];
    dplaces[i] = sum;
  });
}

void dropout(cudaStream_t stream, std::size_t n, std::uint64_t seed, double probability, float* x) {
  MURM_ASSERT(probability >= 0 && probability < 1, std::to_string(probability));
  const Dropout dropout(seed, probability);
  for_each_element(stream, n, [=] __device__(std::size_t i) { x[i] = dropout.of(i, x[i]); });
}

}  // namespace murm::cuda
