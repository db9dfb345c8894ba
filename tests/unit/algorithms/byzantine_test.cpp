#include "algorithms/robust/byzantine.hpp"

#include <string>

#include "tests/catch.hpp"
#include "tests/unit/algorithms/robust_reference.hpp"

using namespace murm;
using namespace murm::test;

namespace {

std::vector<float> gradient(std::size_t length, std::uint64_t seed) {
  return make_contributions(1, length, seed).sums[0];
}

/// Minimises |x|^2 / 2 from 1 with noisy gradients of 20 workers, the last 4 of them liars; the final |x| / |1|.
double distance_after(RobustRule rule, AttackKind kind) {
  constexpr std::size_t length = 40;
  constexpr std::size_t workers = 20;
  RobustOptions options;
  options.rule = rule;
  std::vector<Attack> attacks;
  for (std::size_t k = 0; k < 4; ++k) attacks.emplace_back(kind, 1, k);
  std::vector<float> x(length, 1.0F);
  std::vector<float> state(length);
  RobustWorkspace workspace;
  Random random(5, 5);
  for (int step = 0; step < 150; ++step) {
    Contributions all;
    all.samples.assign(workers, 8.0);
    for (std::size_t k = 0; k < workers; ++k) {
      auto& sum = all.sums.emplace_back(length);
      for (std::size_t i = 0; i < length; ++i) sum[i] = 8 * (x[i] + 0.1F * random.normal());
      if (k >= 16) attacks[k - 16].corrupt(sum, 8);
    }
    const auto out = combined(options, all, state, workspace);
    for (std::size_t i = 0; i < length; ++i) x[i] -= 0.1F * out[i] / (8 * workers);
  }
  return distance(Vector(x.begin(), x.end()), Vector(length)) / std::sqrt(length);
}

}  // namespace

TEST_CASE("every attack has a name and is found by it") {
  CHECK(attack_names().size() == 4);
  for (std::size_t i = 0; i < attack_names().size(); ++i) {
    CHECK(attack_named(attack_names()[i]) == static_cast<AttackKind>(i));
  }
  CHECK(attack_named("little-is-enough") == AttackKind::little_is_enough);
  CHECK_FALSE(attack_named("mean").has_value());
}

TEST_CASE("a flipped sign is minus ten times the gradient, and zero is zero") {
  const auto honest = gradient(100, 1);
  auto sent = honest;
  Attack(AttackKind::sign_flip, 1, 0).corrupt(sent, 32);
  for (std::size_t i = 0; i < honest.size(); ++i) REQUIRE(sent[i] == -10.0F * honest[i]);
  Attack(AttackKind::zero, 1, 0).corrupt(sent, 32);
  CHECK(sent == std::vector<float>(100, 0.0F));
}

TEST_CASE("noise is a hundred times as large as the gradient and knows nothing of it") {
  const auto honest = gradient(100'000, 2);
  auto sent = honest;
  Attack(AttackKind::noise, 9, 3).corrupt(sent, 32);
  double sum = 0;
  double squares = 0;
  double honest_squares = 0;
  double product = 0;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const auto x = static_cast<double>(sent[i]);
    const auto g = static_cast<double>(honest[i]);
    sum += x;
    squares += x * x;
    honest_squares += g * g;
    product += x * g;
  }
  CHECK(std::sqrt(squares / honest_squares) == Approx(100).epsilon(0.02));
  CHECK(std::abs(sum / std::sqrt(squares * 1e5)) < 0.02);
  CHECK(std::abs(product / std::sqrt(squares * honest_squares)) < 0.02);
}

TEST_CASE("noise depends on the seed, the worker and how often it was asked") {
  const auto send = [](std::uint64_t seed, std::uint64_t worker, int times) {
    Attack attack(AttackKind::noise, seed, worker);
    std::vector<float> sent;
    for (int i = 0; i < times; ++i) {
      sent.assign(50, 1.0F);
      attack.corrupt(sent, 4);
    }
    return sent;
  };
  CHECK(send(1, 2, 1) == send(1, 2, 1));
  CHECK(send(1, 2, 1) != send(1, 2, 2));
  CHECK(send(1, 2, 1) != send(1, 3, 1));
  CHECK(send(1, 2, 1) != send(2, 2, 1));
}

TEST_CASE("little is enough: mean minus one and a half deviations of its own gradients") {
  constexpr std::size_t length = 30;
  constexpr int steps = 40;
  Attack attack(AttackKind::little_is_enough, 1, 0);
  std::vector<Vector> means;
  for (int step = 0; step < steps; ++step) {
    const double samples = 1.0 + step % 7;
    auto sent = gradient(length, static_cast<std::uint64_t>(step));
    Vector& mean = means.emplace_back(sent.begin(), sent.end());
    for (double& x : mean) x /= samples;
    attack.corrupt(sent, samples);
    // Weights of all gradients so far: equal for the first ten, then each newer one takes a tenth.
    Vector weights{1.0};
    for (std::size_t t = 1; t < means.size(); ++t) {
      const double newest = std::max(0.1, 1.0 / static_cast<double>(t + 1));
      for (double& weight : weights) weight *= 1 - newest;
      weights.push_back(newest);
    }
    for (std::size_t i = 0; i < length; ++i) {
      double mu = 0;
      double variance = 0;
      for (std::size_t t = 0; t < means.size(); ++t) mu += weights[t] * means[t][i];
      for (std::size_t t = 0; t < means.size(); ++t) {
        variance += weights[t] * (means[t][i] - mu) * (means[t][i] - mu);
      }
      const double expected = samples * (mu - 1.5 * std::sqrt(variance));
      REQUIRE(static_cast<double>(sent[i]) == Approx(expected).epsilon(1e-3).margin(1e-2));
    }
  }
}

TEST_CASE("little is enough begins anew with gradients of another length") {
  Attack attack(AttackKind::little_is_enough, 1, 0);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    auto sent = gradient(10, seed);
    attack.corrupt(sent, 1);
  }
  const auto honest = gradient(20, 9);
  auto sent = honest;
  attack.corrupt(sent, 1);
  CHECK(sent == honest);
}

TEST_CASE("four liars of twenty break the mean and none of the robust rules") {
  for (const AttackKind attack :
       {AttackKind::sign_flip, AttackKind::noise, AttackKind::zero, AttackKind::little_is_enough}) {
    for (const auto name : robust_rule_names()) {
      const double left = distance_after(*robust_rule_named(name), attack);
      INFO(attack_names()[static_cast<std::size_t>(attack)] << " against " << name << ": " << left);
      const bool breaks = name == "mean" &&
                          (attack == AttackKind::sign_flip || attack == AttackKind::noise);
      CHECK((breaks ? left > 1 : left < 0.2));
    }
  }
}
