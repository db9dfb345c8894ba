// Consensus: no gradient at all. What moves the parameters then is the averaging of an algorithm alone.
// Room: models. Plain loops over host memory; needs no data.
// Caller: models/objective_factory.
#pragma once
#include <vector>

#include "models/objective.hpp"

namespace murm {

/// Gradient and loss are 0 everywhere. Thread: one at a time; nothing is allocated after construction.
class Consensus final : public Objective {
 public:
  /// Requires: dim > 0, batch_max > 0 (asserted).
  Consensus(std::size_t dim, std::size_t batch_max);

  std::span<const ParameterTensor> layout() const override { return layout_; }
  std::size_t parameter_count() const override { return layout_.front().size(); }
  std::size_t batch_max() const override { return batch_max_; }
  /// Standard normal: replicas that start from different seeds start apart.
  void initialize(std::uint64_t seed, std::span<float> parameters) const override;
  BatchResult gradient(std::span<const float> parameters, const Batch& batch,
                       std::span<float> gradient) override;
  BatchResult evaluate(std::span<const float> parameters, const Batch& batch) override;

 private:
  std::size_t batch_max_;
  std::vector<ParameterTensor> layout_;
};

}  // namespace murm
