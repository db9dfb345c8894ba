// Optimizers: gradient -> update, one pass over memory; two where a norm of each tensor comes first.
// Room: algorithms. Element-wise bodies compile for host and CUDA alike; devices only loop over them.
// Caller: aggregator machines (through Context), gpu/host. Source: algorithms guide, section 1; PyTorch forms.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "algorithms/host_device.hpp"

namespace murm {

enum class OptimizerKind : std::uint8_t {
  sgd,
  momentum,
  nesterov,
  adam,
  adamw,
  adagrad,
  lars,
  lamb
};

/// A tensor within the vector that is optimized, for the kinds that take a norm of each.
struct OptimizerBlock {
  std::size_t offset = 0;
  std::size_t length = 0;
  bool adapt = true;  // false: steps as if its trust ratio were 1
  friend bool operator==(const OptimizerBlock&, const OptimizerBlock&) = default;
};

/// The parts of `blocks` in a range of the vector, with offsets within the range. A cut tensor is judged by its
/// parts alone: each has norms of its own.
std::vector<OptimizerBlock> blocks_within(std::span<const OptimizerBlock> blocks,
                                          std::size_t offset, std::size_t length);

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::sgd;
  double momentum = 0.9;      // momentum, nesterov, lars
  double beta1 = 0.9;         // adam, adamw, lamb
  double beta2 = 0.999;       // adam, adamw, lamb
  double epsilon = 1e-8;      // adam, adamw, adagrad, lamb: default_epsilon
  double weight_decay = 0.0;  // L2 term added to the gradient; adamw, lamb: decoupled
  double trust = 0.001;       // lars
  /// lars, lamb: cover the vector, in order, without gaps; none: the whole vector is one.
  std::vector<OptimizerBlock> blocks{};
};

double default_epsilon(OptimizerKind kind);

/// Whether a step needs norms of each block before it can change anything.
constexpr bool takes_norms(OptimizerKind kind) {
  return kind == OptimizerKind::lars || kind == OptimizerKind::lamb;
}

/// Tensors of state an optimizer keeps beside the parameters, each as long as they are.
std::size_t optimizer_state_count(OptimizerKind kind);

/// Everything one step needs besides the tensors; computed once per step in double precision.
struct OptimizerStep {
  OptimizerKind kind = OptimizerKind::sgd;
  float gradient_scale = 1;  // multiplies the gradient: 1 / samples, as gradients travel as sums
  float learning_rate = 0;
  float momentum = 0;
  float beta1 = 0;
  float beta2 = 0;
  float epsilon = 0;
  float weight_decay = 0;
  float correction1 = 1;  // 1 / (1 - beta1^t)
  float correction2 = 1;  // 1 / (1 - beta2^t)
  double trust = 0;
  std::span<const OptimizerBlock> blocks{};  // those of the options: they outlive the step
};

/// `update` counts from 1: the number of this optimizer step on its shard.
OptimizerStep make_optimizer_step(const OptimizerOptions& options, double learning_rate,
                                  double gradient_scale, std::uint64_t update);

/// SGD:      x <- x - lr (g + wd x)
MURM_HOST_DEVICE inline void sgd_element(const OptimizerStep& s, float& x, float gradient) {
  const float g = gradient * s.gradient_scale + s.weight_decay * x;
  x -= s.learning_rate * g;
}

/// Momentum: m <- mu m + g; x <- x - lr m            (PyTorch form: lr outside the buffer)
MURM_HOST_DEVICE inline void momentum_element(const OptimizerStep& s, float& x, float gradient,
                                              float& m) {
  const float g = gradient * s.gradient_scale + s.weight_decay * x;
  m = s.momentum * m + g;
  x -= s.learning_rate * m;
}

/// Nesterov: m <- mu m + g; x <- x - lr (g + mu m)   (PyTorch form)
MURM_HOST_DEVICE inline void nesterov_element(const OptimizerStep& s, float& x, float gradient,
                                              float& m) {
  const float g = gradient * s.gradient_scale + s.weight_decay * x;
  m = s.momentum * m + g;
  x -= s.learning_rate * (g + s.momentum * m);
}

