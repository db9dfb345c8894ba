#include "gpu/host/kernels.hpp"

#include <atomic>
#include <cmath>

#include "algorithms/vector_clones.hpp"
#include "gpu/bfloat.hpp"
#include "gpu/vector_math.hpp"

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

MURM_CLONES void add_column_sums(std::size_t rows, std::size_t columns, const float* __restrict x,
                                 float* __restrict sums) {
  for (std::size_t i = 0; i < rows; ++i) {
    const float* row = x + i * columns;
    for (std::size_t j = 0; j < columns; ++j) sums[j] += row[j];
  }
}

MURM_CLONES void mask(std::size_t n, const float* activation, float* x) {
  for (std::size_t i = 0; i < n; ++i) x[i] = activation[i] > 0.0F ? x[i] : 0.0F;
}

MURM_CLONES void multiply(std::size_t n, const float* __restrict factor, float* __restrict x) {
  for (std::size_t i = 0; i < n; ++i) x[i] *= factor[i];
}

MURM_CLONES void gelu(std::size_t n, float* __restrict x, float* __restrict slope) {
  if (slope == nullptr) {
    for (std::size_t i = 0; i < n; ++i) x[i] = murm::gelu(x[i]).value;
    return;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const Gelu at = murm::gelu(x[i]);
    x[i] = at.value;
    slope[i] = at.slope;
  }
}

MURM_CLONES void round_to_bfloat(std::size_t n, const float* __restrict x,
                                 std::uint16_t* __restrict rounded) {
  for (std::size_t i = 0; i < n; ++i) rounded[i] = bfloat_or_nan(x[i]);
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

MURM_CLONES void cross_entropy_row(std::size_t classes, const float* logits, std::size_t label,
                                   float scale, float* __restrict scratch, float* gradient,
                                   CrossEntropy& result) {
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
  const auto inverse = static_cast<float>(1.0 / sum) * scale;
  for (std::size_t c = 0; c < classes; ++c) gradient[c] = scratch[c] * inverse;
  gradient[label] -= scale;
}

}  // namespace murm::host
