// Tests of the character model: its gradient against central differences of a reference in double precision.
#include "models/char_mlp.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "algorithms/random.hpp"
#include "gpu/host/host_device.hpp"
#include "models/evaluation.hpp"
#include "models/gradient_lane.hpp"
#include "models/made_up_text.hpp"
#include "tests/catch.hpp"

namespace murm {
namespace {

/// Characters drawn from few, so that one stands in a window several times; the last one never occurs.
struct Problem {
  CharMlpOptions options;
  std::vector<float> features;
  std::vector<std::int32_t> labels;

  Problem(CharMlpOptions o, std::size_t samples) : options(std::move(o)) {
    Random random(11, 0);
    const auto classes = static_cast<std::uint32_t>(options.classes);
    for (std::size_t i = 0; i < samples * options.context; ++i)
      features.push_back(static_cast<float>(random.below(classes - 1)));
    for (std::size_t i = 0; i < samples; ++i)
      labels.push_back(static_cast<std::int32_t>(random.below(classes)));
  }
  Batch batch() const { return {features, labels}; }
};

std::vector<double> dense(const std::vector<double>& x, const double* p, std::size_t out,
                          bool relu) {
  std::vector<double> y(out);
  for (std::size_t o = 0; o < out; ++o) {
    y[o] = p[out * x.size() + o];
    for (std::size_t i = 0; i < x.size(); ++i) y[o] += p[o * x.size() + i] * x[i];
    if (relu) y[o] = std::max(0.0, y[o]);
  }
  return y;
}

/// Loss summed over the batch, by plain loops.
double reference_loss(const Problem& problem, const std::vector<double>& p) {
  const CharMlpOptions& o = problem.options;
  double loss = 0;
  for (std::size_t s = 0; s < problem.labels.size(); ++s) {
    std::vector<double> x;
    for (std::size_t k = 0; k < o.context; ++k) {
      const auto code = static_cast<std::size_t>(problem.features[s * o.context + k]);
      for (std::size_t e = 0; e < o.embedding; ++e) x.push_back(p[code * o.embedding + e]);
    }
    const double* at = p.data() + o.classes * o.embedding;
    for (const std::size_t width : o.hidden) {
      const std::size_t used = width * x.size() + width;
      x = dense(x, at, width, true);
      at += used;
    }
    x = dense(x, at, o.classes, false);
    double sum = 0;
    for (const double v : x) sum += std::exp(v);
    loss += std::log(sum) - x[static_cast<std::size_t>(problem.labels[s])];
  }
  return loss;
}

TEST_CASE(
    "the gradient of a character model matches central differences, that of its embedding too") {
  const std::vector<std::vector<std::size_t>> all_hidden{{}, {7}, {8, 6}};
  const Problem problem(
      {.context = 4, .classes = 5, .embedding = 3, .hidden = GENERATE_COPY(from_range(all_hidden))},
      6);
  HostDevice device;
  CharMlp model(device, problem.options, 6);
  std::vector<float> parameters(model.parameter_count()), gradient(model.parameter_count(), 9.0F);
  model.initialize(3, parameters);
  const BatchResult result = model.gradient(parameters, problem.batch(), gradient);
  std::vector<double> p(parameters.begin(), parameters.end());
  CHECK(result.loss_sum == Approx(reference_loss(problem, p)).epsilon(1e-6));
  for (const ParameterTensor& tensor : model.layout()) {
    double worst = 0;
    for (std::size_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
      constexpr double h = 1e-6;
      const double kept = p[i];
      p[i] = kept + h;
      const double above = reference_loss(problem, p);
      p[i] = kept - h;
      const double below = reference_loss(problem, p);
      p[i] = kept;
      worst = std::max(worst,
                       std::abs((above - below) / (2 * h) - static_cast<double>(gradient[i])));
    }
    INFO(tensor.name);
    CHECK(worst < 1e-5);
  }
}

TEST_CASE("the layout of a character model begins with its embedding and has no gap") {
  const CharMlpOptions options{.context = 16, .classes = 65, .embedding = 16, .hidden = {256, 128}};
  HostDevice device;
  const CharMlp model(device, options, 1);
  REQUIRE(model.layout().size() == 7);
  CHECK(model.layout()[0].name == "embedding.weight");
  CHECK(model.layout()[0].shape == std::vector<std::size_t>{65, 16});
  CHECK(model.layout()[1].name == "layer0.weight");
  CHECK(model.layout()[1].shape == std::vector<std::size_t>{256, 256});
  std::size_t next = 0;
  for (const ParameterTensor& tensor : model.layout()) {
    CHECK(tensor.offset == next);
    next += tensor.size();
  }
  CHECK(next == model.parameter_count());
}

TEST_CASE("two character models agree bit for bit, and evaluation sees the loss of the gradient") {
  const Problem problem({.context = 8, .classes = 27, .embedding = 5, .hidden = {12}}, 9);
  HostDevice device, other;
  CharMlp model(device, problem.options, 9), twin(other, problem.options, 20);
  std::vector<float> parameters(model.parameter_count()), first(parameters), second(parameters);
  model.initialize(1, parameters);
  std::vector<float> again(parameters.size());
  twin.initialize(1, again);
  CHECK(parameters == again);
  const BatchResult a = model.gradient(parameters, problem.batch(), first);
  const BatchResult b = twin.gradient(parameters, problem.batch(), second);
  const BatchResult c = model.evaluate(parameters, problem.batch());
  CHECK(first == second);
  CHECK(a.loss_sum == b.loss_sum);
  CHECK(a.loss_sum == c.loss_sum);
  CHECK(a.correct == c.correct);
}

TEST_CASE("a character model learns the words of a made-up text") {
  constexpr std::uint64_t seed = 1;
  const CharMlpOptions options{
      .context = 8, .classes = made_up_characters, .embedding = 8, .hidden = {64}};
  auto device = std::make_unique<HostDevice>();
  auto model = std::make_unique<CharMlp>(*device, options, 32);
  const Tensor parameters = device->allocate(model->parameter_count());
  model->initialize(seed, host_span(parameters));
  EvaluatorParts judge{std::make_unique<HostDevice>(), nullptr,
                       make_text_split(seed, true, 2000, options.context)};
  judge.objective = std::make_unique<CharMlp>(*judge.device, options, 200);
  const double before = evaluate(judge, host_span(parameters)).loss;
  GradientLane lane(std::move(device), std::move(model),
                    make_text_split(seed, false, 20000, options.context), seed);
  for (std::uint32_t step = 0; step < 600; ++step) {
    const Lease lease{.id = step, .position = std::uint64_t{step} * 32, .samples = 32};
    const GradientReady ready = lane.run(lease, std::span<const Tensor>(&parameters, 1));
    judge.device->axpy(parameters, -0.1F / 32, ready.gradient);
  }
  const double after = evaluate(judge, host_span(parameters)).loss;
  CHECK(before > 3.2);  // log(27) = 3.30
  CHECK(after < 2.3);
  CHECK(after > made_up_text_entropy(seed));
}

}  // namespace
}  // namespace murm
