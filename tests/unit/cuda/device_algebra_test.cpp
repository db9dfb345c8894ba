// Tests of the linear algebra of the CUDA device against the host's.
#include <cmath>
#include <limits>
#include <vector>

#include "tests/catch.hpp"
#include "tests/unit/cuda/near_and_far.hpp"

namespace murm {
namespace {

struct Shape {
  std::size_t n, in, out;
};
const Shape shapes[] = {{1, 1, 1}, {3, 5, 2}, {17, 33, 10}, {32, 130, 70}, {300, 7, 65}};

/// Of what `compute(device, addresses...)` leaves in `y`.
template <class Compute>
Floats on(Device& device, const std::vector<Floats>& operands, const Floats& y, std::size_t shift,
          Compute compute) {
  std::vector<Placed> placed;
  placed.reserve(operands.size());
  for (const Floats& operand : operands) placed.emplace_back(device, operand, shift);
  const Placed to(device, y);
  compute(device, placed, to.get());
  return to.read();
}

/// The distance between what both devices make of it.
template <class Compute>
double far_from_host(const std::vector<Floats>& operands, const Floats& y, Compute compute,
                     const CudaLaneOptions& options = {}, std::size_t shift = 0) {
  HostDevice host(host::ProductOptions{.bf16 = options.bf16});
  const auto device = make_cuda_device(options);
  const Floats expected = on(host, operands, y, 0, compute);
  const Floats found = on(*device, operands, y, shift, compute);
  REQUIRE(on(*device, operands, y, shift, compute) == found);
  return distance(found, expected);
}

TEST_CASE("cuda: linear with every epilogue gives the host's numbers") {
  const auto [n, in, out] = GENERATE(from_range(std::begin(shapes), std::end(shapes)));
  const bool bias = GENERATE(false, true);
  const auto activation = GENERATE(Activation::none, Activation::relu, Activation::gelu);
  const bool residual = activation == Activation::none && bias;
  const std::size_t shift = GENERATE(0, 1);  // parameters may be aligned to 4 bytes alone
  const std::vector<Floats> operands{numbers(n * in, 37), numbers(out * in, 53), numbers(out, 71),
                                     numbers(n * out, 11)};
  const auto [n_, in_, out_] = std::tuple(n, in, out);
  const auto compute = [=](Device& device, const std::vector<Placed>& x, float* y) {
    device.new_weights(1);
    device.linear(n_, in_, out_, x[0], x[1],
                  {.bias = bias ? x[2].get() : nullptr,
                   .activation = activation,
                   .residual = residual ? x[3].get() : nullptr},
                  y);
  };
  CHECK(far_from_host(operands, numbers(n * out, 3), compute, {}, shift) < 1e-5);
}

TEST_CASE("cuda: gelu leaves its derivative for the way back") {
  const std::size_t n = 9, in = 4, out = 31;
  const std::vector<Floats> operands{numbers(n * in, 37), numbers(out * in, 53)};
  const auto compute = [=](Device& device, const std::vector<Placed>& x, float* slope) {
    const Tensor y = device.allocate(n * out);
    device.new_weights(1);
    device.linear(n, in, out, x[0], x[1], {.activation = Activation::gelu, .slope = slope},
                  device.address(y));
  };
  CHECK(far_from_host(operands, Floats(n * out), compute) < 1e-5);
}

TEST_CASE("cuda: the way back through a product gives the host's numbers") {
  const auto [n, in, out] = GENERATE(from_range(std::begin(shapes), std::end(shapes)));
  const bool add = GENERATE(false, true);
  const auto activation = GENERATE(Activation::none, Activation::relu, Activation::gelu);
  const int which = GENERATE(0, 1, 2);  // dw, dbias, dx
  const std::vector<Floats> operands{numbers(n * in, 37), numbers(out * in, 53),
                                     numbers(n * out, 71), numbers(n * in, 13)};
  const auto [n_, in_, out_] = std::tuple(n, in, out);
  const auto compute = [=](Device& device, const std::vector<Placed>& x, float* y) {
    const Tensor spare = device.allocate(out_ * in_ + n_ * in_ + out_);
    float* other = device.address(spare);
    device.clear(spare.length(), other);
    device.new_weights(1);
    device.linear_gradient(n_, in_, out_, x[0], x[1],
                           {.dy = x[2],
                            .dw = which == 0 ? y : other,
                            .dbias = which == 1 ? y : other + out_ * in_,
                            .add = add,
                            .dx = which == 2 ? y : other + out_ * in_ + out_,
                            .activation = activation,
                            .slope = x[3]});
  };
  const std::size_t length = which == 0 ? out * in : which == 1 ? out : n * in;
  CHECK(far_from_host(operands, numbers(length, 3), compute) < 1e-5);
}

TEST_CASE("cuda: products in bf16 round their operands as the host does") {
  const auto [n, in, out] = GENERATE(from_range(std::begin(shapes), std::end(shapes)));
  const std::vector<Floats> operands{numbers(n * in, 37), numbers(out * in, 53)};
  const auto [n_, in_, out_] = std::tuple(n, in, out);
  const auto compute = [=](Device& device, const std::vector<Placed>& x, float* y) {
    device.new_weights(1);
    device.linear(n_, in_, out_, x[0], x[1], {}, y);
  };
  CHECK(far_from_host(operands, Floats(n * out), compute, {.bf16 = true}) < 1e-5);
}

TEST_CASE("cuda: rounded weights are kept until there are new ones") {
  const auto device = make_cuda_device({.bf16 = true});
  const Placed x(*device, {1.0F});
  const Placed w(*device, {2.0F});
  const Placed y(*device, {0.0F});
  const auto product = [&] {
    device->linear(1, 1, 1, x, w, {}, y);
    return y.read().front();
  };
  device->new_weights(2);
  CHECK(product() == 2);
  const float three = 3;
  device->upload(sizeof(three), &three, w);
  CHECK(product() == 2);
  device->new_weights(2);
  CHECK(product() == 3);
}

TEST_CASE("cuda: sums of arrays have the bits of the processor's, aligned or not") {
  const std::size_t n = GENERATE(1, 5, 64, 1'200'004);
  const std::size_t shift = GENERATE(0, 1);
  const auto add = [=](Device& device, const std::vector<Placed>& x, float* y) {
    device.add(n, x[0], y);
    device.images().add(n, x[0], y);
  };
  CHECK(far_from_host({numbers(n, 37)}, numbers(n, 53), add, {}, shift) == 0);
}

TEST_CASE("cuda: sums of columns of many rows") {
  const std::size_t rows = GENERATE(1, 256, 257, 70'000);
  const std::size_t columns = rows > 1000 ? 3 : 300;
  const auto compute = [=](Device& device, const std::vector<Placed>& x, float* y) {
    const Tensor dw = device.allocate(columns);
    device.linear_gradient(rows, 1, columns, x[1], x[1],
                           {.dy = x[0], .dw = device.address(dw), .dbias = y});
  };
  CHECK(far_from_host({numbers(rows * columns, 37), Floats(rows, 1.0F)}, Floats(columns), compute) <
        1e-5);
}

TEST_CASE("cuda: rows of a table are gathered and scattered") {
  const std::size_t width = GENERATE(1, 5, 300);
  const std::size_t n = GENERATE(1, 700);
  const std::size_t rows = 9;
  Floats indices(n);
  for (std::size_t i = 0; i < n; ++i) indices[i] = static_cast<float>(i * i % rows);
  const auto gather = [=](Device& device, const std::vector<Placed>& x, float* y) {
    device.gather_rows(n, rows, width, x[0], x[1], y);
  };
  CHECK(far_from_host({indices, numbers(rows * width, 37)}, Floats(n * width), gather) == 0);
  const auto scatter = [=](Device& device, const std::vector<Placed>& x, float* y) {
    device.scatter_rows(n, rows, width, x[0], x[1], y);
  };
  CHECK(far_from_host({indices, numbers(n * width, 37)}, numbers(rows * width, 5), scatter) == 0);
}

TEST_CASE("cuda: an index outside of the table makes a row that is not a number") {
  const auto device = make_cuda_device();
  const float bad = GENERATE(-1.0F, 2.0F, 1e20F, std::numeric_limits<float>::quiet_NaN());
  const Placed indices(*device, {1.0F, bad});
  const Placed table(*device, {5.0F, 6.0F});
  const Placed y(*device, {0.0F, 0.0F});
  device->gather_rows(2, 2, 1, indices, table, y);
  CHECK(y.read()[0] == 6);
  CHECK(std::isnan(y.read()[1]));
  device->scatter_rows(2, 2, 1, indices, y, table);
  CHECK(table.read() == Floats{5.0F, 12.0F});
}

/// Labels are bits in memory of fp32 numbers.
Placed labels_on(Device& device, const std::vector<std::int32_t>& labels) {
  const Placed placed(device, Floats(labels.size()));
  device.upload(labels.size() * sizeof(std::int32_t), labels.data(), placed);
  return placed;
}

CrossEntropy cross_entropy(Device& device, const Floats& logits,
                           const std::vector<std::int32_t>& labels, float scale, Floats* gradient) {
  const Placed x(device, logits);
  const Placed at = labels_on(device, labels);
  device.cross_entropy(labels.size(), logits.size() / labels.size(), x,
                       reinterpret_cast<const std::int32_t*>(at.get()), scale,
                       gradient != nullptr ? x.get() : nullptr);
  if (gradient != nullptr) *gradient = x.read();
  return device.take_cross_entropy();
}

TEST_CASE("cuda: cross-entropy gives the host's loss, hits and gradient") {
  const std::size_t classes = GENERATE(2, 10, 33, 1023, 1024, 3000);
  const std::size_t n = GENERATE(1, 9, 40);
  const Floats logits = numbers(n * classes, 37);
  std::vector<std::int32_t> labels(n);
  for (std::size_t i = 0; i < n; ++i) labels[i] = static_cast<std::int32_t>(i * 7 % classes);
  HostDevice host;
  const auto device = make_cuda_device();
  Floats expected, found;
  const CrossEntropy there = cross_entropy(host, logits, labels, 0.5F, &expected);
  const CrossEntropy here = cross_entropy(*device, logits, labels, 0.5F, &found);
  CHECK(here.loss_sum == Approx(there.loss_sum).epsilon(1e-6));
  CHECK(here.correct == there.correct);
  CHECK(distance(found, expected) < 1e-5);
  const CrossEntropy again = cross_entropy(*device, logits, labels, 0.5F, nullptr);
  CHECK(again.loss_sum == here.loss_sum);
  CHECK(device->take_cross_entropy().loss_sum == 0);
}

TEST_CASE("cuda: of classes that are equally likely the first counts") {
  const auto device = make_cuda_device();
  CHECK(cross_entropy(*device, {1, 3, 3}, {1}, 1, nullptr).correct == 1);
  CHECK(cross_entropy(*device, {1, 3, 3}, {2}, 1, nullptr).correct == 0);
}

TEST_CASE("cuda: a logit or a label that makes no sense makes a loss that is not a number") {
  const auto device = make_cuda_device();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::int32_t label = GENERATE(-1, 3, 1);
  const std::size_t bad = GENERATE(0, 1, 2);
  Floats logits{0, 3, 1};
  if (label == 1) logits[bad] = nan;
  Floats gradient;
  const CrossEntropy result = cross_entropy(*device, logits, {label}, 1, &gradient);
  CHECK(std::isnan(result.loss_sum));
  CHECK(result.correct == 0);
  CHECK(std::isnan(gradient[0]));
}

}  // namespace
}  // namespace murm
