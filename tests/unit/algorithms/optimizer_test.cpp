#include "algorithms/optimizer.hpp"

#include <array>
#include <functional>

#include "algorithms/schedule.hpp"
#include "tests/catch.hpp"

using namespace murm;

namespace {

constexpr double kRate = 0.1;
constexpr std::array<double, 3> kGradients{0.5, -1.25, 2.0};  // means; sums over 4 samples travel

/// Three steps from x = 1.5 by the element functions.
double by_rule(const OptimizerOptions& options) {
  float x = 1.5F;
  float m = 0;
  float v = 0;
  for (std::uint64_t t = 1; t <= kGradients.size(); ++t) {
    const OptimizerStep step = make_optimizer_step(options, kRate, 0.25, t);
    const auto sum = static_cast<float>(4.0 * kGradients[t - 1]);
    switch (options.kind) {
      case OptimizerKind::sgd:
        sgd_element(step, x, sum);
        break;
      case OptimizerKind::momentum:
        momentum_element(step, x, sum, m);
        break;
      case OptimizerKind::nesterov:
        nesterov_element(step, x, sum, m);
        break;
      case OptimizerKind::adam:
      case OptimizerKind::adamw:
        adam_element(step, x, sum, m, v);
        break;
      case OptimizerKind::adagrad:
        adagrad_element(step, x, sum, m);
        break;
      case OptimizerKind::lars:
      case OptimizerKind::lamb:
        break;
    }
  }
  return static_cast<double>(x);
}

/// The same three steps by a formula `x <- next(x, g, t)` in double precision.
double by_formula(const std::function<double(double, double, int)>& next) {
  double x = 1.5;
  for (int t = 1; t <= 3; ++t) x = next(x, kGradients[static_cast<std::size_t>(t - 1)], t);
  return x;
}

}  // namespace

TEST_CASE("three steps of sgd and momentum follow their formulas") {
  const double decay = GENERATE(0.0, 0.3);
  double m = 0;
  OptimizerOptions options;
  options.weight_decay = decay;
  options.momentum = 0.8;
  options.kind = OptimizerKind::sgd;
  CHECK(by_rule(options) ==
        Approx(by_formula([&](double x, double g, int) { return x - kRate * (g + decay * x); })));
  options.kind = OptimizerKind::momentum;
  CHECK(by_rule(options) == Approx(by_formula([&](double x, double g, int) {
          m = 0.8 * m + g + decay * x;
          return x - kRate * m;
        })));
  options.kind = OptimizerKind::nesterov;
  m = 0;
  CHECK(by_rule(options) == Approx(by_formula([&](double x, double g, int) {
          const double h = g + decay * x;
          m = 0.8 * m + h;
          return x - kRate * (h + 0.8 * m);
        })));
}

TEST_CASE("three steps of adam and adamw follow their formulas, with bias correction") {
  const double decay = GENERATE(0.0, 0.3);
  double m = 0;
  double v = 0;
  OptimizerOptions options;
  options.weight_decay = decay;
  options.beta1 = 0.8;
  options.beta2 = 0.9;
  options.epsilon = 1e-3;
  const auto direction = [&](double g, int t) {
    m = 0.8 * m + 0.2 * g;
    v = 0.9 * v + 0.1 * g * g;
    return m / (1 - std::pow(0.8, t)) / (std::sqrt(v / (1 - std::pow(0.9, t))) + 1e-3);
  };
  options.kind = OptimizerKind::adam;
  CHECK(by_rule(options) == Approx(by_formula([&](double x, double g, int t) {
          return x - kRate * direction(g + decay * x, t);
        })));
  options.kind = OptimizerKind::adamw;
  m = 0;
  v = 0;
  CHECK(by_rule(options) == Approx(by_formula([&](double x, double g, int t) {
          return x - kRate * decay * x - kRate * direction(g, t);
        })));
}

TEST_CASE("three steps of adagrad follow its formula") {
  const double decay = GENERATE(0.0, 0.3);
  double a = 0;
  OptimizerOptions options;
  options.kind = OptimizerKind::adagrad;
  options.epsilon = default_epsilon(options.kind);
  options.weight_decay = decay;
  CHECK(by_rule(options) == Approx(by_formula([&](double x, double g, int) {
          const double h = g + decay * x;
          a += h * h;
          return x - kRate * h / (std::sqrt(a) + 1e-10);
        })));
}

