// A small problem on pictures, and checks of an objective against a loss in double precision.
// Room: tests. Knows the Objective contract; no layer.
// Caller: tests/unit/models/lenet_test, tests/unit/models/resnet_test.
#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "algorithms/random.hpp"
#include "models/objective.hpp"
#include "models/picture.hpp"
#include "tests/catch.hpp"
#include "tests/unit/gpu/image_reference.hpp"

namespace murm {

struct PictureProblem {
  PictureShape shape;
  std::size_t classes;
  std::vector<float> features;
  std::vector<std::int32_t> labels;

  PictureProblem(const PictureShape& picture, std::size_t class_count, std::size_t samples)
      : shape(picture), classes(class_count) {
    Random random(11, 0);
    for (std::size_t i = 0; i < samples * shape.features(); ++i)
      features.push_back(random.uniform(-1.0F, 1.0F));
    for (std::size_t i = 0; i < samples; ++i)
      labels.push_back(
          static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(classes))));
  }
  Batch batch(std::size_t from, std::size_t count) const {
    return {std::span(features).subspan(from * shape.features(), count * shape.features()),
            std::span(labels).subspan(from, count)};
  }
  Batch all() const { return batch(0, labels.size()); }
};

/// A tensor of the flat vector, by name.
inline Doubles tensor_of(const std::vector<ParameterTensor>& layout, const Doubles& parameters,
                         const std::string& name) {
  for (const ParameterTensor& tensor : layout) {
    if (tensor.name != name) continue;
    const auto first = parameters.begin() + static_cast<std::ptrdiff_t>(tensor.offset);
    return {first, first + static_cast<std::ptrdiff_t>(tensor.size())};
  }
  FAIL("no tensor " << name);
  return {};
}

/// x[n,in] w[out,in]^T + bias
inline Doubles reference_linear(const Doubles& x, const Doubles& w, const Doubles& bias) {
  const std::size_t out = bias.size();
  const std::size_t in = w.size() / out;
  Doubles y(x.size() / in * out);
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = bias[i % out];
    for (std::size_t k = 0; k < in; ++k) y[i] += x[i / out * in + k] * w[i % out * in + k];
  }
  return y;
}

inline double reference_cross_entropy(const Doubles& logits,
                                      const std::vector<std::int32_t>& labels) {
  const std::size_t classes = logits.size() / labels.size();
  double loss = 0;
  for (std::size_t s = 0; s < labels.size(); ++s) {
    double sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += std::exp(logits[s * classes + c]);
    loss += std::log(sum) - logits[s * classes + static_cast<std::size_t>(labels[s])];
  }
  return loss;
}

/// Checks the loss, and for each tensor the gradient at up to `places` places against central differences, in parts
/// of the tensor's largest. A difference over a kink tells nothing, so that a few may be wrong: the step is small.
template <class Loss>
void check_gradient(Objective& model, const PictureProblem& problem,
                    const std::vector<float>& parameters, std::size_t places, Loss&& loss) {
  std::vector<float> gradient(model.parameter_count(), -7.0F);
  const BatchResult result = model.gradient(parameters, problem.all(), gradient);
  Doubles p(parameters.begin(), parameters.end());
  CHECK(result.loss_sum == Approx(loss(p)).epsilon(1e-5));
  for (const ParameterTensor& tensor : model.layout()) {
    double worst = 0;
    double largest = 0;
    for (std::size_t i = 0; i < tensor.size(); ++i)
      largest = std::max(largest, std::abs(static_cast<double>(gradient[tensor.offset + i])));
    const std::size_t stride = std::max<std::size_t>(1, tensor.size() / places);
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); i += stride) {
      constexpr double h = 1e-7;
      const double kept = p[i];
      p[i] = kept + h;
      const double above = loss(p);
      p[i] = kept - h;
      const double below = loss(p);
      p[i] = kept;
      const double slope = (above - below) / (2 * h);
      worst = std::max(worst, std::abs(slope - static_cast<double>(gradient[i])));
    }
    INFO(tensor.name);
    CHECK(largest > 0);
    CHECK(worst < 1e-4 * largest);
  }
}

/// Checks that a model of small tiles tells what one of a single tile does.
inline void check_tiles(Objective& whole, Objective& tiled, const PictureProblem& problem,
                        const std::vector<float>& parameters) {
  std::vector<float> expected(parameters.size()), found(parameters.size(), -7.0F);
  const BatchResult a = whole.gradient(parameters, problem.all(), expected);
  const BatchResult b = tiled.gradient(parameters, problem.all(), found);
  CHECK(a.loss_sum == Approx(b.loss_sum).epsilon(1e-6));
  CHECK(a.correct == b.correct);
  const BatchResult c = tiled.evaluate(parameters, problem.all());
  CHECK(c.loss_sum == b.loss_sum);
  CHECK(c.correct == b.correct);
  double worst = 0;
  double largest = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    worst = std::max(worst, static_cast<double>(std::abs(found[i] - expected[i])));
    largest = std::max(largest, static_cast<double>(std::abs(expected[i])));
  }
  CHECK(worst < 1e-5 * largest);
  CHECK(tiled.workspace_bytes() < whole.workspace_bytes());
}

}  // namespace murm
