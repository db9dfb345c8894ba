#include "gpu/host/kernels.hpp"

#include <atomic>
#include <bit>
#include <cmath>

// Compiled once per vector unit and chosen when the program is loaded. Multiply-add contraction is off in the
// whole tree, so every clone rounds alike. Sanitizers are not yet up when the choice is made: no clones there.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define MURM_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define MURM_CLONES
#endif

namespace murm::host {

MURM_CLONES void axpy(std::size_t n, float a, const float* x, float* y) {
  for (std::size_t i = 0; i < n; ++i) y[i] += a * x[i];
}

void axpy_shared(std::size_t n, float a, const float* x, float* y) {
  for (std::size_t i = 0; i < n; ++i) {
    std::atomic_ref<float>(y[i]).fetch_add(a * x[i], std::memory_order_relaxed);
  }
}

MURM_CLONES void scale(std::size_t n, float a, float* x) {
  for (std::size_t i = 0; i < n; ++i) x[i] *= a;
}

MURM_CLONES void add_squares(std::size_t position, std::size_t n, const float* x,
                             SquareSums& sums) {
  std::size_t i = 0;
  for (; i < n && (position + i) % square_lanes != 0; ++i) {
    sums[(position + i) % square_lanes] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  SquareSums local = sums;
  for (; i + square_lanes <= n; i += square_lanes) {
    for (std::size_t lane = 0; lane < square_lanes; ++lane) {
      const auto value = static_cast<double>(x[i + lane]);
      local[lane] += value * value;
    }
  }
  sums = local;
  for (; i < n; ++i) {
    sums[(position + i) % square_lanes] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
}

double square_root_of(const SquareSums& sums) {
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

MURM_CLONES void optimizer_step(const OptimizerStep& step, std::size_t n,
                                const float* __restrict gradient, float* __restrict x,
                                float* __restrict first, float* __restrict second) {
  const OptimizerStep s = step;
  switch (s.kind) {
    case OptimizerKind::sgd:
      for (std::size_t i = 0; i < n; ++i) sgd_element(s, x[i], gradient[i]);
      return;
    case OptimizerKind::momentum:
      for (std::size_t i = 0; i < n; ++i) momentum_element(s, x[i], gradient[i], first[i]);
      return;
    case OptimizerKind::nesterov:
      for (std::size_t i = 0; i < n; ++i) nesterov_element(s, x[i], gradient[i], first[i]);
      return;
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      for (std::size_t i = 0; i < n; ++i) adam_element(s, x[i], gradient[i], first[i], second[i]);
      return;
    case OptimizerKind::adagrad:
      for (std::size_t i = 0; i < n; ++i) adagrad_element(s, x[i], gradient[i], first[i]);
      return;
    case OptimizerKind::lars:
    case OptimizerKind::lamb:
      break;
  }
}

MURM_CLONES void compensate(const Compensation& rule, std::size_t n, const float* gradient,
                            const float* now, const float* read, float* __restrict mean_square,
                            float* __restrict out) {
  const Compensation c = rule;
  if (mean_square == nullptr) {
    for (std::size_t i = 0; i < n; ++i) out[i] = compensated(c, gradient[i], now[i], read[i]);
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      out[i] = compensated(c, gradient[i], now[i], read[i], mean_square[i]);
    }
  }
}

MURM_CLONES void lars_step(const OptimizerStep& step, float rate, std::size_t n,
                           const float* __restrict gradient, float* __restrict x,
                           float* __restrict m) {
  const OptimizerStep s = step;
  for (std::size_t i = 0; i < n; ++i) lars_element(s, rate, x[i], gradient[i], m[i]);
}

MURM_CLONES void lamb_moments(const OptimizerStep& step, std::size_t position, std::size_t n,
                              const float* __restrict gradient, const float* __restrict x,
                              float* __restrict m, float* __restrict v, SquareSums& sums) {
  constexpr std::size_t piece_max = 512;
  const OptimizerStep s = step;
  std::array<float, piece_max> direction;
  for (std::size_t done = 0; done < n; done += piece_max) {
    const std::size_t count = n - done < piece_max ? n - done : piece_max;
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t i = done + k;
      murm::lamb_moments(s, gradient[i], m[i], v[i]);
      direction[k] = lamb_direction(s, x[i], m[i], v[i]);
    }
    add_squares(position + done, count, direction.data(), sums);
  }
}

MURM_CLONES void lamb_step(const OptimizerStep& step, float rate, std::size_t n,
                           float* __restrict x, const float* __restrict m,
                           const float* __restrict v) {
  const OptimizerStep s = step;
  for (std::size_t i = 0; i < n; ++i) x[i] -= rate * lamb_direction(s, x[i], m[i], v[i]);
}

MURM_CLONES void column_sums(std::size_t rows, std::size_t columns, const float* __restrict x,
                             float* __restrict sums) {
  for (std::size_t j = 0; j < columns; ++j) sums[j] = x[j];
  for (std::size_t i = 1; i < rows; ++i) {
    const float* row = x + i * columns;
    for (std::size_t j = 0; j < columns; ++j) sums[j] += row[j];
  }
}

MURM_CLONES void mask(std::size_t n, const float* activation, float* x) {
  for (std::size_t i = 0; i < n; ++i) x[i] = activation[i] > 0.0F ? x[i] : 0.0F;
}

MURM_CLONES void gather_rows(std::size_t n, std::size_t width, const float* indices,
                             const float* __restrict table, float* __restrict y) {
  for (std::size_t i = 0; i < n; ++i) {
    const float* row = table + static_cast<std::size_t>(indices[i]) * width;
    for (std::size_t j = 0; j < width; ++j) y[i * width + j] = row[j];
  }
}

MURM_CLONES void scatter_rows(std::size_t n, std::size_t width, const float* indices,
                              const float* __restrict dy, float* __restrict dtable) {
  for (std::size_t i = 0; i < n; ++i) {
    float* row = dtable + static_cast<std::size_t>(indices[i]) * width;
    for (std::size_t j = 0; j < width; ++j) row[j] += dy[i * width + j];
  }
}

namespace {

/// exp(x) for x <= 0 within 2 units in the last place (Cephes expf): x = k ln 2 + r, e^r by a polynomial.
/// Plain arithmetic, so that loops over it vectorise and every machine rounds alike. NaN stays NaN.
inline float exp_not_positive(float x) {
  const float clamped = x < -87.0F ? -87.0F : x;
  constexpr float round_to_integer =
      12582912.0F;  // 1.5 * 2^23: adding it leaves the integer in the low bits
  const float shifted = clamped * 1.44269504F + round_to_integer;
  const float k = shifted - round_to_integer;
  const float r = (clamped - k * 0.693359375F) - k * -2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const float e = (p * (r * r) + r) + 1.0F;
  const std::uint32_t exponent = std::bit_cast<std::uint32_t>(shifted) << 23U;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(e) + exponent);
}

}  // namespace

MURM_CLONES void cross_entropy_row(std::size_t classes, const float* logits, std::size_t label,
                                   float* __restrict scratch, float* gradient,
                                   Device::CrossEntropy& result) {
  std::size_t argmax = 0;
  for (std::size_t c = 1; c < classes; ++c) argmax = logits[c] > logits[argmax] ? c : argmax;
  const float top = logits[argmax];
  const float at_label = logits[label];
  for (std::size_t c = 0; c < classes; ++c) scratch[c] = exp_not_positive(logits[c] - top);
  double sum = 0;
  for (std::size_t c = 0; c < classes; ++c) sum += static_cast<double>(scratch[c]);
  result.loss_sum += std::log(sum) - (static_cast<double>(at_label) - static_cast<double>(top));
  result.correct += argmax == label && !std::isnan(sum) ? 1U : 0U;
  if (gradient == nullptr) return;
  const auto inverse = static_cast<float>(1.0 / sum);
  for (std::size_t c = 0; c < classes; ++c) gradient[c] = scratch[c] * inverse;
  gradient[label] -= 1.0F;
}

}  // namespace murm::host
