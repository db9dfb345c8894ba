// Tests of ImageAlgebra on the processor: each verb against plain loops in double precision, whatever way it takes.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "algorithms/random.hpp"
#include "gpu/host/host_device.hpp"
#include "tests/catch.hpp"
#include "tests/unit/gpu/image_reference.hpp"

namespace murm {
namespace {

std::vector<float> numbers(std::size_t count, std::uint64_t stream) {
  Random random(5, stream);
  std::vector<float> values(count);
  for (float& value : values) value = random.uniform(-1.0F, 1.0F);
  return values;
}

Doubles doubles(const std::vector<float>& values) { return {values.begin(), values.end()}; }

/// The largest difference, in parts of the largest number that there should be.
double error(const std::vector<float>& found, const Doubles& expected) {
  REQUIRE(found.size() == expected.size());
  double worst = 0;
  double largest = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double difference = std::abs(static_cast<double>(found[i]) - expected[i]);
    if (!(difference <= worst)) worst = difference;
    largest = std::max(largest, std::abs(expected[i]));
  }
  return worst / largest;
}

struct Conv {
  ConvShape shape;
  std::vector<float> x, w, bias;
  explicit Conv(const ConvShape& s)
      : shape(s),
        x(numbers(input_numbers(s), 0)),
        w(numbers(weight_numbers(s), 1)),
        bias(numbers(s.out, 2)) {}
  PoolShape pooled() const {
    return {shape.n, shape.output_height(), shape.output_width(), shape.out};
  }
};

/// 5x5 and 3x3 by Winograd, odd sizes, more than one group and block; then what oneDNN does: other strides, kernels,
/// channels; and the first layers of networks.
const std::vector<ConvShape> all_shapes{
    {3, 14, 14, 32, 64, 5, 1, 2}, {2, 9, 11, 16, 32, 5, 1, 2}, {1, 31, 30, 32, 16, 5, 1, 0},
    {2, 13, 10, 32, 16, 3, 1, 1}, {9, 8, 8, 16, 48, 3, 1, 1},  {1, 40, 33, 16, 16, 3, 1, 2},
    {2, 5, 6, 16, 16, 3, 1, 0},   {2, 9, 8, 16, 32, 3, 2, 1},  {3, 8, 8, 16, 32, 1, 2, 0},
    {2, 7, 9, 5, 7, 3, 1, 1},     {2, 12, 9, 3, 16, 5, 1, 2},  {3, 28, 28, 1, 32, 5, 1, 2},
    {2, 9, 7, 1, 16, 3, 1, 1},    {2, 11, 8, 3, 16, 3, 1, 1},  {2, 10, 10, 1, 16, 5, 1, 0}};

constexpr double kBar = 2e-5;

TEST_CASE("a convolution is the correlation, whatever its shape") {
  const Conv conv(GENERATE(from_range(all_shapes)));
  HostDevice device;
  std::vector<float> y(output_numbers(conv.shape), -7.0F);
  device.images().conv(conv.shape, conv.x.data(), conv.w.data(), conv.bias.data(), y.data());
  CHECK(error(y, reference_conv(conv.shape, doubles(conv.x), doubles(conv.w), doubles(conv.bias))) <
        kBar);
  device.images().conv(conv.shape, conv.x.data(), conv.w.data(), nullptr, y.data());
  CHECK(error(y, reference_conv(conv.shape, doubles(conv.x), doubles(conv.w), {})) < kBar);
}

/// dy of the whole convolution, from that of its pooled outputs.
Doubles unpooled(const PoolShape& s, const std::vector<float>& dy,
                 const std::vector<std::uint8_t>& winners) {
  Doubles whole(s.n * s.height * s.width * s.channels);
  for (std::size_t i = 0; i < dy.size(); ++i) {
    if (winners[i] == s.window * s.window) continue;
    const std::size_t place = i / s.channels;
    const std::size_t n = place / (s.output_height() * s.output_width());
    const std::size_t r = place / s.output_width() % s.output_height() * s.stride +
                          winners[i] / s.window;
    const std::size_t q = place % s.output_width() * s.stride + winners[i] % s.window;
    whole[((n * s.height + r) * s.width + q) * s.channels + i % s.channels] += static_cast<double>(
        dy[i]);
  }
  return whole;
}

/// Checks all three derivatives, then that `add` adds.
void check_gradient(const Conv& conv, const std::vector<float>& dy, const std::uint8_t* winners,
                    const Doubles& whole) {
  const ConvShape& s = conv.shape;
  Doubles dx(conv.x.size()), dw(conv.w.size()), dbias(s.out);
  for_each_product(s, [&](std::size_t i, std::size_t j, std::size_t k) {
    dx[i] += whole[k] * static_cast<double>(conv.w[j]);
    dw[j] += whole[k] * static_cast<double>(conv.x[i]);
  });
  for (std::size_t k = 0; k < whole.size(); ++k) dbias[k % s.out] += whole[k];
  HostDevice device;
  const bool wanted = GENERATE(true, false);
  std::vector<float> found_dx(dx.size(), -7.0F), found_dw(dw.size(), -7.0F),
      found_dbias(s.out, -7.0F);
  ConvGradient gradient{.dy = dy.data(),
                        .winners = winners,
                        .dw = found_dw.data(),
                        .dbias = found_dbias.data(),
                        .dx = wanted ? found_dx.data() : nullptr};
  device.images().conv_gradient(s, conv.x.data(), conv.w.data(), gradient);
  if (wanted) CHECK(error(found_dx, dx) < kBar);
  CHECK(error(found_dw, dw) < kBar);
  CHECK(error(found_dbias, dbias) < kBar);
  gradient.add = true;
  device.images().conv_gradient(s, conv.x.data(), conv.w.data(), gradient);
  for (double& value : dw) value *= 2;
  for (double& value : dbias) value *= 2;
  CHECK(error(found_dw, dw) < kBar);
  CHECK(error(found_dbias, dbias) < kBar);
}

TEST_CASE("the gradient of a convolution is that of its sum, and is added where that is wanted") {
  const Conv conv(GENERATE(from_range(all_shapes)));
  const std::vector<float> dy = numbers(output_numbers(conv.shape), 3);
  check_gradient(conv, dy, nullptr, doubles(dy));
}

TEST_CASE("a pooled convolution keeps the largest of each window, and its gradient goes to them") {
  const Conv conv(GENERATE(from_range(all_shapes)));
  HostDevice device;
  const Doubles expected = reference_pool(
      conv.pooled(),
      reference_conv(conv.shape, doubles(conv.x), doubles(conv.w), doubles(conv.bias)));
  std::vector<float> y(expected.size(), -7.0F);
  std::vector<std::uint8_t> winners(y.size(), 9);
  device.images().conv_pool(conv.shape, conv.x.data(), conv.w.data(), conv.bias.data(), y.data(),
                            winners.data());
  CHECK(error(y, expected) < kBar);
  std::size_t dead = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    REQUIRE(winners[i] <= 4);
    CHECK((winners[i] == 4) == (y[i] == 0.0F));
    dead += winners[i] == 4 ? 1U : 0U;
  }
  CHECK(dead > 0);
  CHECK(dead < y.size() / 2);
  const std::vector<float> dy = numbers(y.size(), 3);
  check_gradient(conv, dy, winners.data(), unpooled(conv.pooled(), dy, winners));
}

