// Rows belong to warps, table rows to blocks: every sum has one owner and one order.
// Room: gpu/cuda. Knows rows of numbers; no layer.
// Caller: gpu/cuda/sequences.hpp has the functions.
#include "gpu/cuda/sequences.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "algorithms/vocabulary.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/numbers.hpp"
#include "gpu/cuda/reduce.hpp"
#include "gpu/dropout.hpp"

namespace murm::cuda {
namespace {

constexpr float kVarianceFloor = 1e-5F;
constexpr unsigned kWarps = kThreads / kWarp;

__device__ unsigned lane() { return threadIdx.x % kWarp; }
/// Of the grid: the row it works on, where each row has a warp.
__device__ std::size_t warp() { return std::size_t{blockIdx.x} * kWarps + threadIdx.x / kWarp; }

/// visit(first number's place) for what this lane has of a row, kWidth numbers at a time.
template <unsigned kWidth, class Visitor>
__device__ void for_each_of_lane(std::size_t width, Visitor visit) {
  for (std::size_t c = lane() * kWidth; c < width; c += kWarp * kWidth) visit(c);
}

template <unsigned kWidth>
__global__ void embed_kernel(std::size_t count, std::size_t length, std::size_t rows,
                             std::size_t width, const float* __restrict__ tokens,
                             const float* __restrict__ table, const float* __restrict__ places,
                             float* __restrict__ y) {
  const std::size_t i = warp();
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

/// A warp for each row, which it reads three times: twice from the first cache.
template <unsigned kWidth>
__global__ void layer_norm_kernel(std::size_t n, std::size_t width, const float* __restrict__ x,
                                  const float* __restrict__ scale, const float* __restrict__ shift,
                                  float* __restrict__ y, float* __restrict__ statistics) {
  const std::size_t i = warp();
  if (i >= n) return;
  const float* from = x + i * width;
  float sum = 0;
  for_each_of_lane<kWidth>(width, [&](std::size_t c) {
    const auto numbers = load<kWidth>(from + c);
    for (unsigned e = 0; e < kWidth; ++e) sum += numbers.at[e];
  });
  const float mean = over_warp<Sum>(sum) / static_cast<float>(width);
  float squares = 0;
  for_each_of_lane<kWidth>(width, [&](std::size_t c) {
    const auto numbers = load<kWidth>(from + c);
    for (unsigned e = 0; e < kWidth; ++e) {
      squares += (numbers.at[e] - mean) * (numbers.at[e] - mean);
    }
  });
  const float variance = over_warp<Sum>(squares) / static_cast<float>(width);
  const float inverse = 1.0F / sqrtf(variance + kVarianceFloor);
  for_each_of_lane<kWidth>(width, [=](std::size_t c) {
    const auto numbers = load<kWidth>(from + c);
    const auto factor = load<kWidth>(scale + c);
    const auto offset = load<kWidth>(shift + c);
    Numbers<kWidth> result;
    for (unsigned e = 0; e < kWidth; ++e) {
      result.at[e] = (numbers.at[e] - mean) * inverse * factor.at[e] + offset.at[e];
    }
    store(result, y + i * width + c);
  });
  if (lane() > 0) return;
  statistics[2 * i] = mean;
  statistics[2 * i + 1] = inverse;
}

/// dx[width] += its part of one row. A warp together.
template <unsigned kWidth>
__device__ void add_row_gradient(std::size_t width, const float* x, const float* scale, float mean,
                                 float inverse, const float* dy, float* dx) {
  float slopes = 0;
  float projections = 0;
  for_each_of_lane<kWidth>(width, [&](std::size_t c) {
    const auto at = load<kWidth>(x + c);
    const auto slope = load<kWidth>(dy + c);
    const auto factor = load<kWidth>(scale + c);
    for (unsigned e = 0; e < kWidth; ++e) {
      slopes += slope.at[e] * factor.at[e];
      projections += slope.at[e] * factor.at[e] * ((at.at[e] - mean) * inverse);
    }
  });
  const float mean_slope = over_warp<Sum>(slopes) / static_cast<float>(width);
  const float mean_projection = over_warp<Sum>(projections) / static_cast<float>(width);
  for_each_of_lane<kWidth>(width, [=](std::size_t c) {
    const auto at = load<kWidth>(x + c);
    const auto slope = load<kWidth>(dy + c);
    const auto factor = load<kWidth>(scale + c);
    auto sum = load<kWidth>(dx + c);
    for (unsigned e = 0; e < kWidth; ++e) {
      const float normal = (at.at[e] - mean) * inverse;
      sum.at[e] += inverse * (slope.at[e] * factor.at[e] - mean_slope - normal * mean_projection);
    }
    store(sum, dx + c);
  });
}

/// Rows in as many parts as there are blocks that sum over them.
struct Parts {
  std::size_t rows;  // of a part; the last one may have fewer
  std::size_t count;
  explicit Parts(std::size_t n)
      : rows(divide_up(n, std::min(divide_up(n, kWarps), kMostParts))), count(divide_up(n, rows)) {}
  static constexpr std::size_t kMostParts = 512;
};

/// sums[2,parts,width] <- sums over the rows of each part of dy times the normalised x, then of dy. A block goes
/// through its part by a row for each warp and comes back for the columns while the rows are in the caches.
template <unsigned kWidth>
__global__ void layer_norm_gradient_kernel(std::size_t n, std::size_t width, Parts parts,
                                           const float* __restrict__ x,
                                           const float* __restrict__ scale,
                                           const float* __restrict__ statistics,
                                           const float* __restrict__ dy, float* __restrict__ dx,
                                           float* __restrict__ sums) {
  const std::size_t begin = blockIdx.x * parts.rows;
  const std::size_t end = begin + parts.rows < n ? begin + parts.rows : n;
  float* const scales = sums + blockIdx.x * width;
  float* const shifts = scales + parts.count * width;
  for (std::size_t first = begin; first < end; first += kWarps) {
    const std::size_t i = first + threadIdx.x / kWarp;
    if (i < end) {
      add_row_gradient<kWidth>(width, x + i * width, scale, statistics[2 * i],
                               statistics[2 * i + 1], dy + i * width, dx + i * width);
    }
    const auto rows = static_cast<unsigned>(end - first < kWarps ? end - first : kWarps);
    for (std::size_t c = threadIdx.x; c < width; c += kThreads) {
      float of_scale = first == begin ? 0.0F : scales[c];
      float of_shift = first == begin ? 0.0F : shifts[c];
#pragma unroll 4
      for (unsigned r = 0; r < rows; ++r) {
        const float slope = dy[(first + r) * width + c];
        const float normal = (x[(first + r) * width + c] - statistics[2 * (first + r)]) *
                             statistics[2 * (first + r) + 1];
        of_scale += slope * normal;
        of_shift += slope;
      }
      scales[c] = of_scale;
      shifts[c] = of_shift;
    }
  }
}

/// dscale or dshift += the sums of the parts: a warp's width of columns for each block, a slice of parts for each
/// warp, and the slices in order.
__global__ void add_parts_kernel(std::size_t width, std::size_t parts,
                                 const float* __restrict__ sums, float* __restrict__ dscale,
                                 float* __restrict__ dshift) {
  __shared__ float of_slices[kWarps][kWarp];
  const unsigned slice = threadIdx.x / kWarp;
  const std::size_t c = std::size_t{blockIdx.x} * kWarp + lane();
  const float* from = sums + blockIdx.y * parts * width;
  float sum = 0;
  if (c < width) {
#pragma unroll 8
    for (std::size_t part = slice; part < parts; part += kWarps) sum += from[part * width + c];
  }
  of_slices[slice][lane()] = sum;
  __syncthreads();
  if (slice > 0 || c >= width) return;
  for (unsigned s = 1; s < kWarps; ++s) sum += of_slices[s][lane()];
  (blockIdx.y == 0 ? dscale : dshift)[c] += sum;
}

dim3 blocks_of_warps(std::size_t rows) {
  return dim3(static_cast<unsigned>(divide_up(rows, kWarps)));
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

void layer_norm(cudaStream_t stream, std::size_t n, std::size_t width, const float* x,
                const float* scale, const float* shift, float* y, float* statistics) {
  if (n * width == 0) return;
  launch(stream, blocks_of_warps(n), dim3(kThreads),
         in_fours(width, {x, scale, shift, y}) ? layer_norm_kernel<4> : layer_norm_kernel<1>, n,
         width, x, scale, shift, y, statistics);
}

std::size_t layer_norm_gradient_workspace(std::size_t n, std::size_t width) {
  return n == 0 ? 0 : 2 * Parts(n).count * width;
}

void layer_norm_gradient(cudaStream_t stream, std::size_t n, std::size_t width, const float* x,
                         const float* scale, const float* statistics, const float* dy, float* dx,
                         float* dscale, float* dshift, float* workspace) {
  if (n * width == 0) return;
  const Parts parts(n);
  launch(stream, dim3(static_cast<unsigned>(parts.count)), dim3(kThreads),
         in_fours(width, {x, scale, dy, dx}) ? layer_norm_gradient_kernel<4>
                                             : layer_norm_gradient_kernel<1>,
         n, width, parts, x, scale, statistics, dy, dx, workspace);
  launch(stream, dim3(static_cast<unsigned>(divide_up(width, kWarp)), 2), dim3(kThreads),
         add_parts_kernel, width, parts.count, workspace, dscale, dshift);
}

void dropout(cudaStream_t stream, std::size_t n, std::uint64_t seed, double probability, float* x) {
  MURM_ASSERT(probability >= 0 && probability < 1, std::to_string(probability));
  const Dropout dropout(seed, probability);
  for_each_element(stream, n, [=] __device__(std::size_t i) { x[i] = dropout.of(i, x[i]); });
}

}  // namespace murm::cuda
