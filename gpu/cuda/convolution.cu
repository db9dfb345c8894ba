// A convolution and its gradient by the input: products of patches with rearranged weights, and what becomes of them.
// Room: gpu/cuda. Chooses tiles by the shape; a sum has the same order in any.
// Caller: gpu/cuda/convolution.hpp has the functions.
#include "gpu/cuda/convolution.hpp"

#include <algorithm>
#include <string>

#include "algorithms/vocabulary.hpp"
#include "gpu/cuda/correlation.hpp"
#include "gpu/cuda/launch.hpp"

namespace murm::cuda {
namespace {

/// Fewer blocks of large tiles than this leave multiprocessors idle.
constexpr std::size_t kFewBlocks = 256;

/// Places are counted in 31 bits by kernels.
void require_fitting(const ConvShape& shape) {
  MURM_ASSERT(shape.padding < shape.kernel, std::to_string(shape.padding));
  MURM_ASSERT(shape.height + 2 * shape.padding >= shape.kernel, std::to_string(shape.height));
  MURM_ASSERT(shape.width + 2 * shape.padding >= shape.kernel, std::to_string(shape.width));
  constexpr std::size_t places_max = std::size_t{1} << 31;
  const std::size_t from = shape.n * shape.height * shape.width;
  const std::size_t to = shape.n * shape.output_height() * shape.output_width();
  MURM_ASSERT(from < places_max, std::to_string(from));
  MURM_ASSERT(to < places_max, std::to_string(to));
}

std::uint32_t whole_tiles(std::size_t results) {
  const std::size_t unit = results <= 16 ? 16 : results <= 32 ? 32 : 64;
  return static_cast<std::uint32_t>(divide_up(results, unit) * unit);
}

std::uint32_t whole_slices(std::size_t inner) {
  return static_cast<std::uint32_t>(divide_up(inner, kSlice) * kSlice);
}

Correlation forwards(const ConvShape& shape, bool pooled) {
  return {.places = Places(shape.n, shape.output_height(), shape.output_width(), pooled),
          .back = false,
          .kernel = static_cast<std::int32_t>(shape.kernel),
          .stride = static_cast<std::int32_t>(shape.stride),
          .padding = static_cast<std::int32_t>(shape.padding),
          .rows = static_cast<std::int32_t>(shape.output_height()),
          .columns = static_cast<std::int32_t>(shape.output_width()),
          .channels = static_cast<std::uint32_t>(shape.in),
          .results = static_cast<std::uint32_t>(shape.out),
          .inner = whole_slices(shape.kernel * shape.kernel * shape.in),
          .wide = whole_tiles(shape.out)};
}

Correlation backwards(const ConvShape& shape) {
  const std::size_t taps = divide_up(shape.kernel, shape.stride);
  return {.places = Places(shape.n, divide_up(shape.height, shape.stride),
                           divide_up(shape.width, shape.stride), false),
          .back = true,
          .kernel = static_cast<std::int32_t>(shape.kernel),
          .stride = static_cast<std::int32_t>(shape.stride),
          .padding = static_cast<std::int32_t>(shape.padding),
          .rows = static_cast<std::int32_t>(shape.height),
          .columns = static_cast<std::int32_t>(shape.width),
          .channels = static_cast<std::uint32_t>(shape.out),
          .results = static_cast<std::uint32_t>(shape.in),
          .inner = whole_slices(taps * taps * shape.out),
          .wide = whole_tiles(shape.in)};
}

/// packed[phase,inner,wide] <- w[out,in,kernel,kernel]
void pack(cudaStream_t stream, const Correlation& c, const float* w, float* packed) {
  for_each_element(stream, c.weights(), [=] __device__(std::size_t i) {
    const auto result = static_cast<std::uint32_t>(i % c.wide);
    const auto row = static_cast<std::uint32_t>(i / c.wide);
    const auto phase = static_cast<std::int32_t>(row / c.inner);
    const std::uint32_t channel = row % c.inner % c.channels;
    const auto tap = static_cast<std::int32_t>(row % c.inner / c.channels);
    const Taps down = taps_of(c, phase / c.stride);
    const Taps across = taps_of(c, phase % c.stride);
    float value = 0.0F;
    if (result < c.results && tap < down.count * across.count) {
      const std::int32_t step = c.back ? c.stride : 1;
      const auto place = static_cast<std::uint32_t>((down.first + step * (tap / across.count)) *
                                                        c.kernel +
                                                    across.first + step * (tap % across.count));
      const std::size_t filter = c.back ? std::size_t{channel} * c.results + result
                                        : std::size_t{result} * c.channels + channel;
      value = w[filter * static_cast<std::uint32_t>(c.kernel * c.kernel) + place];
    }
    packed[i] = value;
  });
}

/// The channels of one place that are there.
struct Channels {
  std::uint32_t count;
  bool fours;  // whether they are written four at a time

