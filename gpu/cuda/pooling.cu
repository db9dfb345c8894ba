// Pooling: each thread makes one number of what is written, or four of neighbouring channels.
// Room: gpu/cuda. The way back gathers, so that sums have the order they have in gpu/host.
// Caller: gpu/cuda/pooling.hpp has the functions.
#include "gpu/cuda/pooling.hpp"

#include <string>

#include "algorithms/vocabulary.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/pictures.hpp"

namespace murm::cuda {
namespace {

/// Kernels count in 31 bits.
void require_countable(std::size_t numbers) {
  MURM_ASSERT(numbers < std::size_t{1} << 31, std::to_string(numbers));
}

/// What each thread makes: kWidth neighbouring channels of a place.
template <unsigned kWidth>
struct Units {
  Places places;
  std::uint32_t of_place;
  Divisor by_place;

  Units(std::size_t n, std::size_t rows, std::size_t columns, std::size_t channels)
      : places(n, rows, columns, false),
        of_place(static_cast<std::uint32_t>(channels / kWidth)),
        by_place(of_place) {}
  std::size_t count() const { return std::size_t{places.count()} * of_place; }
  __device__ Place place(std::size_t i) const {
    return places(by_place.quotient(static_cast<std::uint32_t>(i)));
  }
  __device__ std::uint32_t channel(std::size_t i) const {
    return by_place.remainder(static_cast<std::uint32_t>(i)) * kWidth;
  }
};

template <unsigned kWidth>
void max_pool_by(cudaStream_t stream, const PoolShape& shape, const float* x, float* y,
                 std::uint8_t* winners) {
  const Units<kWidth> units(shape.n, shape.output_height(), shape.output_width(), shape.channels);
  const Picture from(x, shape.height, shape.width, shape.channels);
  const auto side = static_cast<std::int32_t>(shape.window);
  const auto stride = static_cast<std::int32_t>(shape.stride);
  for_each_element(stream, units.count(), [=] __device__(std::size_t i) {
    const Place place = units.place(i);
    const std::uint32_t channel = units.channel(i);
    Numbers<kWidth> best{};
    Bytes<kWidth> winner{};
    for (std::int32_t r = 0; r < side; ++r) {
      for (std::int32_t q = 0; q < side; ++q) {
        const auto here = from.read<kWidth>(
            {place.picture, place.row * stride + r, place.column * stride + q}, channel);
        const bool first = r + q == 0;
        for (unsigned c = 0; c < kWidth; ++c) {
          const bool wins = first || here.at[c] > best.at[c];
          best.at[c] = wins ? here.at[c] : best.at[c];
          winner.at[c] = wins ? static_cast<std::uint8_t>(r * side + q) : winner.at[c];
        }
      }
    }
    for (unsigned c = 0; c < kWidth; ++c) {
      if (best.at[c] <= 0.0F) {  // NaN passes
        best.at[c] = 0.0F;
        winner.at[c] = static_cast<std::uint8_t>(side * side);
      }
    }
    store<kWidth>(best, y + kWidth * i);
    store<kWidth>(winner, winners + kWidth * i);
  });
}

/// The windows that reach a place, along one side of a picture.
struct Reach {
  std::uint32_t windows, side, stride;
  Divisor by_stride;
  Reach(std::size_t count, const PoolShape& shape)
      : windows(static_cast<std::uint32_t>(count)),
        side(static_cast<std::uint32_t>(shape.window)),
        stride(static_cast<std::uint32_t>(shape.stride)),
        by_stride(shape.stride) {}
  __device__ std::uint32_t begin(std::uint32_t at) const {
    return at < side ? 0 : by_stride.quotient(at - side) + 1;
  }
  __device__ std::uint32_t end(std::uint32_t at) const {
    const std::uint32_t behind = by_stride.quotient(at) + 1;
    return behind < windows ? behind : windows;
  }
};

template <unsigned kWidth>
void max_pool_gradient_by(cudaStream_t stream, const PoolShape& shape, const float* dy,
                          const std::uint8_t* winners, float* dx) {
  const Units<kWidth> units(shape.n, shape.height, shape.width, shape.channels);
  const Picture from(dy, shape.output_height(), shape.output_width(), shape.channels);
  const Reach down(shape.output_height(), shape);
  const Reach across(shape.output_width(), shape);
  for_each_element(stream, units.count(), [=] __device__(std::size_t i) {
    const Place place = units.place(i);
    const auto row = static_cast<std::uint32_t>(place.row);
    const auto column = static_cast<std::uint32_t>(place.column);
    const std::uint32_t rows_end = down.end(row);
    const std::uint32_t columns_end = across.end(column);
    Numbers<kWidth> sum{};
    for (std::uint32_t r = down.begin(row); r < rows_end; ++r) {
      for (std::uint32_t q = across.begin(column); q < columns_end; ++q) {
        const std::uint32_t here = (row - r * down.stride) * down.side + column - q * across.stride;
        const std::size_t at = from.first({place.picture, static_cast<std::int32_t>(r),
                                           static_cast<std::int32_t>(q)}) +
                               units.channel(i);
        const auto value = load<kWidth>(dy + at);
        const auto winner = load<kWidth>(winners + at);
        for (unsigned c = 0; c < kWidth; ++c)
          sum.at[c] += winner.at[c] == here ? value.at[c] : 0.0F;
      }
    }
    store<kWidth>(sum, dx + kWidth * i);
  });
}

template <unsigned kWidth>
void mean_pool_gradient_by(cudaStream_t stream, std::size_t n, std::size_t positions,
                           std::size_t channels, const float* dy, float* dx) {
  const Units<kWidth> units(n, 1, positions, channels);
  const float part = 1.0F / static_cast<float>(positions);
  for_each_element(stream, units.count(), [=] __device__(std::size_t i) {
    auto value = load<kWidth>(dy + std::size_t{units.place(i).picture} * channels +
                              units.channel(i));
    for (float& number : value.at) number *= part;
    store<kWidth>(value, dx + kWidth * i);
  });
}

}  // namespace

void max_pool(cudaStream_t stream, const PoolShape& shape, const float* x, float* y,
              std::uint8_t* winners) {
  MURM_ASSERT(shape.window > 0 && shape.window <= 15, std::to_string(shape.window));
  require_countable(shape.n * shape.height * shape.width * shape.channels);
  if (in_fours(shape.channels, {x, y}, {winners})) {
    max_pool_by<4>(stream, shape, x, y, winners);
  } else {
    max_pool_by<1>(stream, shape, x, y, winners);
  }
}

void max_pool_gradient(cudaStream_t stream, const PoolShape& shape, const float* dy,
                       const std::uint8_t* winners, float* dx) {
  require_countable(shape.n * shape.height * shape.width * shape.channels);
  if (in_fours(shape.channels, {dy, dx}, {winners})) {
    max_pool_gradient_by<4>(stream, shape, dy, winners, dx);
  } else {
    max_pool_gradient_by<1>(stream, shape, dy, winners, dx);
  }
}

void mean_pool(cudaStream_t stream, std::size_t n, std::size_t positions, std::size_t channels,
               const float* x, float* y) {
  require_countable(n * positions * channels);
  const Divisor by_channels(channels);
  const auto row = static_cast<std::uint32_t>(channels);
  const float part = 1.0F / static_cast<float>(positions);
  for_each_element(stream, n * channels, [=] __device__(std::size_t i) {
    const std::uint32_t picture = by_channels.quotient(static_cast<std::uint32_t>(i));
    const float* at = x + std::size_t{picture} * positions * row + (i - picture * row);
    float sum = *at;
    for (std::size_t p = 1; p < positions; ++p) sum += at[p * row];
    y[i] = sum * part;
  });
}

void mean_pool_gradient(cudaStream_t stream, std::size_t n, std::size_t positions,
                        std::size_t channels, const float* dy, float* dx) {
  require_countable(n * positions * channels);
  if (in_fours(channels, {dy, dx})) {
    mean_pool_gradient_by<4>(stream, n, positions, channels, dy, dx);
  } else {
    mean_pool_gradient_by<1>(stream, n, positions, channels, dy, dx);
  }
}

}  // namespace murm::cuda
