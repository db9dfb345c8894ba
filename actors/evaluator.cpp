#include "actors/evaluator.hpp"

#include <algorithm>

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
                      std::span<const std::int32_t>(labels).first(count)};
    const BatchResult result = objective.evaluate(parameters, batch);
    loss += result.loss_sum;
    correct += result.correct;
  }
  const double size = static_cast<double>(data.size());
  return Evaluation{loss / size, static_cast<double>(correct) / size};
}

EvaluatorActor::behavior_type evaluator(EvaluatorActor::pointer /*self*/,
                                        std::function<EvaluatorParts()> make) {
  auto parts = std::make_shared<EvaluatorParts>(make());
  auto flat = std::make_shared<std::vector<float>>(parts->objective->parameter_count());
  return {
      [parts, flat](const EvaluationRequest& request) {
        std::size_t start = 0;
        for (const Tensor& part : request.parameters) {
          for_each_run(part, [&](const float* data, std::size_t offset, std::size_t length) {
            std::copy_n(data, length, flat->data() + start + offset);
          });
          start += part.length();
        }
        return evaluate(*parts->objective, *parts->data, *flat);
      },
  };
}

}  // namespace murm
