// Normalisation: sums by channel over pieces of rows, then what they make of each set, then one pass over the numbers.
// Room: gpu/cuda. Sums of squares need no mean first: in fp64 the squares of fp32 are exact.
// Caller: gpu/cuda/image_norm.hpp has the functions.
#include "gpu/cuda/image_norm.hpp"

#include <cmath>
#include <string>

#include "algorithms/vocabulary.hpp"
#include "gpu/cuda/image_rows.hpp"
#include "gpu/cuda/reduce.hpp"

namespace murm::cuda {
namespace {

constexpr double kVarianceFloor = 1e-5;
constexpr unsigned kWarps = 4;  // of a block whose warps work alone

/// Pictures that are normalised together are one section of rows.
ImageRows rows_of(const NormShape& shape) {
  MURM_ASSERT(shape.groups == 0 || shape.channels % shape.groups == 0,
              std::to_string(shape.groups));
  if (shape.groups == 0) return {1, shape.n * shape.positions, shape.channels};
  return {shape.n, shape.positions, shape.channels};
}

/// Sets of statistics: `width` channels of a section.
struct NormSets {
  std::size_t width;
  std::size_t of_section;
  std::size_t count;
  double numbers;  // of a set
  NormSets(const NormShape& shape, const ImageRows& rows)
      : width(shape.groups == 0 ? 1 : shape.channels / shape.groups),
        of_section(rows.channels / width),
        count(shape.sets()),
        numbers(static_cast<double>(rows.rows * width)) {}
  __device__ std::size_t of(std::size_t section, std::size_t channel) const {
    return section * of_section + channel / width;
  }
};

struct SumOfSquares {
  const float* x;
  template <unsigned kWidth>
  __device__ auto of(std::size_t, std::size_t) const {
    return [x = x](std::size_t at, double(&sums)[kWidth], double(&squares)[kWidth]) {
      const auto numbers = load<kWidth>(x + at);
      for (unsigned c = 0; c < kWidth; ++c) {
        const auto number = static_cast<double>(numbers.at[c]);
        sums[c] += number;
        squares[c] += number * number;
      }
    };
  }
};

/// Adds term(sum of a piece and channel, the second sum, channel) over what belongs to a set, a warp together.
template <class Term>
__device__ double over_set(const ImageRows& rows, const NormSets& sets, std::size_t set,
                           const double* sums, Term term) {
  const double* first = sums + set / sets.of_section * rows.pieces * 2 * rows.channels;
  const std::size_t channel = set % sets.of_section * sets.width;
  double sum = 0;
  for (std::size_t i = threadIdx.x % kWarp; i < rows.pieces * sets.width; i += kWarp) {
    const std::size_t c = channel + i % sets.width;
    const double* at = first + i / sets.width * 2 * rows.channels + c;
    sum += term(at[0], at[rows.channels], c);
  }
  return over_warp<Sum>(sum);
}

/// statistics[sets,2] <- mean and 1 / standard deviation. A warp for each set.
__global__ void statistics_kernel(ImageRows rows, NormSets sets, const double* sums,
                                  float* statistics) {
  const std::size_t set = std::size_t{blockIdx.x} * kWarps + threadIdx.x / kWarp;
  if (set >= sets.count) return;
  const double mean = over_set(rows, sets, set, sums,
                               [](double sum, double, std::size_t) { return sum; }) /
                      sets.numbers;
  const double square = over_set(rows, sets, set, sums,
                                 [](double, double squares, std::size_t) { return squares; }) /
                        sets.numbers;
  if (threadIdx.x % kWarp > 0) return;
  const double variance = square - mean * mean;
  statistics[2 * set] = static_cast<float>(mean);
  statistics[2 * set + 1] = static_cast<float>(
      1.0 / sqrt((variance < 0.0 ? 0.0 : variance) + kVarianceFloor));  // NaN passes
}

struct Normalise {
  NormSets sets;
  const float* x;
  const float* scale;
  const float* shift;
  const float* residual;  // or null
  bool relu;
  float* y;
  const float* statistics;

