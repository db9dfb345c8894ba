// Tests of pooling and normalisation on the device: each verb against the processor.
#include <cmath>
#include <limits>
#include <vector>

#include "gpu/cuda/image_norm.hpp"
#include "gpu/cuda/pooling.hpp"
#include "gpu/host/host_device.hpp"
#include "tests/catch.hpp"
#include "tests/unit/cuda/device_array.hpp"
#include "tests/unit/cuda/made_up_numbers.hpp"

namespace murm {
namespace {

constexpr cudaStream_t kStream = nullptr;

/// Even and odd, with windows that overlap, leave gaps and are as large as the picture; wider than one block.
const std::vector<PoolShape> pool_shapes{
    {2, 6, 8, 5},          {2, 7, 9, 16},         {1, 9, 8, 3, 3, 2},
    {3, 5, 5, 4, 3, 1},    {1, 1, 1, 1, 1, 1},    {2, 9, 11, 4, 2, 3},
    {1, 15, 15, 2, 15, 1}, {3, 20, 21, 32, 3, 2}, {0, 6, 8, 4}};

TEST_CASE("pooling on the device has the bits of the processor, with the first of equal numbers") {
  const PoolShape shape = GENERATE(from_range(pool_shapes));
  const std::size_t shift = GENERATE(0U, 1U);
  const std::size_t from = shape.n * shape.height * shape.width * shape.channels;
  const std::size_t to = shape.n * shape.output_height() * shape.output_width() * shape.channels;
  const std::vector<float> x = whole_numbers(from, 0), dy = numbers(to, 1);
  std::vector<float> y(to), dx(from);
  std::vector<std::uint8_t> winners(to);
  HostDevice host;
  host.images().max_pool(shape, x.data(), y.data(), winners.data());
  host.images().max_pool_gradient(shape, dy.data(), winners.data(), dx.data());

  const DeviceArray<float> device_x(x, shift), device_y(garbage(to), shift), device_dy(dy, shift),
      device_dx(garbage(from), shift);
  const DeviceArray<std::uint8_t> device_winners(std::vector<std::uint8_t>(to, 77), shift);
  cuda::max_pool(kStream, shape, device_x.get(), device_y.get(), device_winners.get());
  CHECK(device_y.read() == y);
  CHECK(device_winners.read() == winners);
  cuda::max_pool_gradient(kStream, shape, device_dy.get(), device_winners.get(), device_dx.get());
  CHECK(device_dx.read() == dx);
}

TEST_CASE("what is not a number passes a pool on the device as it does on the processor") {
  const PoolShape shape{1, 4, 8, 1};
  std::vector<float> x = numbers(32, 0);
  for (const std::size_t i : {0U, 3U, 12U, 15U}) x[i] = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> y(8);
  std::vector<std::uint8_t> winners(8);
  HostDevice host;
  host.images().max_pool(shape, x.data(), y.data(), winners.data());
  const DeviceArray<float> device_x(x), device_y(garbage(8));
  const DeviceArray<std::uint8_t> device_winners(winners);
  cuda::max_pool(kStream, shape, device_x.get(), device_y.get(), device_winners.get());
  const std::vector<float> found = device_y.read();
  CHECK(device_winners.read() == winners);
  for (std::size_t i = 0; i < 8; ++i) CHECK(std::isnan(found[i]) == std::isnan(y[i]));
  CHECK(std::isnan(found[0]));
}

TEST_CASE("the mean over all places and its way back have the bits of the processor") {
  const std::size_t n = GENERATE(0U, 3U);
  const std::size_t positions = GENERATE(1U, 12U);
  const std::size_t channels = GENERATE(1U, 5U, 16U, 300U);
  const std::vector<float> x = numbers(n * positions * channels, 0), dy = numbers(n * channels, 1);
  std::vector<float> y(dy.size()), dx(x.size());
  HostDevice host;
  host.images().mean_pool(n, positions, channels, x.data(), y.data());
  host.images().mean_pool_gradient(n, positions, channels, dy.data(), dx.data());
  const DeviceArray<float> device_x(x), device_y(garbage(y.size())), device_dy(dy),
      device_dx(garbage(x.size()));
  cuda::mean_pool(kStream, n, positions, channels, device_x.get(), device_y.get());
  cuda::mean_pool_gradient(kStream, n, positions, channels, device_dy.get(), device_dx.get());
  CHECK(device_y.read() == y);
  CHECK(device_dx.read() == dx);
}

constexpr double kBar = 1e-5;

/// Groups and batches; one row, one channel, several pieces, more channels than a block has threads, odd numbers.
const std::vector<NormShape> norm_shapes{{3, 6, 8, 2},     {2, 5, 12, 12},  {2, 4, 24, 1},
                                         {4, 3, 6, 0},     {1, 1, 1, 1},    {5, 1, 3, 0},
                                         {2, 1030, 16, 4}, {9, 70, 20, 0},  {2, 3, 1100, 10},
                                         {3, 2, 1100, 0},  {2, 40, 301, 7}, {1, 700, 64, 0}};

/// What a normalisation gives, forward and back.
struct Normed {
  std::vector<float> y, statistics, dy, dx, dscale, dshift;
};

struct NormCase {
  NormShape shape;
  bool relu, has_residual;
  std::vector<float> x, scale, shift, residual, dy, dscale, dshift;
  NormCase(const NormShape& s, bool with_relu, bool with_residual)
      : shape(s), relu(with_relu), has_residual(with_residual) {
    const std::size_t count = s.n * s.positions * s.channels;
    x = numbers(count, 0);
    for (float& value : x) value = 3 * value + 20;
    scale = numbers(s.channels, 1);
    shift = numbers(s.channels, 2);
    residual = numbers(count, 3);
    dy = numbers(count, 4);
    dscale = numbers(s.channels, 5);
    dshift = numbers(s.channels, 6);
  }

