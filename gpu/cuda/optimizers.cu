#include "gpu/cuda/optimizers.hpp"

#include "gpu/cuda/elements.hpp"

namespace murm::cuda {

void scale(cudaStream_t stream, std::size_t n, float a, float* x) {
  for_each_number(
      stream, n, [=] __device__(float& value) { value *= a; }, Updated{x});
}

void optimizer_step(cudaStream_t stream, const OptimizerStep& step, std::size_t n,
                    const float* gradient, float* x, float* first, float* second,
                    float* workspace) {
  const OptimizerStep s = step;
  const auto update = [&](auto body, auto... states) {
    for_each_number(stream, n, body, Updated{x}, Read{gradient}, states...);
  };
  switch (s.kind) {
    case OptimizerKind::sgd:
      return update([=] __device__(float& p, float g) { sgd_element(s, p, g); });
    case OptimizerKind::momentum:
      return update([=] __device__(float& p, float g, float& m) { momentum_element(s, p, g, m); },
                    Updated{first});
    case OptimizerKind::nesterov:
      return update([=] __device__(float& p, float g, float& m) { nesterov_element(s, p, g, m); },
                    Updated{first});
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      return update(
          [=] __device__(float& p, float g, float& m, float& v) { adam_element(s, p, g, m, v); },
          Updated{first}, Updated{second});
    case OptimizerKind::adagrad:
      return update([=] __device__(float& p, float g, float& a) { adagrad_element(s, p, g, a); },
                    Updated{first});
    case OptimizerKind::lars:
    case OptimizerKind::lamb:
      return block_optimizer_step(stream, s, n, gradient, x, first, second, workspace);
  }
}

void compensate(cudaStream_t stream, const Compensation& rule, std::size_t n, const float* gradient,
                const float* now, const float* read, float* mean_square, float* out) {
  const Compensation c = rule;
  if (mean_square == nullptr) {
    for_each_number(
        stream, n,
        [=] __device__(float& to, float g, float x, float before) {
          to = compensated(c, g, x, before);
        },
        Written{out}, Read{gradient}, Read{now}, Read{read});
  } else {
    for_each_number(
        stream, n,
        [=] __device__(float& to, float g, float x, float before, float& square) {
          to = compensated(c, g, x, before, square);
        },
        Written{out}, Read{gradient}, Read{now}, Read{read}, Updated{mean_square});
  }
}

}  // namespace murm::cuda
