#include "models/evaluation.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace murm {

Evaluation evaluate(Objective& objective, const Dataset& data, std::span<const float> parameters) {
  const std::size_t batch_max = objective.batch_max();
  std::vector<float> features(batch_max * data.features);
  std::vector<std::int32_t> labels(batch_max);
  double loss = 0;
  std::uint64_t correct = 0;
  for (std::size_t done = 0; done < data.size(); done += batch_max) {
    const std::size_t count = std::min(batch_max, data.size() - done);
    for (std::size_t i = 0; i < count; ++i) {
      data.read(done + i, std::span<float>(features).subspan(i * data.features, data.features));
      labels[i] = data.labels[done + i];
    }
    const Batch batch{std::span<const float>(features).first(count * data.features),
                      std::span<const std::int32_t>(labels).first(count), 0};
    const BatchResult result = objective.evaluate(parameters, batch);
    loss += result.loss_sum;
    correct += result.correct;
  }
  const auto size = static_cast<double>(data.size());
  Evaluation evaluation;
  evaluation.loss = loss / size;
  if (data.classes > 0) evaluation.accuracy = static_cast<double>(correct) / size;
  return evaluation;
}

}  // namespace murm
