// Tests of the tensor verbs of the host device, on whole tensors and on tensors in several runs.
#include <cmath>
#include <vector>

#include "gpu/host/host_device.hpp"
#include "tests/catch.hpp"

namespace murm {
namespace {

/// Storage like that of received frames: consecutive parts in memory of their own.
class Frames final : public HostStorage {
 public:
  Frames(const std::vector<float>& values, const std::vector<std::size_t>& lengths) {
    std::size_t start = 0;
    for (const std::size_t length : lengths) {
      parts_.emplace_back(values.begin() + static_cast<std::ptrdiff_t>(start),
                          values.begin() + static_cast<std::ptrdiff_t>(start + length));
      start += length;
    }
    for (std::vector<float>& part : parts_) runs_.push_back({part.data(), part.size()});
  }
  std::span<const Run> runs() const override { return runs_; }

 private:
  std::vector<std::vector<float>> parts_;
  std::vector<Run> runs_;
};

constexpr std::size_t n = 203;

std::vector<float> values(float scale) {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i)
    v[i] = scale * (static_cast<float>((i * 37) % 101) / 50.0F - 0.97F);
  return v;
}

Tensor in_runs(const std::vector<float>& v) {
  return {std::make_shared<Frames>(v, std::vector<std::size_t>{5, 64, 0, 31, 103}), 0, v.size()};
}

Tensor whole(Device& device, const std::vector<float>& v) {
  const Tensor tensor = device.allocate(v.size());
  std::copy(v.begin(), v.end(), host_span(tensor).begin());
  return tensor;
}

std::vector<float> content(const Tensor& tensor) {
  const std::span<float> span = host_span(tensor);
  return {span.begin(), span.end()};
}

TEST_CASE("copy, axpy and scale do what they say, whatever the runs of their source") {
  HostDevice device;
  const bool cut = GENERATE(false, true);
  const std::vector<float> a = values(1.0F);
  const std::vector<float> b = values(-3.0F);
  const Tensor source = cut ? in_runs(a) : whole(device, a);
  const Tensor target = device.allocate(n);
  device.copy(target, source);
  CHECK(content(target) == a);

  const Tensor sum = whole(device, b);
  device.axpy(sum, 0.5F, source);
  device.scale(sum, -2.0F);
  for (std::size_t i = 0; i < n; ++i) CHECK(content(sum)[i] == -2.0F * (b[i] + 0.5F * a[i]));

  device.zero(sum.slice(3, 100));
  CHECK(content(sum)[2] != 0.0F);
  CHECK(content(sum)[3] == 0.0F);
  CHECK(content(sum)[102] == 0.0F);
  CHECK(content(sum)[103] != 0.0F);
}

TEST_CASE("a slice across runs is read from its own elements") {
  HostDevice device;
  const std::vector<float> a = values(1.0F);
  const Tensor target = device.allocate(120);
  device.copy(target, in_runs(a).slice(50, 120));
  CHECK(content(target) == std::vector<float>(a.begin() + 50, a.begin() + 170));
}

TEST_CASE("the norm is exact enough and does not depend on runs or alignment, bit for bit") {
  HostDevice device;
  std::vector<float> a(n);
  // Sizes far apart: sums of their squares round, so that another order of additions shows.
  for (std::size_t i = 0; i < n; ++i) {
    a[i] = std::ldexp(1.0F / static_cast<float>(3 + i % 29), -static_cast<int>(i * i % 23));
  }
  std::vector<float> shifted(a);
  shifted.insert(shifted.begin(), 9.0F);
  double squares = 0;
  for (std::size_t length = 1; length <= n; ++length) {
    squares += static_cast<double>(a[length - 1]) * static_cast<double>(a[length - 1]);
    const double norm = device.norm(whole(device, a).slice(0, length));
    CHECK(norm == Approx(std::sqrt(squares)).epsilon(1e-14));
    CHECK(device.norm(in_runs(a).slice(0, length)) == norm);
    CHECK(device.norm(whole(device, shifted).slice(1, length)) == norm);
  }
  CHECK(device.norm(Tensor()) == 0.0);
}

struct Reference {
  double x, m = 0, v = 0;
};

/// The formulas of the optimizers by hand, in double precision.
void reference_step(const OptimizerOptions& o, double lr, double g, int t, Reference& r) {
  if (o.kind == OptimizerKind::adamw) {
    r.x -= lr * o.weight_decay * r.x;
  } else {
    g += o.weight_decay * r.x;
  }
  switch (o.kind) {
    case OptimizerKind::sgd:
      r.x -= lr * g;
      return;
    case OptimizerKind::momentum:
      r.m = o.momentum * r.m + g;
      r.x -= lr * r.m;
      return;
    case OptimizerKind::nesterov:
      r.m = o.momentum * r.m + g;
      r.x -= lr * (g + o.momentum * r.m);
      return;
    case OptimizerKind::adam:
    case OptimizerKind::adamw:
      r.m = o.beta1 * r.m + (1 - o.beta1) * g;
      r.v = o.beta2 * r.v + (1 - o.beta2) * g * g;
      r.x -= lr * (r.m / (1 - std::pow(o.beta1, t))) /
             (std::sqrt(r.v / (1 - std::pow(o.beta2, t))) + o.epsilon);
  }
}

TEST_CASE("three steps of each optimizer follow its formula, whatever the runs of the gradient") {
  HostDevice device;
  OptimizerOptions options;
  options.kind = GENERATE(OptimizerKind::sgd, OptimizerKind::momentum, OptimizerKind::nesterov,
                          OptimizerKind::adam, OptimizerKind::adamw);
  options.weight_decay = GENERATE(0.0, 0.1);
  constexpr double lr = 0.05;
  constexpr double scale = 0.25;
  const std::vector<float> start = values(1.0F);
  const Tensor x = whole(device, start);
  const Tensor same = whole(device, start);
  std::vector<Tensor> state;
  std::vector<Tensor> same_state;
  for (std::size_t i = 0; i < optimizer_state_count(options.kind); ++i) {
    state.push_back(device.allocate(n));
    device.zero(state.back());
    same_state.push_back(device.allocate(n));
    device.zero(same_state.back());
  }
  std::vector<Reference> reference;
  for (const float v : start) reference.push_back({static_cast<double>(v)});
  for (int t = 1; t <= 3; ++t) {
    const std::vector<float> gradient = values(static_cast<float>(t) * 0.7F);
    const OptimizerStep step = make_optimizer_step(options, lr, scale,
                                                   static_cast<std::uint64_t>(t));
    device.optimizer_step(step, x, whole(device, gradient), state);
    device.optimizer_step(step, same, in_runs(gradient), same_state);
    for (std::size_t i = 0; i < n; ++i) {
      reference_step(options, lr, scale * static_cast<double>(gradient[i]), t, reference[i]);
    }
  }
  CHECK(content(x) == content(same));
  double worst = 0;
  for (std::size_t i = 0; i < n; ++i) {
    worst = std::max(worst, std::abs(static_cast<double>(content(x)[i]) - reference[i].x));
  }
  CHECK(worst < 2e-6);
}

}  // namespace
}  // namespace murm
