// Delayed Nesterov: single pseudo-gradients move the parameters as they come, the momentum waits for N of them.
// Room: algorithms. One optimizer's memory; whose pseudo-gradients they are is the caller's business.
// Caller: local_update/async_local, local_update/halos. Source: Liu et al. 2024, Algorithm 3, arXiv:2401.09135.
#pragma once
#include <string>

#include "algorithms/machine.hpp"

namespace murm {

struct DelayedNesterovRule {
  double lr = 0.7;
  double momentum = 0.9;
  std::uint64_t period = 1;  // N: pushes between two uses of the momentum
};

/// On a pseudo-gradient g: D <- D + g; on every N-th: m <- mu m + D / N, x <- x - lr (mu m + g / N), D <- 0; on the
/// others x <- x - lr g / N. The paper's c is 0, as it recommends. With N = 1 it is Nesterov's outer step.
class DelayedNesterov {
 public:
  explicit DelayedNesterov(DelayedNesterovRule rule) : rule_(rule) {}

  void start(std::size_t length, Context& context);
  /// g is `unit` times `push`.
  void step(const Tensor& x, double unit, const Tensor& push, Context& context);

  const DelayedNesterovRule& rule() const { return rule_; }
  void save(const std::string& prefix, MachineState& state) const;
  void load(const std::string& prefix, const MachineState& state, Context& context);

 private:
  DelayedNesterovRule rule_;
  Tensor momentum_;  // m
  Tensor sum_;       // D
  std::uint64_t pushes_ = 0;
};

}  // namespace murm
