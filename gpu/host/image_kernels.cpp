#include "gpu/host/image_kernels.hpp"

#include <algorithm>

#include "algorithms/vector_clones.hpp"

namespace murm::host {

MURM_CLONES void max_pool(const PoolShape& shape, const float* __restrict x, float* __restrict y,
                          std::uint8_t* __restrict winners) {
  const std::size_t channels = shape.channels;
  const auto none = static_cast<std::uint8_t>(shape.window * shape.window);
  for (std::size_t r = 0; r < shape.output_height(); ++r) {
    for (std::size_t q = 0; q < shape.output_width(); ++q) {
      const float* first = x + (r * shape.width + q) * shape.stride * channels;
      for (std::size_t c = 0; c < channels; ++c) {
        y[c] = first[c];
        winners[c] = 0;
      }
      for (std::size_t t = 1; t < shape.window * shape.window; ++t) {
        const float* at = first + (t / shape.window * shape.width + t % shape.window) * channels;
        const auto place = static_cast<std::uint8_t>(t);
        for (std::size_t c = 0; c < channels; ++c) {
          winners[c] = at[c] > y[c] ? place : winners[c];
          y[c] = at[c] > y[c] ? at[c] : y[c];
        }
      }
      for (std::size_t c = 0; c < channels; ++c) {
        winners[c] = y[c] <= 0.0F ? none : winners[c];
        y[c] = y[c] <= 0.0F ? 0.0F : y[c];  // NaN passes
      }
      y += channels;
      winners += channels;
    }
  }
}

MURM_CLONES void max_pool_gradient(const PoolShape& shape, const float* __restrict dy,
                                   const std::uint8_t* __restrict winners, float* __restrict dx) {
  const std::size_t channels = shape.channels;
  std::fill_n(dx, shape.height * shape.width * channels, 0.0F);
  for (std::size_t r = 0; r < shape.output_height(); ++r) {
    for (std::size_t q = 0; q < shape.output_width(); ++q) {
      float* first = dx + (r * shape.width + q) * shape.stride * channels;
      for (std::size_t t = 0; t < shape.window * shape.window; ++t) {
        float* at = first + (t / shape.window * shape.width + t % shape.window) * channels;
        for (std::size_t c = 0; c < channels; ++c) at[c] += winners[c] == t ? dy[c] : 0.0F;
      }
      dy += channels;
      winners += channels;
    }
  }
}

MURM_CLONES void scaled(std::size_t n, float a, const float* __restrict x, float* __restrict y) {
  for (std::size_t i = 0; i < n; ++i) y[i] = a * x[i];
}

MURM_CLONES void square_sums(std::size_t positions, std::size_t channels, const float* __restrict x,
                             const float* __restrict mean, float* __restrict sums) {
  for (std::size_t c = 0; c < channels; ++c) sums[c] = 0;
  for (std::size_t i = 0; i < positions; ++i) {
    const float* row = x + i * channels;
    for (std::size_t c = 0; c < channels; ++c) sums[c] += (row[c] - mean[c]) * (row[c] - mean[c]);
  }
}

MURM_CLONES void normalise(std::size_t positions, std::size_t channels, const Normalisation& norm,
                           const float* __restrict x, const float* __restrict residual,
                           float* __restrict y) {
  const Normalisation by = norm;
  for (std::size_t i = 0; i < positions; ++i) {
    const std::size_t at = i * channels;
    for (std::size_t c = 0; c < channels; ++c)
      y[at + c] = (x[at + c] - by.mean[c]) * by.factor[c] + by.shift[c];
    if (residual != nullptr) {
      for (std::size_t c = 0; c < channels; ++c) y[at + c] += residual[at + c];
    }
    if (by.relu) {
      for (std::size_t c = 0; c < channels; ++c) y[at + c] = y[at + c] <= 0.0F ? 0.0F : y[at + c];
    }
  }
}

MURM_CLONES void gradient_sums(std::size_t positions, std::size_t channels,
                               const float* __restrict x, const float* __restrict mean,
                               const float* __restrict y, float* __restrict dy,
                               float* __restrict sums, float* __restrict projections) {
  for (std::size_t c = 0; c < channels; ++c) sums[c] = projections[c] = 0;
  for (std::size_t i = 0; i < positions; ++i) {
    const std::size_t at = i * channels;
    if (y != nullptr) {
      for (std::size_t c = 0; c < channels; ++c) dy[at + c] = y[at + c] <= 0.0F ? 0.0F : dy[at + c];
    }
    for (std::size_t c = 0; c < channels; ++c) {
      sums[c] += dy[at + c];
      projections[c] += dy[at + c] * (x[at + c] - mean[c]);
    }
  }
}

MURM_CLONES void norm_gradient(std::size_t positions, std::size_t channels,
                               const NormGradient& gradient, const float* __restrict x,
                               const float* __restrict dy, float* __restrict dx) {
  const NormGradient by = gradient;
  for (std::size_t i = 0; i < positions; ++i) {
    const std::size_t at = i * channels;
    for (std::size_t c = 0; c < channels; ++c) {
      dx[at + c] = dy[at + c] * by.factor[c] - (x[at + c] - by.mean[c]) * by.slope[c] - by.level[c];
    }
  }
}

}  // namespace murm::host
