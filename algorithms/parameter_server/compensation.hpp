// Delay compensation of a gradient: the first-order term of what it would be at the present parameters.
// Room: algorithms. Element-wise bodies compile for host and CUDA alike; devices only loop over them.
// Caller: dc_asgd (through Context), gpu/host. Source: Zheng et al. 2017, Algorithm 2 and section 5 (DC-ASGD-a),
// arXiv:1609.08326.
#pragma once
#include <cmath>

#include "algorithms/host_device.hpp"

namespace murm {

struct Compensation {
  float lambda = 0;
  float samples = 1;      // the gradient is a sum over them
  bool adaptive = false;  // lambda / sqrt(mean square + epsilon), for each number
  float decay = 0.95F;    // of the mean square
  float epsilon = 1e-7F;
};

/// With g the mean gradient: g + lambda g g (x - x_read), times the samples.
MURM_HOST_DEVICE inline float compensated(const Compensation& rule, float gradient, float now,
                                          float read) {
  return gradient + rule.lambda / rule.samples * gradient * gradient * (now - read);
}

/// ms <- decay ms + (1 - decay) g g first, then lambda / sqrt(ms + epsilon) in place of lambda.
MURM_HOST_DEVICE inline float compensated(const Compensation& rule, float gradient, float now,
                                          float read, float& mean_square) {
  const float g = gradient / rule.samples;
  mean_square = rule.decay * mean_square + (1.0F - rule.decay) * g * g;
  const float lambda = rule.lambda / std::sqrt(mean_square + rule.epsilon);
  return gradient + rule.samples * lambda * g * g * (now - read);
}

}  // namespace murm