  template <unsigned kWidth>
  __device__ auto of(std::size_t section, std::size_t channel) const {
    Numbers<kWidth> mean, factor, level;
    for (unsigned c = 0; c < kWidth; ++c) {
      const float* set = statistics + 2 * sets.of(section, channel + c);
      mean.at[c] = set[0];
      factor.at[c] = set[1] * scale[channel + c];
      level.at[c] = shift[channel + c];
    }
    return [=, x = x, residual = residual, relu = relu, y = y](std::size_t at) {
      auto numbers = load<kWidth>(x + at);
      for (unsigned c = 0; c < kWidth; ++c)
        numbers.at[c] = (numbers.at[c] - mean.at[c]) * factor.at[c] + level.at[c];
      if (residual != nullptr) {
        const auto more = load<kWidth>(residual + at);
        for (unsigned c = 0; c < kWidth; ++c) numbers.at[c] += more.at[c];
      }
      for (unsigned c = 0; c < kWidth; ++c)
        numbers.at[c] = relu && numbers.at[c] <= 0.0F ? 0.0F : numbers.at[c];
      store<kWidth>(numbers, y + at);
    };
  }
};

/// Sums of dy, which becomes 0 where y (or null) is not positive, and of dy (x - mean).
struct GradientSums {
  NormSets sets;
  const float* x;
  const float* y;
  float* dy;
  const float* statistics;

  template <unsigned kWidth>
  __device__ auto of(std::size_t section, std::size_t channel) const {
    Numbers<kWidth> mean;
    for (unsigned c = 0; c < kWidth; ++c)
      mean.at[c] = statistics[2 * sets.of(section, channel + c)];
    return [=, x = x, y = y, dy = dy](std::size_t at, double(&sums)[kWidth],
                                      double(&projections)[kWidth]) {
      const auto numbers = load<kWidth>(x + at);
      auto slopes = load<kWidth>(dy + at);
      if (y != nullptr) {
        const auto outputs = load<kWidth>(y + at);
        for (unsigned c = 0; c < kWidth; ++c)
          slopes.at[c] = outputs.at[c] <= 0.0F ? 0.0F : slopes.at[c];
        store<kWidth>(slopes, dy + at);
      }
      for (unsigned c = 0; c < kWidth; ++c) {
        const auto slope = static_cast<double>(slopes.at[c]);
        sums[c] += slope;
        projections[c] += slope * static_cast<double>(numbers.at[c] - mean.at[c]);
      }
    };
  }
};

/// levels[sets,2] <- what dx loses everywhere, and by distance from the mean; dscale, dshift += theirs. A warp for
/// each set, then one for each channel.
__global__ void gradient_sets_kernel(ImageRows rows, NormSets sets, const double* sums,
                                     const float* scale, const float* statistics, float* levels,
                                     float* dscale, float* dshift) {
  const std::size_t job = std::size_t{blockIdx.x} * kWarps + threadIdx.x / kWarp;
  const bool leads = threadIdx.x % kWarp == 0;
  if (job < sets.count) {
    const double sum = over_set(rows, sets, job, sums, [scale](double dy, double, std::size_t c) {
      return dy * static_cast<double>(scale[c]);
    });
    const double projection = over_set(rows, sets, job, sums,
                                       [scale](double, double along, std::size_t c) {
                                         return along * static_cast<double>(scale[c]);
                                       });
    if (!leads) return;
    const auto inverse = static_cast<double>(statistics[2 * job + 1]);
    levels[2 * job] = static_cast<float>(inverse * sum / sets.numbers);
    levels[2 * job + 1] = static_cast<float>(inverse * inverse * inverse * projection /
                                             sets.numbers);
    return;
  }
  const std::size_t channel = job - sets.count;
  if (channel >= rows.channels) return;
  double sum = 0;
  double projection = 0;
  for (std::size_t i = threadIdx.x % kWarp; i < rows.sections * rows.pieces; i += kWarp) {
    const double* at = sums + i * 2 * rows.channels + channel;
    sum += at[0];
    projection += at[rows.channels] *
                  static_cast<double>(statistics[2 * sets.of(i / rows.pieces, channel) + 1]);
  }
  sum = over_warp<Sum>(sum);
  projection = over_warp<Sum>(projection);
  if (!leads) return;
  dshift[channel] += static_cast<float>(sum);
  dscale[channel] += static_cast<float>(projection);
}

struct InputGradient {
  NormSets sets;
  const float* x;
  const float* scale;
  const float* statistics;
  const float* levels;
  const float* dy;
  float* dx;

