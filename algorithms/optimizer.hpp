// Optimizers: gradient -> update, one pass over memory.
// Room: algorithms. Element-wise bodies compile for host and CUDA alike; devices only loop over them.
// Caller: aggregator machines (through Context), gpu/host. Source: algorithms guide, section 1; PyTorch forms.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "algorithms/host_device.hpp"

namespace murm {

enum class OptimizerKind : std::uint8_t { sgd, momentum, nesterov, adam, adamw };

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::sgd;
  double momentum = 0.9;      // momentum, nesterov
  double beta1 = 0.9;         // adam, adamw
  double beta2 = 0.999;       // adam, adamw
  double epsilon = 1e-8;      // adam, adamw
  double weight_decay = 0.0;  // L2 term added to the gradient; adamw: decoupled
};

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

}  // namespace murm