TEST_CASE("convolutions give the same bits on every call and every device") {
  const Conv conv(GENERATE(from_range(all_shapes)));
  const std::vector<float> dy = numbers(output_numbers(conv.shape), 3);
  HostDevice first, second;
  // The other device has seen a larger shape before.
  const Conv large({4, 20, 20, 32, 32, 5, 1, 2});
  std::vector<float> trash(output_numbers(large.shape));
  second.images().conv(large.shape, large.x.data(), large.w.data(), nullptr, trash.data());
  std::vector<float> y(dy.size()), dw(conv.w.size()), dx(conv.x.size());
  std::vector<float> other_y(y), other_dw(dw), other_dx(dx);
  for (int i = 0; i < 2; ++i) {
    first.images().conv(conv.shape, conv.x.data(), conv.w.data(), nullptr, y.data());
    first.images().conv_gradient(conv.shape, conv.x.data(), conv.w.data(),
                                 {.dy = dy.data(), .dw = dw.data(), .dx = dx.data()});
    second.images().conv(conv.shape, conv.x.data(), conv.w.data(), nullptr, other_y.data());
    second.images().conv_gradient(conv.shape, conv.x.data(), conv.w.data(),
                                  {.dy = dy.data(), .dw = other_dw.data(), .dx = other_dx.data()});
    CHECK(y == other_y);
    CHECK(dw == other_dw);
    CHECK(dx == other_dx);
  }
}