  template <unsigned kWidth>
  __device__ auto of(std::size_t section, std::size_t channel) const {
    Numbers<kWidth> mean, factor, level, slope;
    for (unsigned c = 0; c < kWidth; ++c) {
      const std::size_t set = 2 * sets.of(section, channel + c);
      mean.at[c] = statistics[set];
      factor.at[c] = statistics[set + 1] * scale[channel + c];
      level.at[c] = levels[set];
      slope.at[c] = levels[set + 1];
    }
    return [=, x = x, dy = dy, dx = dx](std::size_t at) {
      const auto numbers = load<kWidth>(x + at);
      auto result = load<kWidth>(dy + at);
      for (unsigned c = 0; c < kWidth; ++c) {
        result.at[c] = result.at[c] * factor.at[c] - (numbers.at[c] - mean.at[c]) * slope.at[c] -
                       level.at[c];
      }
      store<kWidth>(result, dx + at);
    };
  }
};

std::size_t sum_count(const ImageRows& rows) {
  return rows.sections * rows.pieces * 2 * rows.channels;
}

}  // namespace

void norm(cudaStream_t stream, const NormShape& shape, const float* x, const float* scale,
          const float* shift, const float* residual, bool relu, float* y, float* statistics,
          float* workspace) {
  const ImageRows rows = rows_of(shape);
  if (rows.numbers() == 0) return;
  const NormSets sets(shape, rows);
  auto* sums = reinterpret_cast<double*>(workspace);
  sum_rows(stream, rows, in_fours(shape.channels, {x}), SumOfSquares{x}, sums);
  launch(stream, dim3(static_cast<unsigned>(divide_up(sets.count, kWarps))), dim3(kWarps * kWarp),
         statistics_kernel, rows, sets, sums, statistics);
  for_rows(stream, rows, in_fours(shape.channels, {x, residual, y}),
           Normalise{sets, x, scale, shift, residual, relu, y, statistics});
}

void norm_gradient(cudaStream_t stream, const NormShape& shape, const float* x, const float* scale,
                   const float* statistics, const float* y, float* dy, float* dx, float* dscale,
                   float* dshift, float* workspace) {
  const ImageRows rows = rows_of(shape);
  if (rows.numbers() == 0) return;
  const NormSets sets(shape, rows);
  auto* sums = reinterpret_cast<double*>(workspace);
  float* levels = reinterpret_cast<float*>(sums + sum_count(rows));
  sum_rows(stream, rows, in_fours(shape.channels, {x, y, dy}),
           GradientSums{sets, x, y, dy, statistics}, sums);
  launch(stream, dim3(static_cast<unsigned>(divide_up(sets.count + rows.channels, kWarps))),
         dim3(kWarps * kWarp), gradient_sets_kernel, rows, sets, sums, scale, statistics, levels,
         dscale, dshift);
  for_rows(stream, rows, in_fours(shape.channels, {x, dy, dx}),
           InputGradient{sets, x, scale, statistics, levels, dy, dx});
}

std::size_t norm_workspace(const NormShape& shape) {
  return sum_count(rows_of(shape)) * (sizeof(double) / sizeof(float)) + 2 * shape.sets();
}

}  // namespace murm::cuda
