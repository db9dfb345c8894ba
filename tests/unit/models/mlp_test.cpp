// Tests of the perceptron: its gradient against central differences of a reference in double precision.
#include "models/mlp.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "algorithms/random.hpp"
#include "gpu/host/host_device.hpp"
#include "tests/catch.hpp"

namespace murm {
namespace {

struct Problem {
  std::vector<std::size_t> widths;
  std::vector<float> features;
  std::vector<std::int32_t> labels;

  Problem(std::vector<std::size_t> w, std::size_t samples) : widths(std::move(w)) {
    Random random(11, 0);
    for (std::size_t i = 0; i < samples * widths[0]; ++i) features.push_back(random.uniform());
    for (std::size_t i = 0; i < samples; ++i) {
      labels.push_back(
          static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(widths.back()))));
    }
  }
  Batch batch(std::size_t from, std::size_t count) const {
    return {std::span(features).subspan(from * widths[0], count * widths[0]),
            std::span(labels).subspan(from, count)};
  }
  Batch all() const { return batch(0, labels.size()); }
};

/// Loss summed over the batch, by plain loops.
double reference_loss(const Problem& problem, const std::vector<double>& p) {
  double loss = 0;
  const auto& widths = problem.widths;
  for (std::size_t s = 0; s < problem.labels.size(); ++s) {
    std::vector<double> x(
        problem.features.begin() + static_cast<std::ptrdiff_t>(s * widths[0]),
        problem.features.begin() + static_cast<std::ptrdiff_t>((s + 1) * widths[0]));
    std::size_t offset = 0;
    for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
      std::vector<double> y(widths[l + 1]);
      for (std::size_t o = 0; o < y.size(); ++o) {
        y[o] = p[offset + y.size() * x.size() + o];
        for (std::size_t i = 0; i < x.size(); ++i) y[o] += p[offset + o * x.size() + i] * x[i];
        if (l + 2 < widths.size()) y[o] = std::max(0.0, y[o]);
      }
      offset += y.size() * x.size() + y.size();
      x = y;
    }
    double sum = 0;
    for (const double v : x) sum += std::exp(v);
    loss += std::log(sum) - x[static_cast<std::size_t>(problem.labels[s])];
  }
  return loss;
}

TEST_CASE("the gradient of every layer matches central differences") {
  const std::vector<std::vector<std::size_t>> all_widths{
      {7, 4}, {7, 6, 4}, {9, 8, 6, 5}, {2, 150, 20, 3}};
  const Problem problem(GENERATE_COPY(from_range(all_widths)), 5);
  HostDevice device;
  Mlp model(device, problem.widths, 5);
  std::vector<float> parameters(model.parameter_count()), gradient(model.parameter_count());
  model.initialize(3, parameters);
  const BatchResult result = model.gradient(parameters, problem.all(), gradient);
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

TEST_CASE("gradients of parts of a batch add up to that of the whole, a short last part too") {
  const Problem problem({10, 12, 8, 4}, 13);
  HostDevice device;
  Mlp model(device, problem.widths, 13);
  std::vector<float> parameters(model.parameter_count()), whole(parameters), sum(parameters),
      part(parameters);
  model.initialize(1, parameters);
  const BatchResult expected = model.gradient(parameters, problem.all(), whole);
  BatchResult total;
  for (const std::size_t from : {0U, 5U, 10U}) {
    const Batch batch = problem.batch(from, std::min<std::size_t>(5, 13 - from));
    const BatchResult result = model.gradient(parameters, batch, part);
    total.loss_sum += result.loss_sum;
    total.correct += result.correct;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += part[i];
  }
  CHECK(total.loss_sum == Approx(expected.loss_sum).epsilon(1e-6));
  CHECK(total.correct == expected.correct);
  double worst = 0;
  for (std::size_t i = 0; i < sum.size(); ++i) {
    worst = std::max(worst, static_cast<double>(std::abs(sum[i] - whole[i])));
  }
  CHECK(worst < 1e-5);
}

TEST_CASE(
    "evaluation sees the loss and the hits of the gradient, and two models agree bit for bit") {
  const Problem problem({10, 12, 4}, 9);
  HostDevice device, other;
  Mlp model(device, problem.widths, 9), twin(other, problem.widths, 20);
  std::vector<float> parameters(model.parameter_count()), first(parameters), second(parameters);
  model.initialize(1, parameters);
  const BatchResult a = model.gradient(parameters, problem.all(), first);
  const BatchResult b = twin.gradient(parameters, problem.all(), second);
  const BatchResult c = model.evaluate(parameters, problem.all());
  CHECK(first == second);
  CHECK(a.loss_sum == b.loss_sum);
  CHECK(a.loss_sum == c.loss_sum);
  CHECK(a.correct == c.correct);
}

TEST_CASE("the layout names every parameter once") {
  HostDevice device;
  const Mlp model(device, {784, 256, 128, 10}, 1);
  CHECK(model.parameter_count() == 235146);
  REQUIRE(model.layout().size() == 6);
  CHECK(model.layout()[0].name == "layer0.weight");
  CHECK(model.layout()[3].name == "layer1.bias");
  CHECK(model.layout()[4].shape == std::vector<std::size_t>{10, 128});
  std::size_t next = 0;
  for (const ParameterTensor& tensor : model.layout()) {
    CHECK(tensor.offset == next);
    next += tensor.size();
  }
  CHECK(next == model.parameter_count());
}

TEST_CASE("initial parameters depend on the seed alone and keep within their bound") {
  HostDevice device;
  const Mlp model(device, {100, 20, 4}, 1);
  std::vector<float> a(model.parameter_count()), b(a), c(a);
  model.initialize(1, a);
  model.initialize(1, b);
  model.initialize(2, c);
  CHECK(a == b);
  CHECK(a != c);
  const auto largest = [&a](std::size_t from, std::size_t to) {
    float found = 0;
    for (std::size_t i = from; i < to; ++i) found = std::max(found, std::abs(a[i]));
    return found;
  };
  CHECK(largest(0, 2020) <= 0.1F);
  CHECK(largest(0, 2020) > 0.099F);
  CHECK(largest(2020, 2104) > 0.2F);
}

TEST_CASE("gradient descent lowers the loss") {
  const Problem problem({10, 16, 4}, 8);
  HostDevice device;
  Mlp model(device, problem.widths, 8);
  const Tensor parameters = device.allocate(model.parameter_count());
  const Tensor gradient = device.allocate(model.parameter_count());
  model.initialize(1, host_span(parameters));
  const double before = model.evaluate(host_span(parameters), problem.all()).loss_sum;
  for (int i = 0; i < 200; ++i) {
    model.gradient(host_span(parameters), problem.all(), host_span(gradient));
    device.axpy(parameters, -0.05F, gradient);
  }
  const BatchResult after = model.evaluate(host_span(parameters), problem.all());
  CHECK(after.loss_sum < 0.2 * before);
  CHECK(after.correct == 8);
}

}  // namespace
}  // namespace murm
