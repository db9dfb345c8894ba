// The gradient of a convolution by weights and bias: the patches of all places, transposed, times dy.
// Room: gpu/cuda. Places are divided between blocks, whose sums are added in one order.
// Caller: gpu/cuda/convolution.hpp has the functions.
#include <algorithm>

#include "gpu/cuda/convolution.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/pictures.hpp"
#include "gpu/cuda/product_tile.hpp"
#include "gpu/cuda/reduce.hpp"

namespace murm::cuda {
namespace {

/// The places are divided until blocks have this many sums between them, enough to keep a device busy.
constexpr std::size_t kBusySums = std::size_t{1} << 22;
constexpr std::size_t kPartPlacesMin = 128;
constexpr std::size_t kPartsMax = 4096;

/// dw[inner,results] is a product over places; the row behind the last is dbias, from a one in every patch.
struct Sizes {
  std::uint32_t inner;    // numbers of a patch: tap by tap, the channels of one together
  std::uint32_t rows;     // inner, and one for the bias
  std::uint32_t results;  // channels of y
  std::uint32_t kernel, stride, padding;
  std::uint32_t part_places;  // places of each part
};

/// Who moves what of a slice [kSlice,kLength]: a thread has the same kWidth columns in all of its rows.
template <class Tile, unsigned kWidth, unsigned kLength>
struct Columnwise {
  static constexpr unsigned kAcross = kLength / kWidth;
  static constexpr unsigned kDown = Tile::kThreads / kAcross;
  static constexpr unsigned kTimes = kSlice / kDown;
  static_assert(kAcross * kDown == Tile::kThreads && kTimes * kDown == kSlice);
  __device__ static unsigned first() { return threadIdx.x % kAcross * kWidth; }
  __device__ static unsigned slice_row(unsigned t) { return threadIdx.x / kAcross + t * kDown; }
};

/// The left operand: for each place of a slice, the numbers of its patch that the tile covers.
template <class Tile, unsigned kWidth>
class PatchColumns {
 public:
  __device__ PatchColumns(const Sizes& sizes, const Places& places, const Picture& x,
                          std::uint32_t first_row, std::uint32_t begin, std::uint32_t end)
      : places_(places), x_(x), next_(begin), end_(end), stride_(sizes.stride) {
    const std::uint32_t row = first_row + Layout::first();
    const std::uint32_t tap = row / x.channels;
    channel_ = row % x.channels;
    row_ = row < sizes.inner ? static_cast<std::int32_t>(tap / sizes.kernel - sizes.padding) : kFar;
    column_ = static_cast<std::int32_t>(tap % sizes.kernel - sizes.padding);
    is_bias_ = row == sizes.inner;
  }
  __device__ void fetch() {
    for (unsigned t = 0; t < Layout::kTimes; ++t) {
      const std::uint32_t i = next_ + Layout::slice_row(t);
      held_[t] = {};
      if (i >= end_) continue;
      Place place = places_(i);
      place.row = place.row * static_cast<std::int32_t>(stride_) + row_;
      place.column = place.column * static_cast<std::int32_t>(stride_) + column_;
      held_[t] = x_.template read<kWidth>(place, channel_);
      if (is_bias_) held_[t].at[0] = 1.0F;
    }
    next_ += kSlice;
  }
  __device__ void store(float* to) const {
    for (unsigned t = 0; t < Layout::kTimes; ++t) {
      cuda::store<kWidth>(held_[t],
                          to + Layout::slice_row(t) * Slices<Tile>::kRowStride + Layout::first());
    }
  }

 private:
  using Layout = Columnwise<Tile, kWidth, Tile::kRows>;
  const Places& places_;
  const Picture& x_;
  std::uint32_t next_, end_, stride_;
  std::uint32_t channel_;
  std::int32_t row_, column_;
  bool is_bias_;
  Numbers<kWidth> held_[Layout::kTimes];
};

/// The right operand: dy, for each place of a slice.
template <class Tile, unsigned kWidth, class Source>
class DyColumns {
 public:
  __device__ DyColumns(const Sizes& sizes, const Places& places, const Source& dy,
                       std::uint32_t first_channel, std::uint32_t begin, std::uint32_t end)
      : places_(places),
        dy_(dy),
        channels_(sizes.results),
        next_(begin),
        end_(end),
        channel_(first_channel + Layout::first()) {}
  __device__ void fetch() {
    for (unsigned t = 0; t < Layout::kTimes; ++t) {
      const std::uint32_t i = next_ + Layout::slice_row(t);
      held_[t] = {};
      if (i < end_ && channel_ < channels_)
        held_[t] = dy_.template read<kWidth>(places_(i), channel_);
    }
    next_ += kSlice;
  }
  __device__ void store(float* to) const {
    for (unsigned t = 0; t < Layout::kTimes; ++t) {
      cuda::store<kWidth>(held_[t], to + Layout::slice_row(t) * Tile::kColumns + Layout::first());
    }
  }