/// Adam (Kingma & Ba 2015, Algorithm 1); AdamW decays x first, by lr * wd (Loshchilov & Hutter 2019).
MURM_HOST_DEVICE inline void adam_element(const OptimizerStep& s, float& x, float gradient,
                                          float& m, float& v) {
  const bool decoupled = s.kind == OptimizerKind::adamw;
  float g = gradient * s.gradient_scale;
  if (decoupled) {
    x -= s.learning_rate * s.weight_decay * x;
  } else {
    g += s.weight_decay * x;
  }
  m = s.beta1 * m + (1.0F - s.beta1) * g;
  v = s.beta2 * v + (1.0F - s.beta2) * g * g;
  x -= s.learning_rate * (m * s.correction1) / (std::sqrt(v * s.correction2) + s.epsilon);
}

/// Adagrad (Duchi, Hazan & Singer 2011, diagonal form): a <- a + g^2; x <- x - lr g / (sqrt(a) + eps), a from 0.
MURM_HOST_DEVICE inline void adagrad_element(const OptimizerStep& s, float& x, float gradient,
                                             float& a) {
  const float g = gradient * s.gradient_scale + s.weight_decay * x;
  a += g * g;
  x -= s.learning_rate * g / (std::sqrt(a) + s.epsilon);
}

/// LARS (You, Gitman & Ginsburg 2017, Algorithm 1): r = trust |x| / (|g| + wd |x|), per block;
/// m <- mu m + lr r (g + wd x); x <- x - m. Deviation: r = 1 where either is 0.
MURM_HOST_DEVICE inline double lars_ratio(const OptimizerStep& step, double parameter_norm,
                                          double gradient_norm) {
  const double below = gradient_norm + static_cast<double>(step.weight_decay) * parameter_norm;
  return parameter_norm > 0 && below > 0 ? step.trust * parameter_norm / below : 1.0;
}
/// `rate`: lr r
MURM_HOST_DEVICE inline void lars_element(const OptimizerStep& s, float rate, float& x,
                                          float gradient, float& m) {
  const float g = gradient * s.gradient_scale + s.weight_decay * x;
  m = s.momentum * m + rate * g;
  x -= m;
}

/// LAMB (You et al. 2020, Algorithm 2): m, v as Adam; u = m' / (sqrt(v') + eps) + wd x, bias-corrected;
/// x <- x - lr (phi(|x|) / |u|) u per block, phi(z) = min(z, 10). Deviation: the ratio is 1 where a norm is 0.
MURM_HOST_DEVICE inline double lamb_ratio(double parameter_norm, double direction_norm) {
  constexpr double parameter_norm_max = 10;
  if (!(parameter_norm > 0) || !(direction_norm > 0)) return 1.0;
  return (parameter_norm < parameter_norm_max ? parameter_norm : parameter_norm_max) /
         direction_norm;
}
MURM_HOST_DEVICE inline void lamb_moments(const OptimizerStep& s, float gradient, float& m,
                                          float& v) {
  const float g = gradient * s.gradient_scale;
  m = s.beta1 * m + (1.0F - s.beta1) * g;
  v = s.beta2 * v + (1.0F - s.beta2) * g * g;
}
MURM_HOST_DEVICE inline float lamb_direction(const OptimizerStep& s, float x, float m, float v) {
  return (m * s.correction1) / (std::sqrt(v * s.correction2) + s.epsilon) + s.weight_decay * x;
}

/// lr r of a block of lars or lamb, r = 1 unless it adapts. `direction_norm`: of the gradient as it came (lars), or of
/// the direction (lamb).
MURM_HOST_DEVICE inline float block_rate(const OptimizerStep& s, bool adapt, double parameter_norm,
                                         double direction_norm) {
  double ratio = 1;
  if (adapt && s.kind == OptimizerKind::lamb) ratio = lamb_ratio(parameter_norm, direction_norm);
  if (adapt && s.kind == OptimizerKind::lars) {
    const double scale = std::fabs(static_cast<double>(s.gradient_scale));
    ratio = lars_ratio(s, parameter_norm, scale * direction_norm);
  }
  return static_cast<float>(static_cast<double>(s.learning_rate) * ratio);
}

}  // namespace murm