TEST_CASE("pooling takes any window and stride, and windows that overlap add up on the way back") {
  const PoolShape shape = GENERATE(PoolShape{2, 6, 8, 5}, PoolShape{2, 7, 9, 16},
                                   PoolShape{1, 9, 8, 3, 3, 2}, PoolShape{3, 5, 5, 4, 3, 1});
  const std::vector<float> x = numbers(shape.n * shape.height * shape.width * shape.channels, 0);
  const Doubles expected = reference_pool(shape, doubles(x));
  std::vector<float> y(expected.size()), dx(x.size(), -7.0F);
  std::vector<std::uint8_t> winners(y.size());
  HostDevice device;
  device.images().max_pool(shape, x.data(), y.data(), winners.data());
  CHECK(error(y, expected) == 0);
  const std::vector<float> dy = numbers(y.size(), 3);
  device.images().max_pool_gradient(shape, dy.data(), winners.data(), dx.data());
  CHECK(error(dx, unpooled(shape, dy, winners)) < 1e-6);
}

TEST_CASE("what is not a number passes a pool, so that divergence shows") {
  const Conv conv(GENERATE(ConvShape{1, 4, 4, 16, 16, 5, 1, 2}, ConvShape{1, 4, 4, 1, 16, 5, 1, 2},
                           ConvShape{1, 4, 4, 5, 3, 3, 1, 1}));
  std::vector<float> w(conv.w.size(), std::numeric_limits<float>::quiet_NaN());
  std::vector<float> y(4 * conv.shape.out);
  std::vector<std::uint8_t> winners(y.size());
  HostDevice device;
  device.images().conv_pool(conv.shape, conv.x.data(), w.data(), nullptr, y.data(), winners.data());
  CHECK(std::all_of(y.begin(), y.end(), [](float value) { return std::isnan(value); }));
}

TEST_CASE("the mean over all places, and its way back") {
  const std::size_t channels = GENERATE(5U, 16U, 70U);
  const std::vector<float> x = numbers(3 * 12 * channels, 0);
  Doubles mean(3 * channels), back(x.size());
  const std::vector<float> dy = numbers(mean.size(), 3);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t to = i / (12 * channels) * channels + i % channels;
    mean[to] += static_cast<double>(x[i]) / 12;
    back[i] = static_cast<double>(dy[to]) / 12;
  }
  std::vector<float> y(mean.size()), dx(x.size());
  HostDevice device;
  device.images().mean_pool(3, 12, channels, x.data(), y.data());
  device.images().mean_pool_gradient(3, 12, channels, dy.data(), dx.data());
  CHECK(error(y, mean) < 1e-6);
  CHECK(error(dx, back) < 1e-6);
}

