// Layer normalisation: rows belong to warps; sums over rows are made in parts, and the parts added in order.
// Room: gpu/cuda. Knows rows of numbers; no layer.
// Caller: gpu/cuda/sequences.hpp has the functions.
#include <algorithm>
#include <cmath>

#include "gpu/cuda/numbers.hpp"
#include "gpu/cuda/sequences.hpp"
#include "gpu/cuda/warp_rows.hpp"

namespace murm::cuda {
namespace {

constexpr float kVarianceFloor = 1e-5F;

/// A warp for each row, which it reads three times: twice from the first cache.
template <unsigned kWidth>
__global__ void layer_norm_kernel(std::size_t n, std::size_t width, const float* __restrict__ x,
                                  const float* __restrict__ scale, const float* __restrict__ shift,
                                  float* __restrict__ y, float* __restrict__ statistics) {
  const std::size_t i = row_of_warp();
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

}  // namespace

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

}  // namespace murm::cuda