TEST_CASE("a trust ratio is 1 where a norm is 0, and lamb's is limited") {
  OptimizerStep step;
  step.trust = 0.001;
  step.weight_decay = 0.5F;
  CHECK(lars_ratio(step, 3, 4) == Approx(0.001 * 3 / (4 + 0.5 * 3)));
  CHECK(lars_ratio(step, 3, 0) == Approx(0.002));
  CHECK(lars_ratio(step, 0, 4) == 1);
  step.weight_decay = 0;
  CHECK(lars_ratio(step, 3, 0) == 1);
  CHECK(lamb_ratio(3, 4) == 0.75);
  CHECK(lamb_ratio(300, 4) == 2.5);
  CHECK(lamb_ratio(0, 4) == 1);
  CHECK(lamb_ratio(3, 0) == 1);
}

TEST_CASE("the tensors of a range are cut at its borders") {
  using Blocks = std::vector<OptimizerBlock>;
  const Blocks all{{0, 10, true}, {10, 5, false}, {15, 7, true}};
  CHECK(blocks_within(all, 0, 22) == all);
  CHECK(blocks_within(all, 0, 10) == Blocks{{0, 10, true}});
  CHECK(blocks_within(all, 4, 7) == Blocks{{0, 6, true}, {6, 1, false}});
  CHECK(blocks_within(all, 12, 10) == Blocks{{0, 3, false}, {3, 7, true}});
  CHECK(blocks_within(Blocks{}, 3, 4).empty());
}

TEST_CASE("an optimizer keeps no, one or two tensors of state") {
  CHECK(optimizer_state_count(OptimizerKind::sgd) == 0);
  CHECK(optimizer_state_count(OptimizerKind::momentum) == 1);
  CHECK(optimizer_state_count(OptimizerKind::nesterov) == 1);
  CHECK(optimizer_state_count(OptimizerKind::adagrad) == 1);
  CHECK(optimizer_state_count(OptimizerKind::lars) == 1);
  CHECK(optimizer_state_count(OptimizerKind::lamb) == 2);
  CHECK(optimizer_state_count(OptimizerKind::adam) == 2);
  CHECK(optimizer_state_count(OptimizerKind::adamw) == 2);
}

TEST_CASE("a constant schedule is constant and a step schedule falls at its milestones") {
  Schedule schedule;
  schedule.learning_rate = 0.4;
  CHECK(learning_rate_at(schedule, 0, 1) == 0.4);
  CHECK(learning_rate_at(schedule, 1e9, 32) == 0.4);
  schedule.kind = ScheduleKind::step;
  schedule.total = 100;
  schedule.milestones = {0.5, 0.75};
  CHECK(learning_rate_at(schedule, 49, 1) == Approx(0.4));
  CHECK(learning_rate_at(schedule, 50, 1) == Approx(0.04));
  CHECK(learning_rate_at(schedule, 74, 1) == Approx(0.04));
  CHECK(learning_rate_at(schedule, 75, 1) == Approx(0.004));
}

TEST_CASE("a warm-up rises linearly to the full rate, from which the cosine falls to its minimum") {
  // On the clock of updates; on the clock of samples the same run in another unit.
  const double unit = GENERATE(1.0, 32.0);
  Schedule schedule;
  schedule.kind = ScheduleKind::cosine;
  schedule.learning_rate = 1.0;
  schedule.minimum = 0.1;
  schedule.warmup = 10 * unit;
  schedule.total = 110 * unit;
  CHECK(learning_rate_at(schedule, 0, unit) == Approx(0.1));
  CHECK(learning_rate_at(schedule, 4 * unit, unit) == Approx(0.5));
  CHECK(learning_rate_at(schedule, 9 * unit, unit) == Approx(1.0));
  CHECK(learning_rate_at(schedule, 10 * unit, unit) == Approx(1.0));
  CHECK(learning_rate_at(schedule, 60 * unit, unit) == Approx(0.55));
  CHECK(learning_rate_at(schedule, 110 * unit, unit) == Approx(0.1));
  CHECK(learning_rate_at(schedule, 500 * unit, unit) == Approx(0.1));
}
