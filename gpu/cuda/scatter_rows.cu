// What rows of a table get: each belongs to a block, which finds its indices in order and adds their rows.
// Room: gpu/cuda. Knows rows of numbers; no layer.
// Caller: gpu/cuda/algebra.hpp has the function; embeddings call it too.
#include <algorithm>
#include <cstdint>

#include "gpu/cuda/algebra.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/warp_rows.hpp"

namespace murm::cuda {
namespace {

/// Indices that a block looks at together; each warp has kRounds times a warp's width of them, in order.
constexpr unsigned kRounds = 8;
constexpr unsigned kIndices = kThreads * kRounds;

/// A block for each row of the table and, where blockIdx.y says so, some of its columns.
__global__ void scatter_rows_kernel(std::size_t count, std::size_t width,
                                    const float* __restrict__ indices, const float* __restrict__ dy,
                                    float* __restrict__ dtable) {
  __shared__ std::uint16_t
      found[kIndices];                      // places within the tile that have this index, in order
  __shared__ unsigned of_warps[2][kWarps];  // of this tile, and of the one before
  const unsigned mine = threadIdx.x / kWarp;
  const auto index = static_cast<float>(blockIdx.x);
  for (std::size_t first = 0; first < count; first += kIndices) {
    unsigned hits[kRounds];
    unsigned of_warp = 0;
#pragma unroll
    for (unsigned round = 0; round < kRounds; ++round) {
      const std::size_t i = first + (mine * kRounds + round) * kWarp + lane();
      hits[round] = __ballot_sync(kWholeWarp, i < count && indices[i] == index);
      of_warp += static_cast<unsigned>(__popc(hits[round]));
    }
    unsigned* const counts = of_warps[first / kIndices % 2];
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

void scatter_rows(cudaStream_t stream, std::size_t n, std::size_t rows, std::size_t width,
                  const float* indices, const float* dy, float* dtable) {
  if (n * rows * width == 0) return;
  // A frequent index of a small table keeps its block busy: then the columns are shared out.
  constexpr std::size_t small_table = 4096;
  constexpr std::size_t most_shares = 64;
  const std::size_t shares = rows > small_table ? 1
                                                : std::min(divide_up(width, kThreads), most_shares);
  launch(stream, dim3(static_cast<unsigned>(rows), static_cast<unsigned>(shares)), dim3(kThreads),
         scatter_rows_kernel, n, width, indices, dy, dtable);
}

}  // namespace murm::cuda
