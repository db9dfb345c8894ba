#include "models/evaluation.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/device_inputs.hpp"

namespace murm {

Evaluation evaluate(const EvaluatorParts& parts, std::span<const float> parameters) {
  Objective& objective = *parts.objective;
  const Dataset& data = *parts.data;
  DeviceInputs inputs(*parts.device, objective, data);
  const std::span<const float> there = inputs.parameters(parameters);
  const std::size_t batch_max = objective.batch_max();
  const std::size_t width = data.features();
  const std::size_t targets = data.targets();
  std::vector<float> features(batch_max * width);
  std::vector<std::int32_t> labels(batch_max * targets);
  double loss = 0;
  std::uint64_t correct = 0;
  for (std::size_t done = 0; done < data.size(); done += batch_max) {
    const std::size_t count = std::min(batch_max, data.size() - done);
    for (std::size_t i = 0; i < count; ++i) {
      data.read(done + i, std::span(features).subspan(i * width, width),
                std::span(labels).subspan(i * targets, targets));
    }
    const Batch batch{std::span(features).first(count * width),
                      std::span(labels).first(count * targets), 0, targets};
    const BatchResult result = objective.evaluate(there, inputs.batch(batch));
    loss += result.loss_sum;
    correct += result.correct;
  }
  const auto size = static_cast<double>(data.size());
  Evaluation evaluation;
  evaluation.loss = loss / size;
  if (data.classes() > 0) {
    evaluation.accuracy = static_cast<double>(correct) / (size * static_cast<double>(targets));
  }
  return evaluation;
}

}  // namespace murm
