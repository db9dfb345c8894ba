// A noisy quadratic: f(x) = 1/2 sum_i lambda_i x_i^2, with lambda_i falling geometrically from 1 to 1/condition.
// Room: models. Plain loops over host memory; needs no data, only the position of a sample.
// Caller: models/objective_factory. Reference: under a constant delay d, steps below
// 2 sin(pi / (2 (2d + 1))) are stable.
#pragma once
#include <vector>

#include "models/objective.hpp"

namespace murm {

struct QuadraticOptions {
  std::size_t dim = 1000;
  double condition = 100;  // largest over smallest eigenvalue, at least 1
  double noise = 0;        // standard deviation of a sample's gradient, per coordinate
  std::uint64_t seed = 1;  // of the noise
};

/// The largest eigenvalue is 1, so a learning rate counts in units of 1/L. The gradient of the sample at
/// position p is lambda_i x_i + noise * xi_i; xi is standard normal and a pure function of (seed, p, i).
/// The loss of a sample is f(x), without noise; nothing is ever `correct`.
/// Thread: one at a time.   Cost: a normal number per sample and parameter, or none without noise; no allocation.
class Quadratic final : public Objective {
 public:
  /// Requires: dim > 0, condition >= 1, noise >= 0, batch_max > 0 (asserted).
  Quadratic(const QuadraticOptions& options, std::size_t batch_max);

  std::span<const ParameterTensor> layout() const override { return layout_; }
  std::size_t parameter_count() const override { return eigenvalues_.size(); }
  std::size_t batch_max() const override { return batch_max_; }
  /// Standard normal.
  void initialize(std::uint64_t seed, std::span<float> parameters) const override;
  BatchResult gradient(std::span<const float> parameters, const Batch& batch,
                       std::span<float> gradient) override;
  BatchResult evaluate(std::span<const float> parameters, const Batch& batch) override;

  std::span<const float> eigenvalues() const { return eigenvalues_; }  // falling

 private:
  std::uint64_t seed_;
  float noise_;
  std::size_t batch_max_;
  std::vector<float> eigenvalues_;
  std::vector<ParameterTensor> layout_;
};

}  // namespace murm
