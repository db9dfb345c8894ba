#include "actors/virtual/numbers.hpp"

#include <algorithm>

namespace murm {

Numbers::Numbers(const JobPlan& plan, std::shared_ptr<const Dataset> test)
    : seed_(plan.job.job.seed),
      lane_(make_lane_factory(plan.job)()),
      evaluator_(make_evaluator_factory(plan.job, std::move(test))()),
      initial_(initial_parameters(plan.job, plan.shape)) {}

Tensor Numbers::initial(std::size_t offset, std::size_t length) {
  Tensor tensor = device_.allocate(length);
  std::copy_n(initial_.begin() + static_cast<std::ptrdiff_t>(offset), length,
              host_span(tensor).begin());
  return tensor;
}

Evaluation Numbers::evaluate_at(std::span<const float> parameters) {
  return evaluate(evaluator_, parameters);
}

std::vector<float> Numbers::random_replica(std::uint32_t slot) const {
  std::vector<float> replica(evaluator_.objective->parameter_count());
  evaluator_.objective->initialize(seed_ + 1 + slot, replica);
  return replica;
}

void flatten(const std::vector<Tensor>& parts, std::vector<float>& flat) {
  flat.clear();
  for (const Tensor& part : parts) {
    for_each_run(part, [&](const float* data, std::size_t /*offset*/, std::size_t length) {
      flat.insert(flat.end(), data, data + length);
    });
  }
}

}  // namespace murm
