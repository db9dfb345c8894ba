// Tests of convolutions on the device: against the processor, and where sums are exact against plain loops.
#include <cmath>
#include <limits>
#include <vector>

#include "gpu/cuda/convolution.hpp"
#include "gpu/host/host_device.hpp"
#include "tests/catch.hpp"
#include "tests/unit/cuda/device_array.hpp"
#include "tests/unit/cuda/made_up_numbers.hpp"
#include "tests/unit/gpu/image_reference.hpp"

namespace murm {
namespace {

constexpr cudaStream_t kStream = nullptr;
/// What the processor's own tests allow it: its sums go through Winograd's transforms.
constexpr double kBar = 2e-5;

/// First layers of networks, those behind, strides, odd everything, one place, more than one tile either way, several
/// parts of the sums over places.
const std::vector<ConvShape> all_shapes{
    {3, 18, 17, 1, 32, 5, 1, 2},  {2, 7, 9, 32, 64, 5, 1, 2}, {2, 9, 8, 16, 32, 3, 2, 1},
    {3, 8, 8, 16, 32, 1, 2, 0},   {2, 7, 9, 5, 7, 3, 1, 1},   {2, 11, 8, 3, 16, 3, 1, 1},
    {1, 21, 20, 8, 16, 5, 1, 0},  {1, 9, 10, 4, 70, 2, 1, 1}, {1, 9, 10, 6, 40, 3, 3, 2},
    {1, 1, 1, 1, 1, 1, 1, 0},     {1, 2, 2, 4, 4, 2, 1, 0},   {2, 10, 11, 12, 12, 5, 2, 3},
    {2, 20, 17, 16, 16, 3, 1, 2}, {1, 7, 7, 3, 5, 2, 3, 0},   {1, 50, 48, 1, 4, 3, 1, 1}};

/// Enough places for the largest tiles, aligned and not.
std::vector<ConvShape> with_large_shapes() {
  std::vector<ConvShape> shapes = all_shapes;
  shapes.push_back({9, 62, 62, 4, 64, 1, 1, 0});
  shapes.push_back({1, 128, 132, 1, 65, 1, 1, 0});
  return shapes;
}

struct Conv {
  ConvShape shape;
  std::vector<float> x, w, bias;
  explicit Conv(const ConvShape& s,
                std::vector<float> (&make)(std::size_t, std::uint64_t) = numbers)
      : shape(s),
        x(make(input_numbers(s), 0)),
        w(make(weight_numbers(s), 1)),
        bias(make(s.out, 2)) {}
  PoolShape pooled() const {
    return {shape.n, shape.output_height(), shape.output_width(), shape.out};
  }
  std::size_t pooled_numbers() const {
    return shape.n * (shape.output_height() / 2) * (shape.output_width() / 2) * shape.out;
  }
};

/// The arrays of a convolution on the device. `shift`: how far everything is from an aligned address; parameters
/// are never aligned.
struct DeviceConv {
  const Conv& conv;
  std::size_t shift;
  DeviceArray<float> x, w, bias;
  explicit DeviceConv(const Conv& c, std::size_t off = 0)
      : conv(c), shift(off), x(c.x, off), w(c.w, 1), bias(c.bias, 3) {}

