// Tests of the verbs of algorithms on the CUDA device: they give what the host's give.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "algorithms/compression/codec.hpp"
#include "algorithms/parameter_server/compensation.hpp"
#include "tests/catch.hpp"
#include "tests/unit/cuda/near_and_far.hpp"

namespace murm {
namespace {

constexpr std::size_t lengths[] = {1, 3, 255, 1025, 100'003};

/// Storage like that of received frames: consecutive parts in memory of their own, the first of `first` numbers.
class Frames final : public HostStorage {
 public:
  Frames(const Floats& values, std::size_t first) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(first);
    parts_ = {Floats(values.begin(), middle), Floats(), Floats(middle, values.end())};
    for (Floats& part : parts_) runs_.push_back({part.data(), part.size()});
  }
  std::span<const Run> runs() const override { return runs_; }

 private:
  std::vector<Floats> parts_;
  std::vector<Run> runs_;
};

Tensor in_frames(const Floats& values) {
  return {std::make_shared<Frames>(values, values.size() / 3), 0, values.size()};
}

/// On the device, `shift` numbers behind an aligned address.
Tensor placed(Device& device, const Floats& values, std::size_t shift = 0) {
  const Tensor whole = device.allocate(values.size() + shift);
  device.upload(values.size() * sizeof(float), values.data(), device.address(whole) + shift);
  return whole.slice(shift, values.size());
}

Floats content(Device& device, const Tensor& tensor) {
  Floats values(tensor.length());
  const Tensor there = device.allocate_staging(tensor.length());
  device.copy(there, tensor);
  device.wait();
  std::ranges::copy(host_span(there), values.begin());
  return values;
}

/// Not null, as squares are.
Floats squares(std::size_t count, std::size_t step) {
  Floats v = numbers(count, step);
  for (float& x : v) x *= x;
  return v;
}

/// Where the arrays of a call lie: all behind aligned addresses, all alike, or each in its own way.
struct Alignment {
  std::size_t x, gradient, state;
};
constexpr Alignment alignments[] = {{0, 0, 0}, {1, 1, 1}, {3, 2, 0}};

TEST_CASE("cuda: scale gives the host's bits") {
  const std::size_t n = GENERATE(from_range(std::begin(lengths), std::end(lengths)));
  const std::size_t shift = GENERATE(0, 1, 3);
  const auto device = make_cuda_device();
  const Tensor x = placed(*device, numbers(n, 37), shift);
  device->scale(x, 0.3F);
  Floats expected = numbers(n, 37);
  for (float& value : expected) value *= 0.3F;
  CHECK(content(*device, x) == expected);
}

TEST_CASE("cuda: numbers beside a slice are left alone") {
  const auto device = make_cuda_device();
  const Tensor x = placed(*device, Floats(40, 1.0F));
  const std::size_t begin = GENERATE(1, 2, 4);
  const std::size_t n = GENERATE(0, 1, 2, 3, 5, 16, 30);
  device->scale(x.slice(begin, n), 2);
  Floats expected(40, 1.0F);
  std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(begin), n, 2.0F);
  CHECK(content(*device, x) == expected);
}

TEST_CASE("cuda: the norm is the host's, and the same wherever the numbers lie") {
  const std::size_t n = GENERATE(from_range(std::begin(lengths), std::end(lengths)));
  HostDevice host;
  const auto device = make_cuda_device();
  const Floats values = numbers(n, 37);
  const double found = device->norm(placed(*device, values));
  CHECK(found == Approx(host.norm(placed(host, values))).epsilon(1e-12));
  for (const std::size_t shift : {1, 2, 3}) {
    CHECK(device->norm(placed(*device, values, shift)) == found);
  }
  CHECK(device->norm(in_frames(values)) == found);
}

TEST_CASE("cuda: the norm of nothing is 0, of what is not a number not a number") {
  const auto device = make_cuda_device();
  CHECK(device->norm(device->allocate(0)) == 0);
  CHECK(std::isnan(device->norm(placed(*device, {1, std::numeric_limits<float>::quiet_NaN()}))));
  const float huge = std::numeric_limits<float>::max();  // its square is not within fp32
  CHECK(device->norm(placed(*device, {huge, huge})) > static_cast<double>(huge));
}

/// Parameters and state after some steps.
struct Trained {
  Floats x;
  std::vector<Floats> state;
};

Trained train(Device& device, const OptimizerOptions& options, std::size_t n,
              const Alignment& alignment, bool frames) {
  const Tensor x = placed(device, numbers(n, 37), alignment.x);
  std::vector<Tensor> state;
  for (std::size_t i = 0; i < optimizer_state_count(options.kind); ++i) {
    state.push_back(placed(device, Floats(n), alignment.state));
  }
  for (std::uint64_t update = 1; update <= 3; ++update) {
    const Floats numbers_of_gradient = numbers(n, 53 + update);
    const Tensor gradient = frames ? in_frames(numbers_of_gradient)
                                   : placed(device, numbers_of_gradient, alignment.gradient);
    device.optimizer_step(make_optimizer_step(options, 0.05, 0.25, update), x, gradient, state);
  }
  Trained trained{content(device, x), {}};
  for (const Tensor& tensor : state) trained.state.push_back(content(device, tensor));
  return trained;
}

OptimizerOptions options_of(OptimizerKind kind) {
  return {.kind = kind, .epsilon = default_epsilon(kind), .weight_decay = 0.1};
}

TEST_CASE("cuda: optimizers without norms give the host's bits") {
  const auto kind = GENERATE(OptimizerKind::sgd, OptimizerKind::momentum, OptimizerKind::nesterov,
                             OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::adagrad);
  const std::size_t n = GENERATE(from_range(std::begin(lengths), std::end(lengths)));
  const bool frames = GENERATE(false, true);
  HostDevice host;
  const Trained expected = train(host, options_of(kind), n, {}, false);
  const auto device = make_cuda_device();
  for (const Alignment& alignment : alignments) {
    const Trained found = train(*device, options_of(kind), n, alignment, frames);
    CHECK(found.x == expected.x);
    CHECK(found.state == expected.state);
  }
}

/// Blocks of so many numbers as the list says, again and again; every third does not adapt.
std::vector<OptimizerBlock> blocks_of(std::size_t n, const std::vector<std::size_t>& list) {
  std::vector<OptimizerBlock> blocks;
  for (std::size_t offset = 0; offset < n; offset += blocks.back().length) {
    const std::size_t next = list[blocks.size() % list.size()];
    blocks.push_back({offset, std::min(next, n - offset), blocks.size() % 3 != 2});
  }
  blocks.push_back({n, 0, true});
  return blocks;
}

double largest_distance(const Trained& found, const Trained& expected) {
  double worst = distance(found.x, expected.x);
  for (std::size_t i = 0; i < expected.state.size(); ++i) {
    worst = std::max(worst, distance(found.state[i], expected.state[i]));
  }
  return worst;
}

TEST_CASE("cuda: lars and lamb step each block by its norms, and give the host's numbers") {
  const auto kind = GENERATE(OptimizerKind::lars, OptimizerKind::lamb);
  const std::size_t n = GENERATE(from_range(std::begin(lengths), std::end(lengths)));
  OptimizerOptions options = options_of(kind);
  options.trust = 0.5;
  // The whole; a block longer than a chunk among short ones; more blocks than a launch takes.
  const int cut = GENERATE(0, 1, 2);
  if (cut == 1) options.blocks = blocks_of(n, {5, 0, 20'000, 8'192, 1});
  if (cut == 2) options.blocks = blocks_of(n, {700});
  HostDevice host;
  const Trained expected = train(host, options, n, {}, false);
  const auto device = make_cuda_device();
  const Trained found = train(*device, options, n, {}, false);
  CHECK(largest_distance(found, expected) < 1e-6);
  for (const Alignment& alignment : alignments) {
    const Trained again = train(*device, options, n, alignment, true);
    CHECK(again.x == found.x);
    CHECK(again.state == found.state);
  }
}

TEST_CASE("cuda: a block of zeros steps as if it had no ratio") {
  const auto kind = GENERATE(OptimizerKind::lars, OptimizerKind::lamb);
  HostDevice host;
  const auto device = make_cuda_device();
  const OptimizerStep step = make_optimizer_step(options_of(kind), 0.5, 1, 1);
  const auto stepped = [&](Device& on) {
    const Tensor x = placed(on, Floats(9));
    const std::vector<Tensor> state{placed(on, Floats(9)), placed(on, Floats(9))};
    on.optimizer_step(step, x, placed(on, numbers(9, 37)),
                      std::span(state).first(optimizer_state_count(kind)));
    return content(on, x);
  };
  CHECK(stepped(*device) == stepped(host));
}

TEST_CASE("cuda: compensation gives the host's bits, whether it adapts or not") {
  const std::size_t n = GENERATE(from_range(std::begin(lengths), std::end(lengths)));
  const Compensation rule{.lambda = 0.4F, .samples = 8, .adaptive = GENERATE(false, true)};
  const auto compensated = [&](Device& device, const Alignment& at, bool frames) {
    const Floats g = numbers(n, 37), now = numbers(n, 53), read = numbers(n, 71);
    const Tensor out = device.allocate(n);
    const Tensor mean = rule.adaptive ? placed(device, squares(n, 11), at.state) : Tensor();
    device.compensate(rule, frames ? in_frames(g) : placed(device, g, at.gradient),
                      placed(device, now, at.x), frames ? in_frames(read) : placed(device, read),
                      mean, out);
    return std::pair(content(device, out), rule.adaptive ? content(device, mean) : Floats());
  };
  HostDevice host;
  const auto expected = compensated(host, {}, false);
  const auto device = make_cuda_device();
  for (const Alignment& alignment : alignments) {
    for (const bool frames : {false, true}) {
      CHECK(compensated(*device, alignment, frames) == expected);
    }
  }
}

TEST_CASE("cuda: codes are written and read by the processor, bit for bit") {
  const std::size_t n = 1025;
  const Floats values = numbers(n, 37);
  HostDevice host;
  const auto device = make_cuda_device();
  CompressionOptions options;
  options.name = "int8";
  const auto near = make_codec(options, n, {}, 0);
  const auto far = make_codec(options, n, {}, 0);
  const Tensor expected = host.encode(*near, in_frames(values));
  const Tensor payload = device->encode(*far, placed(*device, values, 1));
  const auto words = host_span(payload);
  CHECK(std::ranges::equal(words, host_span(expected), [](float a, float b) {
    return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
  }));

  const Tensor there = host.allocate(n);
  REQUIRE(host.decode(*near, expected, there));
  const Tensor back = placed(*device, Floats(n));
  REQUIRE(device->decode(*far, payload, back));
  CHECK(content(*device, back) == content(host, there));
  CHECK_FALSE(device->decode(*far, payload.slice(1, payload.length() - 1), back));
}

TEST_CASE("cuda: contributions are combined by the processor, bit for bit") {
  const auto rule = GENERATE(RobustRule::mean, RobustRule::krum, RobustRule::centered_clipping);
  const std::size_t n = 1025;
  const std::vector<double> samples{8, 8, 16, 8, 8};
  const auto combined = [&](Device& device) {
    std::vector<Tensor> contributions{in_frames(numbers(n, 29))};
    for (const std::size_t step : {31U, 37U, 41U, 43U}) {
      contributions.push_back(placed(device, numbers(n, step), step % 4));
    }
    const Tensor state = placed(device, numbers(n, 3));
    const Tensor out = placed(device, Floats(n));
    device.combine({.rule = rule}, contributions, samples, state, out);
    return std::pair(content(device, out), content(device, state));
  };
  HostDevice host;
  const auto device = make_cuda_device();
  CHECK(combined(*device) == combined(host));
}

}  // namespace
}  // namespace murm