  /// Four from `first` on; zeros where `from` is null or ends.
  __device__ Numbers<4> read(const float* from, std::uint32_t first) const {
    Numbers<4> four{};
    for (unsigned c = 0; c < 4; ++c) {
      if (from != nullptr && first + c < count) four.at[c] = from[first + c];
    }
    return four;
  }
  template <class Four, class T>
  __device__ void write(const Four& four, T* to, std::uint32_t first) const {
    if (fours) {
      if (first < count) store<4>(four, to + first);
      return;
    }
    for (unsigned c = 0; c < 4; ++c) {
      if (first + c < count) to[first + c] = four.at[c];
    }
  }
};

/// Writes what a tile gives, place by place.
struct PlaceByPlace {
  float* y;
  const float* bias;  // or null
  Channels channels;

  __device__ static std::uint32_t target(const Correlation& c, std::int32_t phase, std::uint32_t,
                                         const Place& place) {
    const std::int32_t scale = c.back ? c.stride : 1;
    const std::int32_t row = place.row * scale + phase / c.stride;
    const std::int32_t column = place.column * scale + phase % c.stride;
    if (row >= c.rows || column >= c.columns) return kNowhere;
    return (place.picture * static_cast<std::uint32_t>(c.rows) + static_cast<std::uint32_t>(row)) *
               static_cast<std::uint32_t>(c.columns) +
           static_cast<std::uint32_t>(column);
  }

  template <class Tile>
  __device__ void write(const Sums<Tile>& sums, const std::uint32_t* targets,
                        std::uint32_t first_channel) const {
#pragma unroll
    for (unsigned j = 0; j < Tile::kWide; j += 4) {
      const std::uint32_t channel = first_channel + Tile::column(j);
      const Numbers<4> level = channels.read(bias, channel);
#pragma unroll
      for (unsigned i = 0; i < Tile::kTall; ++i) {
        const std::uint32_t target = targets[Tile::row(i)];
        if (target == kNowhere) continue;
        Numbers<4> four;
        for (unsigned c = 0; c < 4; ++c) four.at[c] = sums[i][j + c] + level.at[c];
        channels.write(four, y + std::size_t{target} * channels.count, channel);
      }
    }
  }
};

/// Writes the largest of each 2x2 window, which is four rows of a tile.
struct WindowByWindow {
  float* y;
  std::uint8_t* winners;
  const float* bias;  // or null
  Channels channels;

  __device__ static std::uint32_t target(const Correlation&, std::int32_t, std::uint32_t row,
                                         const Place&) {
    return row / 4;
  }

