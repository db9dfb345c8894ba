// The inner optimizer: a worker's own steps on its replica, at the rate that the run's stream of samples says.
// Room: algorithms. Its state stays with the worker and is never sent.
// Caller: the workers of the local-update family. Source: Douillard et al. 2023, Algorithm 1 (DiLoCo), inner loop.
#pragma once
#include <vector>

#include "algorithms/algorithm_options.hpp"
#include "algorithms/machine.hpp"

namespace murm {

class InnerOptimizer {
 public:
  explicit InnerOptimizer(const AlgorithmOptions& options)
      : batch_(options.batch),
        clip_(options.clip),
        optimizer_(options.optimizer),
        schedule_(options.schedule) {}

  /// One step on `replica`; clips the gradient in place where the job says so.
  void step(const GradientReady& gradient, const Tensor& replica, Context& context);
  std::uint64_t steps() const { return steps_; }  // so far

 private:
  std::uint32_t batch_;
  double clip_;
  OptimizerOptions optimizer_;
  Schedule schedule_;
  std::vector<Tensor> state_;
  std::uint64_t steps_ = 0;
};

}  // namespace murm
