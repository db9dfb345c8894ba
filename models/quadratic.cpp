#include "models/quadratic.hpp"

#include <cmath>
#include <string>

#include "algorithms/random.hpp"
#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

// Positions stay below this: the streams of the noise never meet that of the initial parameters.
constexpr std::uint64_t kNoiseStreams = std::uint64_t{1} << 63U;

}  // namespace

Quadratic::Quadratic(const QuadraticOptions& options, std::size_t batch_max)
    : seed_(options.seed),
      noise_(static_cast<float>(options.noise)),
      batch_max_(batch_max),
      eigenvalues_(options.dim),
      layout_(vector_layout(options.dim)) {
  MURM_ASSERT(options.dim > 0, "dim");
  MURM_ASSERT(options.condition >= 1, std::to_string(options.condition));
  MURM_ASSERT(options.noise >= 0, std::to_string(options.noise));
  MURM_ASSERT(batch_max > 0, "batch_max");
  const double last = options.dim > 1 ? static_cast<double>(options.dim - 1) : 1;
  for (std::size_t i = 0; i < options.dim; ++i) {
    eigenvalues_[i] = static_cast<float>(
        std::pow(options.condition, -static_cast<double>(i) / last));
  }
}

void Quadratic::initialize(std::uint64_t seed, std::span<float> parameters) const {
  MURM_ASSERT(parameters.size() == parameter_count(), std::to_string(parameters.size()));
  fill_normal(seed, parameters);
}

BatchResult Quadratic::gradient(std::span<const float> parameters, const Batch& batch,
                                std::span<float> gradient) {
  MURM_ASSERT(gradient.size() == parameter_count(), std::to_string(gradient.size()));
  const BatchResult result = evaluate(parameters, batch);
  const auto samples = static_cast<float>(batch.size());
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    gradient[i] = samples * (eigenvalues_[i] * parameters[i]);
  }
  if (noise_ == 0) return result;
  for (std::size_t s = 0; s < batch.size(); ++s) {
    Random random(seed_, kNoiseStreams | (batch.position + s));
    for (float& value : gradient) value += noise_ * random.normal();
  }
  return result;
}

BatchResult Quadratic::evaluate(std::span<const float> parameters, const Batch& batch) {
  MURM_ASSERT(parameters.size() == parameter_count(), std::to_string(parameters.size()));
  MURM_ASSERT(batch.size() > 0, "empty batch");
  MURM_ASSERT(batch.size() <= batch_max_, std::to_string(batch.size()));
  double sum = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const double x = parameters[i];
    sum += static_cast<double>(eigenvalues_[i]) * x * x;
  }
  return {.loss_sum = 0.5 * sum * static_cast<double>(batch.size()), .correct = 0};
}

}  // namespace murm