 private:
  using Layout = Columnwise<Tile, kWidth, Tile::kColumns>;
  const Places& places_;
  const Source& dy_;
  std::uint32_t channels_, next_, end_, channel_;
  Numbers<kWidth> held_[Layout::kTimes];
};

/// parts[part,rows,results] <- the sums over the places of each part (z), tile by tile (x: rows, y: results).
template <class Tile, unsigned kPatchWidth, unsigned kDyWidth, class Source>
__global__ void weight_gradient_kernel(Sizes sizes, Places places, Picture x, Source dy,
                                       float* parts) {
  __shared__ Slices<Tile> slices;
  const std::uint32_t first_row = blockIdx.x * Tile::kRows;
  const std::uint32_t first_result = blockIdx.y * Tile::kColumns;
  const std::uint32_t begin = blockIdx.z * sizes.part_places;
  const std::uint32_t left = places.count() - begin;
  const std::uint32_t count = left < sizes.part_places ? left : sizes.part_places;
  PatchColumns<Tile, kPatchWidth> rows(sizes, places, x, first_row, begin, begin + count);
  DyColumns<Tile, kDyWidth, Source> columns(sizes, places, dy, first_result, begin, begin + count);
  Sums<Tile> sums;
  multiply<Tile>((count + kSlice - 1) / kSlice, rows, columns, slices, sums);
  float* part = parts + std::size_t{blockIdx.z} * sizes.rows * sizes.results;
#pragma unroll
  for (unsigned i = 0; i < Tile::kTall; ++i) {
    const std::uint32_t row = first_row + Tile::row(i);
    if (row >= sizes.rows) continue;
#pragma unroll
    for (unsigned j = 0; j < Tile::kWide; ++j) {
      const std::uint32_t result = first_result + Tile::column(j);
      if (result < sizes.results) part[row * sizes.results + result] = sums[i][j];
    }
  }
}

constexpr unsigned kGathered = 16;  // threads that add the parts of one number
struct Results {
  float* dw;
  float* dbias;  // or null
  bool add;
};

/// A block for each warp of numbers: dw and dbias <- the sums over parts.
__global__ void add_parts_kernel(Sizes sizes, std::uint32_t part_count, const float* parts,
                                 Results to) {
  __shared__ double sums[kGathered][kWarp];
  const unsigned lane = threadIdx.x % kWarp;
  const unsigned first = threadIdx.x / kWarp;
  const std::uint32_t count = sizes.rows * sizes.results;
  const std::uint32_t i = blockIdx.x * kWarp + lane;
  double sum = 0;
  if (i < count) {
#pragma unroll 4
    for (std::uint32_t p = first; p < part_count; p += kGathered)
      sum += static_cast<double>(parts[std::size_t{p} * count + i]);
  }
  sums[first][lane] = sum;
  __syncthreads();
  if (first > 0 || i >= count) return;
  for (unsigned p = 1; p < kGathered; ++p) sum += sums[p][lane];
  const std::uint32_t row = i / sizes.results;
  const std::uint32_t result = i % sizes.results;
  const std::uint32_t taps = sizes.kernel * sizes.kernel;
  const std::uint32_t channels = sizes.inner / taps;
  float* at = row == sizes.inner
                  ? to.dbias + result
                  : to.dw + (std::size_t{result} * channels + row % channels) * taps +
                        row / channels;
  *at = to.add ? *at + static_cast<float>(sum) : static_cast<float>(sum);
}

/// Numbers of x under the kernel at one place.
std::size_t patch_numbers(const ConvShape& shape) { return shape.kernel * shape.kernel * shape.in; }

/// In how many parts the places go at most: by the shape alone, so that addresses do not change the order of sums.
std::size_t parts_max(const ConvShape& shape, std::size_t places) {
  const std::size_t sums = (patch_numbers(shape) + 1) * shape.out;
  return std::clamp<std::size_t>(std::min(kBusySums / sums, places / kPartPlacesMin), 1, kPartsMax);
}

struct Work {
  Places places;
  Sizes sizes;
  std::uint32_t parts;
  Work(const ConvShape& shape, const ConvGradient& gradient)
      : places(shape.n, shape.output_height(), shape.output_width(), gradient.winners != nullptr) {
    const std::size_t inner = patch_numbers(shape);
    const std::size_t part = divide_up(places.count(), parts_max(shape, places.count()));
    const std::size_t part_places = std::max<std::size_t>(divide_up(part, kSlice), 1) * kSlice;
    parts = static_cast<std::uint32_t>(
        std::max<std::size_t>(divide_up(places.count(), part_places), 1));
    sizes = {.inner = static_cast<std::uint32_t>(inner),
             .rows = static_cast<std::uint32_t>(inner + (gradient.dbias != nullptr ? 1 : 0)),
             .results = static_cast<std::uint32_t>(shape.out),
             .kernel = static_cast<std::uint32_t>(shape.kernel),
             .stride = static_cast<std::uint32_t>(shape.stride),
             .padding = static_cast<std::uint32_t>(shape.padding),
             .part_places = static_cast<std::uint32_t>(part_places)};
  }
};

template <class Tile, unsigned kPatchWidth, unsigned kDyWidth, class Source>
void multiply_by(cudaStream_t stream, const Work& work, const Picture& x, const Source& dy,
                 float* parts) {
  const dim3 blocks(static_cast<unsigned>(divide_up(work.sizes.rows, Tile::kRows)),
                    static_cast<unsigned>(divide_up(work.sizes.results, Tile::kColumns)),
                    work.parts);
  launch(stream, blocks, dim3(Tile::kThreads),
         weight_gradient_kernel<Tile, kPatchWidth, kDyWidth, Source>, work.sizes, work.places, x,
         dy, parts);
}

/// `x_fours`, `dy_fours`: whether they can be read four channels at a time.
template <class Source>
void multiply_patches(cudaStream_t stream, const Work& work, const Picture& x, bool x_fours,
                      const Source& dy, bool dy_fours, float* parts) {
  using Large = Tile<128, 64, 8>;
  using Medium = Tile<64, 32, 4>;
  using Narrow = Tile<64, 16, 4>;
  using Small = Tile<32, 32, 4>;
  const bool fours = x_fours && dy_fours;
  if (work.sizes.rows <= Small::kRows) {
    if (dy_fours) return multiply_by<Small, 1, 4>(stream, work, x, dy, parts);
    return multiply_by<Small, 1, 1>(stream, work, x, dy, parts);
  }
  if (work.sizes.results <= Narrow::kColumns && fours)
    return multiply_by<Narrow, 4, 4>(stream, work, x, dy, parts);
  if (work.sizes.results <= Medium::kColumns) {
    if (fours) return multiply_by<Medium, 4, 4>(stream, work, x, dy, parts);
    return multiply_by<Medium, 1, 1>(stream, work, x, dy, parts);
  }
  if (fours) return multiply_by<Large, 4, 4>(stream, work, x, dy, parts);
  return multiply_by<Large, 1, 1>(stream, work, x, dy, parts);
}

}  // namespace

void conv_weight_gradient(cudaStream_t stream, const ConvShape& shape, const float* x,
                          const ConvGradient& gradient, float* workspace) {
  const Work work(shape, gradient);
  const bool x_fours = in_fours(shape.in, {x});
  const bool dy_fours = in_fours(shape.out, {gradient.dy}, {gradient.winners});
  const Picture from(x, shape.height, shape.width, shape.in);
  if (gradient.winners == nullptr) {
    const Picture dy(gradient.dy, shape.output_height(), shape.output_width(), shape.out);
    multiply_patches(stream, work, from, x_fours, dy, dy_fours, workspace);
  } else {
    const Unpooled dy{{gradient.dy, shape.output_height() / 2, shape.output_width() / 2, shape.out},
                      gradient.winners};
    multiply_patches(stream, work, from, x_fours, dy, dy_fours, workspace);
  }
  const std::size_t count = std::size_t{work.sizes.rows} * work.sizes.results;
  launch(stream, dim3(static_cast<unsigned>(divide_up(count, kWarp))), dim3(kGathered * kWarp),
         add_parts_kernel, work.sizes, work.parts, workspace,
         Results{gradient.dw, gradient.dbias, gradient.add});
}

std::size_t conv_weight_gradient_workspace(const ConvShape& shape) {
  const std::size_t places = shape.n * shape.output_height() * shape.output_width();
  return parts_max(shape, places) * (patch_numbers(shape) + 1) * shape.out;
}

}  // namespace murm::cuda
