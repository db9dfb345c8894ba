#include "actors/evaluator.hpp"

#include <algorithm>

namespace murm {

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
        return evaluate(*parts, *flat);
      },
  };
}

}  // namespace murm