  template <class Tile>
  __device__ void write(const Sums<Tile>& sums, const std::uint32_t* targets,
                        std::uint32_t first_channel) const {
#pragma unroll
    for (unsigned j = 0; j < Tile::kWide; j += 4) {
      const std::uint32_t channel = first_channel + Tile::column(j);
      const Numbers<4> level = channels.read(bias, channel);
#pragma unroll
      for (unsigned i = 0; i < Tile::kTall; i += 4) {
        const std::uint32_t target = targets[Tile::row(i)];
        if (target == kNowhere) continue;
        Numbers<4> best;
        Bytes<4> winner{};
        for (unsigned c = 0; c < 4; ++c) {
          best.at[c] = sums[i][j + c] + level.at[c];
          for (unsigned t = 1; t < 4; ++t) {
            const float value = sums[i + t][j + c] + level.at[c];
            winner.at[c] = value > best.at[c] ? static_cast<std::uint8_t>(t) : winner.at[c];
            best.at[c] = value > best.at[c] ? value : best.at[c];
          }
          winner.at[c] = best.at[c] <= 0.0F ? 4 : winner.at[c];
          best.at[c] = best.at[c] <= 0.0F ? 0.0F : best.at[c];  // NaN passes
        }
        const std::size_t at = std::size_t{target} * channels.count;
        channels.write(best, y + at, channel);
        channels.write(winner, winners + at, channel);
      }
    }
  }
};

template <class Tile, unsigned kWidth, class Source, class Output>
void correlate_by(cudaStream_t stream, const Correlation& c, const Source& source,
                  const float* packed, const Output& output) {
  const dim3 blocks(static_cast<unsigned>(divide_up(c.places.count(), Tile::kRows)),
                    c.wide / Tile::kColumns, c.phases());
  launch(stream, blocks, dim3(Tile::kThreads), correlation_kernel<Tile, kWidth, Source, Output>, c,
         source, packed, output);
}

template <unsigned kWidth, class Source, class Output>
void correlate_in(cudaStream_t stream, const Correlation& c, const Source& source,
                  const float* packed, const Output& output) {
  using Large = Tile<128, 64, 8>;
  const std::size_t blocks = divide_up(c.places.count(), Large::kRows) * c.phases() * c.wide /
                             Large::kColumns;
  if (c.wide == 16) {
    correlate_by<Tile<128, 16, 4>, kWidth>(stream, c, source, packed, output);
  } else if (c.wide == 32 || blocks < kFewBlocks) {
    correlate_by<Tile<64, 32, 4>, kWidth>(stream, c, source, packed, output);
  } else {
    correlate_by<Large, kWidth>(stream, c, source, packed, output);
  }
}

/// `fours`: whether the source can be read four channels at a time.
template <class Source, class Output>
void correlate(cudaStream_t stream, const Correlation& c, const Source& source, bool fours,
               const float* w, const Output& output, float* workspace) {
  if (c.places.count() == 0) return;
  pack(stream, c, w, workspace);
  if (fours) {
    correlate_in<4>(stream, c, source, workspace, output);
  } else {
    correlate_in<1>(stream, c, source, workspace, output);
  }
}

/// dx of conv_gradient.
void input_gradient(cudaStream_t stream, const ConvShape& shape, const float* w,
                    const ConvGradient& gradient, float* workspace) {
  const Correlation c = backwards(shape);
  const PlaceByPlace output{gradient.dx, nullptr, {c.results, in_fours(shape.in, {gradient.dx})}};
  const bool fours = in_fours(shape.out, {gradient.dy}, {gradient.winners});
  const std::size_t rows = shape.output_height();
  const std::size_t columns = shape.output_width();
  if (gradient.winners == nullptr) {
    const Picture dy(gradient.dy, rows, columns, shape.out);
    correlate(stream, c, dy, fours, w, output, workspace);
  } else {
    const Unpooled dy{{gradient.dy, rows / 2, columns / 2, shape.out}, gradient.winners};
    correlate(stream, c, dy, fours, w, output, workspace);
  }
}

}  // namespace

void conv(cudaStream_t stream, const ConvShape& shape, const float* x, const float* w,
          const float* bias, float* y, float* workspace) {
  require_fitting(shape);
  const Correlation c = forwards(shape, false);
  correlate(stream, c, Picture(x, shape.height, shape.width, shape.in), in_fours(shape.in, {x}), w,
            PlaceByPlace{y, bias, {c.results, in_fours(shape.out, {y})}}, workspace);
}

void conv_pool(cudaStream_t stream, const ConvShape& shape, const float* x, const float* w,
               const float* bias, float* y, std::uint8_t* winners, float* workspace) {
  require_fitting(shape);
  const Correlation c = forwards(shape, true);
  correlate(stream, c, Picture(x, shape.height, shape.width, shape.in), in_fours(shape.in, {x}), w,
            WindowByWindow{y, winners, bias, {c.results, in_fours(shape.out, {y}, {winners})}},
            workspace);
}

std::size_t conv_workspace(const ConvShape& shape) { return forwards(shape, false).weights(); }

void conv_gradient(cudaStream_t stream, const ConvShape& shape, const float* x, const float* w,
                   const ConvGradient& gradient, float* workspace) {
  require_fitting(shape);
  conv_weight_gradient(stream, shape, x, gradient, workspace);
  if (gradient.dx != nullptr) input_gradient(stream, shape, w, gradient, workspace);
}

std::size_t conv_gradient_workspace(const ConvShape& shape) {
  return std::max(backwards(shape).weights(), conv_weight_gradient_workspace(shape));
}

}  // namespace murm::cuda
