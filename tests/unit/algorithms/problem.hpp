// A tiny linear regression in host memory, and the sequential training loop to compare with.
// Room: tests. One set of arithmetic for the world and for the loop, so that bits may be compared.
// Caller: the tests of algorithms.
#pragma once
#include <span>
#include <vector>

#include "algorithms/machine.hpp"
#include "algorithms/registry.hpp"

namespace murm::test {

using Numbers = std::vector<float>;

/// Zeros in host memory.
Tensor make_tensor(std::size_t length);
Tensor copy_of(const Tensor& source);

Numbers initial_parameters(std::size_t length);

/// Gradient sum and loss sum of `samples` samples from `position` on, with squared error halved.
/// Sums of `micro_batch` samples are made first and then added, as an accumulating worker does.
struct Problem {
  SampleCount data_set = 48;  // samples of an epoch
  std::uint32_t micro_batch = 4;
  double gradient_sum(std::span<const float> x, SampleCount position, std::uint32_t samples,
                      std::span<float> gradient) const;
};

void add(std::span<float> y, float a, std::span<const float> x);
void optimizer_step(const OptimizerStep& step, std::span<float> x, std::span<const float> gradient,
                    std::span<const Tensor> state);

/// One optimizer step for each inner list, with its gradients summed in the given order.
Numbers train_sequentially(const AlgorithmOptions& options, const Problem& problem,
                           const std::vector<std::vector<Lease>>& steps);
/// `total` samples cut into leases of `lease_samples`, `width` of them to a step.
std::vector<std::vector<Lease>> cut_steps(SampleCount total, std::uint32_t lease_samples,
                                          std::size_t width);

}  // namespace murm::test
