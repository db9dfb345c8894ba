// Norms, and the optimizers that need them first. Sums go over chunks of fixed length and then over the chunks of a block of
// parameters, so that neither the alignment nor the size of the grid has a say; many blocks share a launch.
#include <cmath>

#include "gpu/cuda/elements.hpp"
#include "gpu/cuda/optimizers.hpp"
#include "gpu/cuda/reduce.hpp"

namespace murm::cuda {
namespace {

constexpr std::size_t kChunk = 8192;      // numbers: the work of one block of threads
constexpr unsigned kBlocksOfLaunch = 64;  // of parameters: what a kernel's arguments hold with ease
constexpr unsigned kWarps = kThreads / kWarp;

/// Consecutive blocks of parameters, each cut into chunks of its own.
struct Blocks {
  unsigned count = 0;
  unsigned chunks = 0;  // of all
  unsigned first_chunk[kBlocksOfLaunch];
  std::size_t offset[kBlocksOfLaunch];
  std::size_t length[kBlocksOfLaunch];
  bool adapt[kBlocksOfLaunch];

  void add(const OptimizerBlock& block) {
    first_chunk[count] = chunks;
    offset[count] = block.offset;
    length[count] = block.length;
    adapt[count] = block.adapt;
    chunks += static_cast<unsigned>(divide_up(block.length, kChunk));
    ++count;
  }
};

struct Chunk {
  unsigned block = 0;
  std::size_t offset = 0;
  std::size_t length = 0;
};

/// The chunk that this block of threads works on.
__device__ Chunk chunk_here(const Blocks& blocks) {
  unsigned block =
      0;  // the last that begins here or before: those without a number share their begin with the next
  unsigned end = blocks.count;
  while (end - block > 1) {
    const unsigned middle = (block + end) / 2;
    if (blocks.first_chunk[middle] <= blockIdx.x) {
      block = middle;
    } else {
      end = middle;
    }
  }
  const std::size_t begin = (blockIdx.x - blocks.first_chunk[block]) * kChunk;
  const std::size_t left = blocks.length[block] - begin;
  return {block, blocks.offset[block] + begin, left < kChunk ? left : kChunk};
}

/// Sums of squares over a part of a block.
struct Squares {
  double parameters = 0;
  double directions = 0;
};
constexpr std::size_t kNumbersOfSquares = sizeof(Squares) / sizeof(float);

__device__ double square(float value) {
  return static_cast<double>(value) * static_cast<double>(value);
}

__device__ void add(Squares& sum, const Squares& more) {
  sum.parameters += more.parameters;
  sum.directions += more.directions;
}

__device__ Squares over_block(const Squares& squares) {
  return {cuda::over_block<Sum, kWarps>(squares.parameters),
          cuda::over_block<Sum, kWarps>(squares.directions)};
}

/// sums[chunks] <- the sums over each chunk of what body(number of each array...) gives
template <class Body, class... Arrays>
__global__ void squares_kernel(Blocks blocks, Squares* __restrict__ sums, Body body,
                               Arrays... arrays) {
  const Chunk chunk = chunk_here(blocks);
  Squares squares;
  share_fours(
      threadIdx.x, kThreads, chunk.length, [&](auto&... x) { add(squares, body(x...)); },
      behind(arrays, chunk.offset)...);
  squares = over_block(squares);
  if (threadIdx.x == 0) sums[blockIdx.x] = squares;
}

/// Block of threads: one block of parameters. finish(its number, whether it adapts, the sum over its chunks), by one thread.
template <class Finish>
__global__ void finish_kernel(Blocks blocks, const Squares* __restrict__ sums, Finish finish) {
  const unsigned block = blockIdx.x;
  const Squares* of_block = sums + blocks.first_chunk[block];
  const std::size_t chunks = divide_up(blocks.length[block], kChunk);
  Squares total;
  for (std::size_t i = threadIdx.x; i < chunks; i += kThreads) add(total, of_block[i]);
  total = over_block(total);
  if (threadIdx.x == 0) finish(block, blocks.adapt[block], total);
}

/// body(rate of the block, number of each array...) for each place of each block
template <class Body, class... Arrays>
__global__ void step_kernel(Blocks blocks, const float* __restrict__ rates, Body body,
                            Arrays... arrays) {
  const Chunk chunk = chunk_here(blocks);
  const float rate = rates[chunk.block];
  share_elements(
      threadIdx.x, kThreads, chunk.length, [&](auto&... x) { body(rate, x...); },
      behind(arrays, chunk.offset)...);
}

/// Of a step on some blocks: all addresses are those of the whole vector.
struct BlockStep {
  cudaStream_t stream;
  OptimizerStep step;
  const float* gradient;
  float* x;
  float* first;
  float* second;
  Squares* sums;
  float* rates;
};

template <class Body, class... Arrays>
void sum_squares(cudaStream_t stream, const Blocks& blocks, Squares* sums, Body body,
                 Arrays... arrays) {
  launch(stream, dim3(blocks.chunks), dim3(kThreads), squares_kernel<Body, Arrays...>, blocks, sums,
         body, arrays...);
}

template <class Finish>
void finish_blocks(cudaStream_t stream, const Blocks& blocks, const Squares* sums, Finish finish) {
  launch(stream, dim3(blocks.count), dim3(kThreads), finish_kernel<Finish>, blocks, sums, finish);
}

void find_rates(const BlockStep& of, const Blocks& blocks) {
  const OptimizerStep s = of.step;
  float* rates = of.rates;
  finish_blocks(of.stream, blocks, of.sums,
                [=] __device__(unsigned block, bool adapt, const Squares& sum) {
                  rates[block] = block_rate(s, adapt, sqrt(sum.parameters), sqrt(sum.directions));
                });
}

template <class Body, class... Arrays>
void step_blocks(const BlockStep& of, const Blocks& blocks, Body body, Arrays... arrays) {
  launch(of.stream, dim3(blocks.chunks), dim3(kThreads), step_kernel<Body, Arrays...>, blocks,
         of.rates, body, arrays...);
}

void lars(const BlockStep& of, const Blocks& blocks) {
  const OptimizerStep s = of.step;
  sum_squares(
      of.stream, blocks, of.sums,
      [=] __device__(float p, float g) {
        return Squares{square(p), square(g)};
      },
      Read{of.x}, Read{of.gradient});
  find_rates(of, blocks);
  step_blocks(
      of, blocks,
      [=] __device__(float rate, float& p, float g, float& m) { lars_element(s, rate, p, g, m); },
      Updated{of.x}, Read{of.gradient}, Updated{of.first});
}

void lamb(const BlockStep& of, const Blocks& blocks) {
  const OptimizerStep s = of.step;
  sum_squares(
      of.stream, blocks, of.sums,
      [=] __device__(float p, float g, float& m, float& v) {
        lamb_moments(s, g, m, v);
        return Squares{square(p), square(lamb_direction(s, p, m, v))};
      },
      Read{of.x}, Read{of.gradient}, Updated{of.first}, Updated{of.second});
  find_rates(of, blocks);
  step_blocks(
      of, blocks,
      [=] __device__(float rate, float& p, float m, float v) {
        p -= rate * lamb_direction(s, p, m, v);
      },
      Updated{of.x}, Read{of.first}, Read{of.second});
}

}  // namespace

std::size_t optimizer_step_workspace(const OptimizerStep& step, std::size_t n) {
  if (!takes_norms(step.kind)) return 0;
  return (n / kChunk + step.blocks.size() + 1) * kNumbersOfSquares + kBlocksOfLaunch;
}

void block_optimizer_step(cudaStream_t stream, const OptimizerStep& step, std::size_t n,
                          const float* gradient, float* x, float* first, float* second,
                          float* workspace) {
  const BlockStep of{stream,
                     step,
                     gradient,
                     x,
                     first,
                     second,
                     reinterpret_cast<Squares*>(workspace + kBlocksOfLaunch),
                     workspace};
  const OptimizerBlock whole{0, n, true};
  Blocks blocks;
  const auto start = [&] {
    if (blocks.chunks > 0) (step.kind == OptimizerKind::lamb ? lamb : lars)(of, blocks);
    blocks = {};
  };
  for (const OptimizerBlock& block : step.blocks.empty() ? std::span(&whole, 1) : step.blocks) {
    blocks.add(block);
    if (blocks.count == kBlocksOfLaunch) start();
  }
  start();
}

std::size_t norm_workspace(std::size_t n) { return divide_up(n, kChunk) * kNumbersOfSquares; }

void norm(cudaStream_t stream, std::size_t n, const float* x, float* workspace, double* result) {
  auto* sums = reinterpret_cast<Squares*>(workspace);
  Blocks blocks;
  blocks.add({0, n, true});
  if (n > 0) {
    sum_squares(
        stream, blocks, sums,
        [=] __device__(float p) {
          return Squares{square(p), 0};
        },
        Read{x});
  }
  finish_blocks(stream, blocks, sums, [=] __device__(unsigned, bool, const Squares& sum) {
    *result = sqrt(sum.parameters);
  });
}

}  // namespace murm::cuda
