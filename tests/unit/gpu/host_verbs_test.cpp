// Tests of the tensor verbs of the host device, on whole tensors and on tensors in several runs.
#include <algorithm>
#include <cmath>
#include <vector>

#include "gpu/host/host_device.hpp"
#include "gpu/host/kernels.hpp"
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
      return;
    case OptimizerKind::adagrad:
      r.m += g * g;
      r.x -= lr * g / (std::sqrt(r.m) + o.epsilon);
      return;
    case OptimizerKind::lars:
    case OptimizerKind::lamb:
      FAIL("these are not element-wise");
  }
}

TEST_CASE("three steps of each optimizer follow its formula, whatever the runs of the gradient") {
  HostDevice device;
  OptimizerOptions options;
  options.kind = GENERATE(OptimizerKind::sgd, OptimizerKind::momentum, OptimizerKind::nesterov,
                          OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::adagrad);
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

double norm_of(const std::vector<double>& x) {
  double squares = 0;
  for (const double v : x) squares += v * v;
  return std::sqrt(squares);
}

/// One tensor of lars or lamb by hand, in double precision.
void reference_tensor(const OptimizerOptions& o, bool adapt, double lr, std::span<const double> g,
                      int t, std::span<Reference> r) {
  std::vector<double> x;
  std::vector<double> direction;
  for (std::size_t i = 0; i < r.size(); ++i) {
    x.push_back(r[i].x);
    if (o.kind == OptimizerKind::lars) {
      direction.push_back(g[i]);
      continue;
    }
    r[i].m = o.beta1 * r[i].m + (1 - o.beta1) * g[i];
    r[i].v = o.beta2 * r[i].v + (1 - o.beta2) * g[i] * g[i];
    direction.push_back(r[i].m / (1 - std::pow(o.beta1, t)) /
                            (std::sqrt(r[i].v / (1 - std::pow(o.beta2, t))) + o.epsilon) +
                        o.weight_decay * r[i].x);
  }
  double ratio = 1;
  if (adapt && norm_of(x) > 0 && norm_of(direction) > 0) {
    ratio = o.kind == OptimizerKind::lars
                ? o.trust * norm_of(x) / (norm_of(direction) + o.weight_decay * norm_of(x))
                : std::min(norm_of(x), 10.0) / norm_of(direction);
  }
  for (std::size_t i = 0; i < r.size(); ++i) {
    if (o.kind == OptimizerKind::lars) {
      r[i].m = o.momentum * r[i].m + lr * ratio * (g[i] + o.weight_decay * r[i].x);
      r[i].x -= r[i].m;
    } else {
      r[i].x -= lr * ratio * direction[i];
    }
  }
}

TEST_CASE("lars and lamb step each tensor by its norms, whatever the runs of the gradient") {
  HostDevice device;
  OptimizerOptions options;
  options.kind = GENERATE(OptimizerKind::lars, OptimizerKind::lamb);
  options.epsilon = default_epsilon(options.kind);
  options.trust = 0.05;
  options.weight_decay = GENERATE(0.0, 0.1);
  // The second does not adapt, the third begins at 0, the fourth is longer than phi allows.
  options.blocks = {{0, 70, true}, {70, 13, false}, {83, 1, true}, {84, n - 84, true}};
  const bool one = GENERATE(false, true);
  if (one) options.blocks.clear();
  constexpr double lr = 0.05;
  constexpr double scale = 0.25;
  std::vector<float> start = values(1.0F);
  start[83] = 0;
  for (std::size_t i = 84; i < n; ++i) start[i] *= 4;
  const Tensor x = whole(device, start);
  const Tensor same = whole(device, start);
  std::vector<Tensor> state;
  std::vector<Tensor> same_state;
  for (std::size_t i = 0; i < optimizer_state_count(options.kind); ++i) {
    for (auto* tensors : {&state, &same_state}) {
      tensors->push_back(device.allocate(n));
      device.zero(tensors->back());
    }
  }
  std::vector<Reference> reference;
  for (const float v : start) reference.push_back({static_cast<double>(v)});
  const std::vector<OptimizerBlock> all{{0, n, true}};
  for (int t = 1; t <= 3; ++t) {
    const std::vector<float> gradient = values(static_cast<float>(t) * 0.7F);
    const OptimizerStep step = make_optimizer_step(options, lr, scale,
                                                   static_cast<std::uint64_t>(t));
    device.optimizer_step(step, x, whole(device, gradient), state);
    device.optimizer_step(step, same, in_runs(gradient), same_state);
    std::vector<double> mean;
    for (const float g : gradient) mean.push_back(scale * static_cast<double>(g));
    for (const OptimizerBlock& block : one ? all : options.blocks) {
      reference_tensor(options, block.adapt, lr,
                       std::span<const double>(mean).subspan(block.offset, block.length), t,
                       std::span<Reference>(reference).subspan(block.offset, block.length));
    }
  }
  CHECK(content(x) == content(same));
  double worst = 0;
  double moved = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double found = content(x)[i];
    worst = std::max(worst, std::abs(found - reference[i].x) / std::max(1.0, std::abs(found)));
    moved = std::max(moved, std::abs(found - static_cast<double>(start[i])));
  }
  CHECK(worst < 2e-6);
  CHECK(moved > 1e-2);
}

TEST_CASE("the squares of lamb's direction fall into the same lanes, whatever the runs") {
  constexpr std::size_t length = 1300;  // beyond one piece
  OptimizerOptions options;
  options.kind = OptimizerKind::lamb;
  options.weight_decay = 0.1;
  const OptimizerStep step = make_optimizer_step(options, 0.1, 1, 1);
  std::vector<float> gradient(length), x(length);
  for (std::size_t i = 0; i < length; ++i) {
    gradient[i] = static_cast<float>(i % 7) - 3.0F;
    x[i] = 1.0F / static_cast<float>(1 + i);
  }
  const auto sums_of = [&](const std::vector<std::size_t>& borders) {
    std::vector<float> m(length), v(length);
    host::SquareSums sums{};
    std::size_t from = 0;
    for (const std::size_t to : borders) {
      host::lamb_moments(step, from, to - from, gradient.data() + from, x.data() + from,
                         m.data() + from, v.data() + from, sums);
      from = to;
    }
    return sums;
  };
  CHECK(sums_of({length}) == sums_of({5, 69, 69, 700, 1217, length}));
}

}  // namespace
}  // namespace murm