struct Norm {
  NormShape shape;
  bool relu = false;
  /// Which set a number belongs to.
  std::size_t set(std::size_t i) const {
    const std::size_t channel = i % shape.channels;
    if (shape.groups == 0) return channel;
    return i / (shape.positions * shape.channels) * shape.groups +
           channel / (shape.channels / shape.groups);
  }
  Doubles operator()(const Doubles& x, const Doubles& scale, const Doubles& shift,
                     const Doubles& residual) const {
    Doubles mean(shape.sets()), variance(mean), y(x);
    const double count = static_cast<double>(x.size() / shape.sets());
    for (std::size_t i = 0; i < x.size(); ++i) mean[set(i)] += x[i] / count;
    for (std::size_t i = 0; i < x.size(); ++i)
      variance[set(i)] += (x[i] - mean[set(i)]) * (x[i] - mean[set(i)]) / count;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t c = i % shape.channels;
      y[i] = (x[i] - mean[set(i)]) / std::sqrt(variance[set(i)] + 1e-5) * scale[c] + shift[c] +
             residual[i];
      if (relu) y[i] = std::max(0.0, y[i]);
    }
    return y;
  }
};

TEST_CASE("normalisation of groups and of batches, and its derivatives by central differences") {
  const NormShape shape = GENERATE(NormShape{3, 6, 8, 2}, NormShape{2, 5, 12, 12},
                                   NormShape{2, 4, 24, 1}, NormShape{4, 3, 6, 0});
  const Norm norm{shape, GENERATE(false, true)};
  const std::size_t count = shape.n * shape.positions * shape.channels;
  std::vector<float> x = numbers(count, 0);
  for (float& value : x) value = 3 * value + 1;
  const std::vector<float> scale = numbers(shape.channels, 1), shift = numbers(shape.channels, 2),
                           residual = numbers(count, 3), weight = numbers(count, 4);
  HostDevice device;
  std::vector<float> y(count), statistics(2 * shape.sets()), dy(weight), dx(count);
  device.images().norm(shape, x.data(), scale.data(), shift.data(), residual.data(), norm.relu,
                       y.data(), statistics.data());
  const Doubles inputs[4] = {doubles(x), doubles(scale), doubles(shift), doubles(residual)};
  CHECK(error(y, norm(inputs[0], inputs[1], inputs[2], inputs[3])) < 1e-6);
  std::vector<float> dscale(shape.channels, 1.0F), dshift(shape.channels, 2.0F);
  device.images().norm_gradient(shape, x.data(), scale.data(), statistics.data(),
                                norm.relu ? y.data() : nullptr, dy.data(), dx.data(), dscale.data(),
                                dshift.data());
  for (float& value : dscale) value -= 1;
  for (float& value : dshift) value -= 2;
  const auto slopes = [&](std::size_t which) {
    Doubles moved[4] = {inputs[0], inputs[1], inputs[2], inputs[3]};
    const auto loss = [&] {
      const Doubles found = norm(moved[0], moved[1], moved[2], moved[3]);
      double sum = 0;
      for (std::size_t i = 0; i < count; ++i) sum += found[i] * static_cast<double>(weight[i]);
      return sum;
    };
    Doubles result;
    for (double& value : moved[which]) {
      constexpr double h = 1e-6;
      const double kept = value;
      value = kept + h;
      const double above = loss();
      value = kept - h;
      result.push_back((above - loss()) / (2 * h));
      value = kept;
    }
    return result;
  };
  CHECK(error(dx, slopes(0)) < 1e-5);
  CHECK(error(dscale, slopes(1)) < 1e-5);
  CHECK(error(dshift, slopes(2)) < 1e-5);
  CHECK(error(dy, slopes(3)) < 1e-5);
}

TEST_CASE("a normalisation without residual is one with zeros") {
  const NormShape shape{2, 6, 8, 4};
  const std::vector<float> x = numbers(96, 0), scale = numbers(8, 1), shift = numbers(8, 2),
                           zeros(96);
  std::vector<float> y(96), other(96), statistics(16);
  HostDevice device;
  device.images().norm(shape, x.data(), scale.data(), shift.data(), nullptr, true, y.data(),
                       statistics.data());
  device.images().norm(shape, x.data(), scale.data(), shift.data(), zeros.data(), true,
                       other.data(), statistics.data());
  CHECK(y == other);
  device.images().add(96, x.data(), y.data());
  CHECK(y[17] == other[17] + x[17]);
}

}  // namespace
}  // namespace murm
