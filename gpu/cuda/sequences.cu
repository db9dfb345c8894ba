// Embeddings and dropout.
// Room: gpu/cuda. Knows rows of numbers; no layer.
// Caller: gpu/cuda/sequences.hpp has the functions.
#include "gpu/cuda/sequences.hpp"

#include <limits>
#include <string>

#include "algorithms/vocabulary.hpp"
#include "gpu/cuda/algebra.hpp"
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
  scatter_rows(stream, n * length, rows, width, tokens, dy, dtable);
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
