// Pictures as rows of channels: who walks which rows, and sums by channel over pieces of them, in one order.
// Room: gpu/cuda. For .cu files alone. Knows rows, not what is done with them.
// Caller: gpu/cuda/image_norm.
#pragma once
#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/numbers.hpp"

namespace murm::cuda {

/// x[sections,rows,channels], each section cut into pieces of rows. A block walks one piece (blockIdx.x), or a
/// part of its channels (blockIdx.y) when they are many; a thread keeps to its channels.
struct ImageRows {
  std::size_t sections, rows, channels;
  std::size_t piece_rows;
  std::size_t pieces;  // of a section

  ImageRows(std::size_t section_count, std::size_t row_count, std::size_t channel_count)
      : sections(section_count), rows(row_count), channels(channel_count) {
    // A piece keeps a block busy for longer than it takes to start; few pieces are fast to add.
    constexpr std::size_t piece_numbers = 8192, rows_min = 32, pieces_max = 512;
    piece_rows = std::max({piece_numbers / channels, rows_min, divide_up(rows, pieces_max)});
    pieces = divide_up(rows, piece_rows);
  }
  std::size_t numbers() const { return sections * rows * channels; }
  dim3 blocks(unsigned width) const {
    return {static_cast<unsigned>(sections * pieces),
            static_cast<unsigned>(divide_up(channels / width, kThreads))};
  }
};

/// The part of a thread: kWidth channels from `channel` on, of every `down`th row.
template <unsigned kWidth>
struct RowWalk {
  std::uint32_t across, down;  // threads side by side, and rows at a time
  std::uint32_t line;          // which of these rows
  std::size_t section, channel;
  std::size_t begin, end, stride;  // places of numbers

  __device__ explicit RowWalk(const ImageRows& rows) {
    const auto units = static_cast<std::uint32_t>(rows.channels / kWidth);
    across = units < kThreads ? units : kThreads;
    down = kThreads / across;
    line = threadIdx.x / across;
    const std::uint32_t unit = blockIdx.y * kThreads + threadIdx.x % across;
    const bool idle = line >= down || unit >= units;
    section = blockIdx.x / rows.pieces;
    channel = idle ? 0 : std::size_t{unit} * kWidth;
    const std::size_t first = blockIdx.x % rows.pieces * rows.piece_rows;
    const std::size_t behind = first + rows.piece_rows < rows.rows ? first + rows.piece_rows
                                                                   : rows.rows;
    begin = (section * rows.rows + first + line) * rows.channels + channel;
    end = idle ? begin : (section * rows.rows + behind) * rows.channels;
    stride = down * rows.channels;
  }
};

/// Calls maker.of<kWidth>(section, channel), which gives the body of the loop: body(place) for every kWidth numbers.
template <unsigned kWidth, class Maker>
__global__ void rows_kernel(ImageRows rows, Maker maker) {
  const RowWalk<kWidth> walk(rows);
  const auto body = maker.template of<kWidth>(walk.section, walk.channel);
#pragma unroll 4
  for (std::size_t at = walk.begin; at < walk.end; at += walk.stride) body(at);
}

/// Two sums by channel, in fp64: sums[sections,pieces,2,channels] <- over the rows of each piece, to which
/// body(place, first, second) adds.
template <unsigned kWidth, class Maker>
__global__ void sums_kernel(ImageRows rows, Maker maker, double* sums) {
  __shared__ double shared[2 * kWidth][kThreads];
  const RowWalk<kWidth> walk(rows);
  const auto body = maker.template of<kWidth>(walk.section, walk.channel);
  double first[kWidth] = {};
  double second[kWidth] = {};
#pragma unroll 4
  for (std::size_t at = walk.begin; at < walk.end; at += walk.stride) body(at, first, second);
  for (unsigned c = 0; c < kWidth; ++c) {
    shared[c][threadIdx.x] = first[c];
    shared[kWidth + c][threadIdx.x] = second[c];
  }
  std::uint32_t half = 1;
  while (2 * half < walk.down) half *= 2;
  for (; half > 0; half /= 2) {
    __syncthreads();
    if (walk.line >= half || walk.line + half >= walk.down) continue;
    for (auto& row : shared) row[threadIdx.x] += row[threadIdx.x + half * walk.across];
  }
  if (walk.begin >= walk.end || walk.line > 0) return;
  double* to = sums + std::size_t{blockIdx.x} * 2 * rows.channels + walk.channel;
  for (unsigned c = 0; c < kWidth; ++c) {
    to[c] = shared[c][threadIdx.x];
    to[rows.channels + c] = shared[kWidth + c][threadIdx.x];
  }
}

/// `fours`: whether every array that the body reads or writes can be walked four numbers at a time.
template <class Maker>
void for_rows(cudaStream_t stream, const ImageRows& rows, bool fours, const Maker& maker) {
  if (fours) {
    launch(stream, rows.blocks(4), dim3(kThreads), rows_kernel<4, Maker>, rows, maker);
  } else {
    launch(stream, rows.blocks(1), dim3(kThreads), rows_kernel<1, Maker>, rows, maker);
  }
}
template <class Maker>
void sum_rows(cudaStream_t stream, const ImageRows& rows, bool fours, const Maker& maker,
              double* sums) {
  if (fours) {
    launch(stream, rows.blocks(4), dim3(kThreads), sums_kernel<4, Maker>, rows, maker, sums);
  } else {
    launch(stream, rows.blocks(1), dim3(kThreads), sums_kernel<1, Maker>, rows, maker, sums);
  }
}

}  // namespace murm::cuda
