// Sums over the taps of a kernel and the channels of a picture, for every place: what convolutions are, both ways.
// Room: gpu/cuda. For .cu files alone. Patches are read where they lie: tap by tap, the channels of a tap together.
// Caller: gpu/cuda/convolution.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>

#include "gpu/cuda/pictures.hpp"
#include "gpu/cuda/product_tile.hpp"

namespace murm::cuda {

/// For each place and result the sum over taps and channels of the source: forwards from x to y, backwards from dy to
/// dx. Backwards the places of dx fall into stride x stride phases, each of which sees every stride-th tap alone.
struct Correlation {
  Places places;  // of one phase; backwards the last ones may lie outside dx
  bool back;
  std::int32_t kernel, stride, padding;
  std::int32_t rows, columns;  // of what is written
  std::uint32_t channels;      // of the source
  std::uint32_t results;       // channels of what is written
  std::uint32_t inner, wide;   // of the rearranged weights of a phase, with zeros at the ends
  std::uint32_t phases() const { return static_cast<std::uint32_t>(back ? stride * stride : 1); }
  std::size_t weights() const { return std::size_t{phases()} * inner * wide; }
};

/// The taps of a phase along one side of the kernel.
struct Taps {
  std::int32_t count;
  std::int32_t first;   // place in the kernel
  std::int32_t source;  // what the first tap sees at place 0
};

__device__ inline Taps taps_of(const Correlation& c, std::int32_t phase) {
  if (!c.back) return {c.kernel, 0, -c.padding};
  const std::int32_t first = (phase + c.padding) % c.stride;
  return {first < c.kernel ? (c.kernel - 1 - first) / c.stride + 1 : 0, first,
          (phase + c.padding - first) / c.stride};
}

/// The left operand: a row for each place of the tile, kWidth channels by each access.
template <class Tile, unsigned kWidth, class Source>
class PatchRows {
 public:
  __device__ PatchRows(const Source& source, const Correlation& c, const Taps& down,
                       const Taps& across, const Place* places)
      : source_(source),
        channels_(c.channels),
        down_(down.count),
        across_(across.count),
        direction_(c.back ? -1 : 1),
        places_(places + threadIdx.x / kAcross),
        channel_(threadIdx.x % kAcross * kWidth) {
    settle();
  }
  __device__ void fetch() {
    const std::int32_t down = row_ < down_ ? direction_ * row_ : kFar;
    for (unsigned t = 0; t < kTimes; ++t) {
      Place place = places_[t * kDown];
      place.row += down;
      place.column += direction_ * column_;
      held_[t] = source_.template read<kWidth>(place, channel_);
    }
    channel_ += kSlice;
    settle();
  }
  __device__ void store(float* to) const {
    float* first = to + threadIdx.x % kAcross * kWidth * Slices<Tile>::kRowStride +
                   threadIdx.x / kAcross;
    for (unsigned t = 0; t < kTimes; ++t) {
      for (unsigned i = 0; i < kWidth; ++i)
        first[i * Slices<Tile>::kRowStride + t * kDown] = held_[t].at[i];
    }
  }

 private:
  static constexpr unsigned kAcross = kSlice / kWidth;
  static constexpr unsigned kDown = Tile::kThreads / kAcross;
  static constexpr unsigned kTimes = Tile::kRows / kDown;
  static_assert(kTimes * kDown == Tile::kRows);

  __device__ void settle() {
    while (channel_ >= channels_) {
      channel_ -= channels_;
      if (++column_ < across_) continue;
      column_ = 0;
      ++row_;
    }
  }

  const Source& source_;
  const std::uint32_t channels_;
  const std::int32_t down_, across_, direction_;
  const Place* places_;
  std::uint32_t channel_;
  std::int32_t row_ = 0;
  std::int32_t column_ = 0;
  Numbers<kWidth> held_[kTimes];
};

/// The right operand: rearranged weights.
template <class Tile>
class PackedColumns {
 public:
  __device__ PackedColumns(const float* first, std::uint32_t wide)
      : next_(first + std::size_t{number() / Tile::kColumns} * wide + number() % Tile::kColumns),
        wide_(wide) {}
  __device__ void fetch() {
    if (!takes_part()) return;
    held_ = load<4>(next_);
    next_ += std::size_t{kSlice} * wide_;
  }
  __device__ void store(float* to) const {
    if (takes_part()) cuda::store<4>(held_, to + number());
  }

 private:
  static_assert(kSlice * Tile::kColumns <= 4 * Tile::kThreads);
  __device__ static unsigned number() { return threadIdx.x * 4; }
  __device__ static bool takes_part() { return number() < kSlice * Tile::kColumns; }
  const float* next_;
  std::uint32_t wide_;
  Numbers<4> held_;
};

constexpr std::uint32_t kNowhere = 0xFFFFFFFFU;

/// A block for each tile of places (x) and results (y) of a phase (z). The output says where a place's results go, or
/// kNowhere, and writes them.
template <class Tile, unsigned kWidth, class Source, class Output>
__global__ void correlation_kernel(Correlation c, Source source, const float* packed,
                                   Output output) {
  __shared__ Slices<Tile> slices;
  __shared__ Place places[Tile::kRows];
  __shared__ std::uint32_t targets[Tile::kRows];
  const auto phase = static_cast<std::int32_t>(blockIdx.z);
  const Taps down = taps_of(c, phase / c.stride);
  const Taps across = taps_of(c, phase % c.stride);
  for (unsigned i = threadIdx.x; i < Tile::kRows; i += Tile::kThreads) {
    const std::uint32_t row = blockIdx.x * Tile::kRows + i;
    places[i] = {0, kFar, kFar};
    targets[i] = kNowhere;
    if (row < c.places.count()) {
      const Place place = c.places(row);
      const std::int32_t scale = c.back ? 1 : c.stride;
      places[i] = {place.picture, place.row * scale + down.source,
                   place.column * scale + across.source};
      targets[i] = Output::target(c, phase, row, place);
    }
  }
  __syncthreads();
  PatchRows<Tile, kWidth, Source> rows(source, c, down, across, places);
  const std::uint32_t first = blockIdx.y * Tile::kColumns;
  PackedColumns<Tile> columns(packed + std::size_t{blockIdx.z} * c.inner * c.wide + first, c.wide);
  const auto inner = static_cast<unsigned>(down.count * across.count) * c.channels;
  Sums<Tile> sums;
  multiply<Tile>((inner + kSlice - 1) / kSlice, rows, columns, slices, sums);
  output.template write<Tile>(sums, targets, first);
}

}  // namespace murm::cuda