  Normed on_host() const {
    HostDevice host;
    Normed made{
        garbage(x.size()), garbage(2 * shape.sets()), dy, garbage(x.size()), dscale, dshift};
    host.images().norm(shape, x.data(), scale.data(), shift.data(),
                       has_residual ? residual.data() : nullptr, relu, made.y.data(),
                       made.statistics.data());
    host.images().norm_gradient(shape, x.data(), scale.data(), made.statistics.data(),
                                relu ? made.y.data() : nullptr, made.dy.data(), made.dx.data(),
                                made.dscale.data(), made.dshift.data());
    return made;
  }

  /// Parameters begin anywhere; arrays `off` numbers behind an aligned address.
  Normed on_device(std::size_t off) const {
    const DeviceArray<float> device_x(x, off), device_scale(scale, 1), device_shift(shift, 3),
        device_residual(residual, off), y(garbage(x.size()), off),
        statistics(garbage(2 * shape.sets())), device_dy(dy, off), dx(garbage(x.size()), off),
        device_dscale(dscale, 1), device_dshift(dshift, 3),
        workspace(garbage(cuda::norm_workspace(shape)));
    cuda::norm(kStream, shape, device_x.get(), device_scale.get(), device_shift.get(),
               has_residual ? device_residual.get() : nullptr, relu, y.get(), statistics.get(),
               workspace.get());
    cuda::norm_gradient(kStream, shape, device_x.get(), device_scale.get(), statistics.get(),
                        relu ? y.get() : nullptr, device_dy.get(), dx.get(), device_dscale.get(),
                        device_dshift.get(), workspace.get());
    return {y.read(),  statistics.read(),    device_dy.read(),
            dx.read(), device_dscale.read(), device_dshift.read()};
  }
};

TEST_CASE("normalisation on the device is that of the processor, forward and back") {
  const NormCase norm(GENERATE(from_range(norm_shapes)), GENERATE(false, true),
                      GENERATE(false, true));
  const Normed expected = norm.on_host();
  const Normed found = norm.on_device(GENERATE(0U, 1U));
  CHECK(distance(found.y, expected.y) < kBar);
  CHECK(distance(found.statistics, expected.statistics) < kBar);
  CHECK(distance(found.dy, expected.dy) < kBar);
  CHECK(distance(found.dx, expected.dx) < kBar);
  CHECK(distance(found.dscale, expected.dscale) < kBar);
  CHECK(distance(found.dshift, expected.dshift) < kBar);
}

TEST_CASE("without pictures nothing is normalised, and nothing is added to the derivatives") {
  const NormCase norm({0, 5, 8, GENERATE(0U, 2U)}, true, true);
  const Normed found = norm.on_device(0);
  CHECK(found.y.empty());
  CHECK(found.dscale == norm.dscale);
  CHECK(found.dshift == norm.dshift);
}

TEST_CASE("normalisation on the device gives the same bits every time") {
  const NormCase norm({3, 2100, 8, GENERATE(0U, 2U)}, true, true);
  const Normed first = norm.on_device(0);
  const Normed second = norm.on_device(0);
  CHECK(first.y == second.y);
  CHECK(first.statistics == second.statistics);
  CHECK(first.dx == second.dx);
  CHECK(first.dscale == second.dscale);
  CHECK(first.dshift == second.dshift);
}

TEST_CASE("a variance far below the square of the mean is not lost") {
  NormCase norm({2, 300, 4, GENERATE(0U, 1U)}, false, false);
  for (float& value : norm.x) value = 4096.0F + value / 16;
  const Normed found = norm.on_device(0);
  const std::size_t channels = norm.shape.channels;
  for (std::size_t s = 0; s < norm.shape.sets(); ++s) {
    double sum = 0;
    double squares = 0;
    double count = 0;
    for (std::size_t i = 0; i < norm.x.size(); ++i) {
      const std::size_t set = norm.shape.groups == 0 ? i % channels
                                                     : i / (norm.shape.positions * channels);
      if (set != s) continue;
      const double number = static_cast<double>(norm.x[i]) - 4096.0;
      sum += number;
      squares += number * number;
      ++count;
    }
    const double variance = squares / count - sum * sum / count / count;
    CHECK(found.statistics[2 * s] == static_cast<float>(4096.0 + sum / count));
    CHECK(static_cast<double>(found.statistics[2 * s + 1]) ==
          Approx(1.0 / std::sqrt(variance + 1e-5)).epsilon(1e-6));
  }
}

}  // namespace
}  // namespace murm