  std::vector<float> forward(bool biased) const {
    const DeviceArray<float> y(garbage(output_numbers(conv.shape)), shift);
    const DeviceArray<float> space(garbage(cuda::conv_workspace(conv.shape)));
    cuda::conv(kStream, conv.shape, x.get(), w.get(), biased ? bias.get() : nullptr, y.get(),
               space.get());
    return y.read();
  }
  std::vector<float> pool(std::vector<std::uint8_t>& winners) const {
    const DeviceArray<float> y(garbage(conv.pooled_numbers()), shift);
    const DeviceArray<std::uint8_t> places(std::vector<std::uint8_t>(conv.pooled_numbers(), 9),
                                           shift);
    const DeviceArray<float> space(garbage(cuda::conv_workspace(conv.shape)));
    cuda::conv_pool(kStream, conv.shape, x.get(), w.get(), bias.get(), y.get(), places.get(),
                    space.get());
    winners = places.read();
    return y.read();
  }
};

/// Derivatives by weights, bias and input.
struct Gradients {
  std::vector<float> dw, dbias, dx;
  explicit Gradients(const Conv& conv, float start = std::numeric_limits<float>::quiet_NaN())
      : dw(conv.w.size(), start), dbias(conv.bias.size(), start), dx(conv.x.size(), start) {}
};

Gradients on_host(const Conv& conv, const std::vector<float>& dy, const std::uint8_t* winners) {
  HostDevice host;
  Gradients made(conv);
  host.images().conv_gradient(conv.shape, conv.x.data(), conv.w.data(),
                              {.dy = dy.data(),
                               .winners = winners,
                               .dw = made.dw.data(),
                               .dbias = made.dbias.data(),
                               .dx = made.dx.data()});
  return made;
}

/// `start`: what dw and dbias hold before, added to when it is a number.
Gradients on_device(const Conv& conv, const std::vector<float>& dy,
                    const std::vector<std::uint8_t>* winners, float start, std::size_t shift) {
  const DeviceConv device(conv, shift);
  const Gradients before(conv, start);
  const DeviceArray<float> device_dy(dy, shift), dw(before.dw, 1), dbias(before.dbias, 3),
      dx(before.dx, shift), workspace(garbage(cuda::conv_gradient_workspace(conv.shape)));
  const DeviceArray<std::uint8_t> places(
      winners == nullptr ? std::vector<std::uint8_t>{} : *winners, shift);
  cuda::conv_gradient(kStream, conv.shape, device.x.get(), device.w.get(),
                      {.dy = device_dy.get(),
                       .winners = winners == nullptr ? nullptr : places.get(),
                       .dw = dw.get(),
                       .dbias = dbias.get(),
                       .add = !std::isnan(start),
                       .dx = dx.get()},
                      workspace.get());
  Gradients made(conv);
  made.dw = dw.read();
  made.dbias = dbias.read();
  made.dx = dx.read();
  return made;
}

constexpr float kNothing = std::numeric_limits<float>::quiet_NaN();

TEST_CASE("a convolution on the device is that of the processor, wherever its arrays lie") {
  const Conv conv(GENERATE(from_range(with_large_shapes())));
  HostDevice host;
  std::vector<float> y(output_numbers(conv.shape));
  host.images().conv(conv.shape, conv.x.data(), conv.w.data(), conv.bias.data(), y.data());
  const std::vector<float> found = DeviceConv(conv, 0).forward(true);
  CHECK(distance(found, y) < kBar);
  const DeviceConv shifted(conv, 1);
  CHECK(shifted.forward(true) == found);
  host.images().conv(conv.shape, conv.x.data(), conv.w.data(), nullptr, y.data());
  CHECK(distance(shifted.forward(false), y) < kBar);
}

TEST_CASE("a convolution with its pool on the device keeps the first of equal numbers") {
  const Conv conv(GENERATE(from_range(with_large_shapes())), whole_numbers);
  const Doubles sums = reference_conv(conv.shape, {conv.x.begin(), conv.x.end()},
                                      {conv.w.begin(), conv.w.end()},
                                      {conv.bias.begin(), conv.bias.end()});
  std::vector<float> y(conv.pooled_numbers());
  std::vector<std::uint8_t> winners(y.size()), found;
  if (!y.empty()) {
    HostDevice host;
    const std::vector<float> whole(sums.begin(), sums.end());
    host.images().max_pool(conv.pooled(), whole.data(), y.data(), winners.data());
  }
  for (const std::size_t shift : {0U, 1U}) {
    CHECK(DeviceConv(conv, shift).pool(found) == y);
    CHECK(found == winners);
  }
}

void check(const Gradients& found, const Gradients& expected) {
  CHECK(distance(found.dw, expected.dw) < kBar);
  CHECK(distance(found.dbias, expected.dbias) < kBar);
  CHECK(distance(found.dx, expected.dx) < kBar);
}

TEST_CASE("the gradient of a convolution on the device is that of the processor") {
  const Conv conv(GENERATE(from_range(all_shapes)));
  const std::vector<float> dy = numbers(output_numbers(conv.shape), 3);
  const Gradients found = on_device(conv, dy, nullptr, kNothing, 0);
  check(found, on_host(conv, dy, nullptr));
  // Added to what is there, elsewhere in memory, with the same bits.
  const Gradients added = on_device(conv, dy, nullptr, 1.0F, 1);
  for (std::size_t i = 0; i < added.dw.size(); ++i) REQUIRE(added.dw[i] == 1.0F + found.dw[i]);
  for (std::size_t i = 0; i < added.dbias.size(); ++i)
    REQUIRE(added.dbias[i] == 1.0F + found.dbias[i]);
  CHECK(added.dx == found.dx);
}

TEST_CASE("the gradient of a pooled convolution on the device goes to the winners") {
  const Conv conv(GENERATE(from_range(all_shapes)));
  if (conv.pooled_numbers() == 0) return;
  std::vector<std::uint8_t> winners;
  DeviceConv(conv).pool(winners);
  const std::vector<float> dy = numbers(conv.pooled_numbers(), 3);
  const Gradients found = on_device(conv, dy, &winners, kNothing, 0);
  check(found, on_host(conv, dy, winners.data()));
  const Gradients shifted = on_device(conv, dy, &winners, kNothing, 1);
  CHECK(shifted.dw == found.dw);
  CHECK(shifted.dbias == found.dbias);
  CHECK(shifted.dx == found.dx);
}

TEST_CASE("the gradient on the device leaves out what nobody wants") {
  const Conv conv(
      GENERATE(ConvShape{2, 9, 8, 16, 32, 3, 2, 1}, ConvShape{2, 18, 17, 1, 32, 5, 1, 2}));
  const std::vector<float> dy = numbers(output_numbers(conv.shape), 3);
  const Gradients expected = on_host(conv, dy, nullptr);
  const DeviceConv device(conv);
  const DeviceArray<float> device_dy(dy), dw(garbage(conv.w.size())),
      workspace(garbage(cuda::conv_gradient_workspace(conv.shape)));
  cuda::conv_gradient(kStream, conv.shape, device.x.get(), device.w.get(),
                      {.dy = device_dy.get(), .dw = dw.get()}, workspace.get());
  CHECK(distance(dw.read(), expected.dw) < kBar);
}

TEST_CASE("no pictures: nothing is written, and the gradient by the weights is zero") {
  const Conv conv({0, 9, 8, 16, 32, 3, 2, 1});
  std::vector<std::uint8_t> winners;
  const DeviceConv device(conv);
  CHECK(device.forward(true).empty());
  CHECK(device.pool(winners).empty());
  const Gradients found = on_device(conv, {}, nullptr, kNothing, 0);
  CHECK(found.dw == std::vector<float>(conv.w.size(), 0.0F));
  CHECK(found.dbias == std::vector<float>(conv.bias.size(), 0.0F));
}

TEST_CASE(
    "what is not a number passes a convolution and its pool on the device, and spreads no "
    "further") {
  Conv conv({1, 8, 8, 3, 4, 3, 1, 1});
  conv.x[(4 * 8 + 4) * 3] = std::numeric_limits<float>::infinity();
  const std::vector<float> y = DeviceConv(conv).forward(true);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t row = i / 4 / 8;
    const std::size_t column = i / 4 % 8;
    const bool near = row >= 3 && row <= 5 && column >= 3 && column <= 5;
    CHECK(std::isfinite(y[i]) == !near);
  }
  conv.w.assign(conv.w.size(), std::numeric_limits<float>::quiet_NaN());
  std::vector<std::uint8_t> winners;
  for (const float value : DeviceConv(conv).pool(winners)) CHECK(std::isnan(value));
}

}  // namespace
}  // namespace murm
