// Tests of the objectives that need no data: the quadratic and consensus.
#include "models/quadratic.hpp"

#include <array>
#include <cmath>
#include <vector>

#include "gpu/host/host_device.hpp"
#include "models/consensus.hpp"
#include "models/evaluation.hpp"
#include "tests/catch.hpp"

namespace murm {
namespace {

/// `count` samples that are nothing but positions.
Batch at(std::uint64_t position, std::size_t count = 1) {
  static const std::array<std::int32_t, 64> nothing{};
  return {{}, std::span(nothing).first(count), position};
}

std::vector<float> start(const Objective& objective, std::uint64_t seed) {
  std::vector<float> parameters(objective.parameter_count());
  objective.initialize(seed, parameters);
  return parameters;
}

std::vector<float> gradient(Objective& objective, std::span<const float> x, const Batch& batch) {
  std::vector<float> result(x.size(), 77.0F);
  objective.gradient(x, batch, result);
  return result;
}

double loss(Objective& objective, std::span<const float> x) {
  return objective.evaluate(x, at(0)).loss_sum;
}

TEST_CASE("eigenvalues fall geometrically from exactly 1 to 1/condition") {
  const Quadratic quadratic({.dim = 5, .condition = 10000}, 1);
  const auto values = quadratic.eigenvalues();
  REQUIRE(values.size() == 5);
  CHECK(values[0] == 1.0F);
  for (std::size_t i = 1; i < 5; ++i) CHECK(values[i] == Approx(values[i - 1] / 10));
  CHECK(Quadratic({.dim = 1, .condition = 100}, 1).eigenvalues()[0] == 1.0F);
  CHECK(Quadratic({.dim = 3, .condition = 1}, 1).eigenvalues()[2] == 1.0F);
}

TEST_CASE("without noise the gradient matches central differences of the loss") {
  Quadratic quadratic({.dim = 40, .condition = 50}, 1);
  std::vector<float> x = start(quadratic, 3);
  const std::vector<float> found = gradient(quadratic, x, at(9));
  for (std::size_t i = 0; i < x.size(); ++i) {
    constexpr float h = 0.25F;
    const float kept = x[i];
    x[i] = kept + h;
    const float up = x[i];
    const double above = loss(quadratic, x);
    x[i] = kept - h;
    const double below = loss(quadratic, x);
    const double width = static_cast<double>(up) - static_cast<double>(x[i]);
    x[i] = kept;
    INFO(i);
    CHECK((above - below) / width == Approx(found[i]).margin(1e-5));
  }
}

TEST_CASE("the noise has mean 0 and the variance asked for, independent from place to place") {
  Quadratic quadratic({.dim = 3, .condition = 4, .noise = 0.5, .seed = 8}, 1);
  const std::vector<float> x{2, -1, 0};
  const std::array<double, 3> expected{2, -0.5, 0};
  constexpr std::size_t count = 40000;
  constexpr double error = 5 * 0.5 / 200;  // five standard errors of the mean
  std::array<double, 3> sum{}, squares{};
  double neighbours = 0, successors = 0, before = 0;
  for (std::size_t position = 0; position < count; ++position) {
    const std::vector<float> found = gradient(quadratic, x, at(position));
    std::array<double, 3> noise{};
    for (std::size_t i = 0; i < 3; ++i) {
      noise[i] = static_cast<double>(found[i]) - expected[i];
      sum[i] += noise[i];
      squares[i] += noise[i] * noise[i];
    }
    neighbours += noise[0] * noise[1];
    successors += before * noise[2];
    before = noise[2];
  }
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(std::abs(sum[i] / count) < error);
    CHECK(squares[i] / count == Approx(0.25).epsilon(0.04));
  }
  CHECK(std::abs(neighbours / count) < 0.5 * error);
  CHECK(std::abs(successors / count) < 0.5 * error);
}

TEST_CASE("the noise of a sample depends on seed, position and coordinate alone") {
  const QuadraticOptions options{.dim = 100, .condition = 10, .noise = 1, .seed = 5};
  Quadratic one(options, 1), other(options, 1);
  const std::vector<float> x = start(one, 1);
  gradient(other, x, at(3));
  CHECK(gradient(one, x, at(7)) == gradient(other, x, at(7)));
  CHECK(gradient(one, x, at(7)) != gradient(one, x, at(8)));
  Quadratic foreign({.dim = 100, .condition = 10, .noise = 1, .seed = 6}, 1);
  CHECK(gradient(one, x, at(7)) != gradient(foreign, x, at(7)));
  // The first sample's noise is not the vector that the same seed starts from.
  const std::vector<float> origin(100, 0.0F);
  CHECK(gradient(one, origin, at(0)) != start(one, 5));
}

TEST_CASE("a batch is the sum of its samples, its loss is free of noise") {
  Quadratic quadratic({.dim = 20, .condition = 10, .noise = 0.3, .seed = 2}, 8);
  const std::vector<float> x = start(quadratic, 4);
  std::vector<float> whole(x.size());
  const BatchResult result = quadratic.gradient(x, at(100, 5), whole);
  std::vector<double> sum(x.size());
  for (std::uint64_t position = 100; position < 105; ++position) {
    const std::vector<float> part = gradient(quadratic, x, at(position));
    for (std::size_t i = 0; i < x.size(); ++i) sum[i] += static_cast<double>(part[i]);
  }
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(whole[i] == Approx(sum[i]).margin(1e-5));
  double f = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    f += 0.5 * static_cast<double>(quadratic.eigenvalues()[i]) * static_cast<double>(x[i]) *
         static_cast<double>(x[i]);
  }
  CHECK(result.loss_sum == Approx(5 * f));
  CHECK(quadratic.evaluate(x, at(0, 3)).loss_sum == Approx(3 * f));
}

TEST_CASE("both start from a standard normal vector of their seed") {
  const Quadratic quadratic({.dim = 20000}, 1);
  const Consensus consensus(20000, 1);
  const std::vector<float> x = start(quadratic, 1);
  CHECK(x == start(quadratic, 1));
  CHECK(x == start(consensus, 1));
  CHECK(x != start(consensus, 2));
  double sum = 0, squares = 0;
  for (const float value : x) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  CHECK(std::abs(sum / 20000) < 0.035);
  CHECK(squares / 20000 == Approx(1).epsilon(0.05));
  CHECK(quadratic.layout().front().name == "x");
  CHECK(quadratic.layout().front().size() == 20000);
}

TEST_CASE("consensus has no gradient and no loss") {
  Consensus consensus(30, 4);
  const std::vector<float> x = start(consensus, 1);
  CHECK(gradient(consensus, x, at(5, 4)) == std::vector<float>(30, 0.0F));
  CHECK(loss(consensus, x) == 0);
}

TEST_CASE("an evaluation without classes is the mean loss and has no accuracy") {
  const EvaluatorParts parts{
      std::make_unique<HostDevice>(),
      std::make_unique<Quadratic>(QuadraticOptions{.dim = 2, .condition = 2, .noise = 9}, 3),
      blank_sample()};
  const Evaluation found = evaluate(parts, std::vector<float>{2, 4});
  CHECK(found.loss == Approx(2 + 4));
  CHECK(std::isnan(found.accuracy));
}

}  // namespace
}  // namespace murm
