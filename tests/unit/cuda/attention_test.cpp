// Attention of the CUDA room and its way back against the host device.
// Room: tests. Caller: ctest.
#include "gpu/cuda/attention.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "gpu/host/host_device.hpp"
#include "tests/catch.hpp"
#include "tests/unit/cuda/device_array.hpp"
#include "tests/unit/cuda/made_up_numbers.hpp"

namespace murm {
namespace {

struct Answer {
  Floats y, log_sums, dqkv;
  friend bool operator==(const Answer&, const Answer&) = default;
};

Answer on_host(const AttentionShape& shape, const Floats& qkv, const Floats& dy) {
  Answer answer{Floats(dy.size()), Floats(shape.n * shape.length * shape.heads),
                Floats(qkv.size())};
  HostDevice host;
  host.sequences().attention(shape, qkv.data(), answer.y.data(), answer.log_sums.data());
  host.sequences().attention_gradient(shape, qkv.data(), answer.y.data(), answer.log_sums.data(),
                                      dy.data(), answer.dqkv.data());
  return answer;
}

/// `shift`: of the arrays behind an aligned address.
Answer on_device(const AttentionShape& shape, const Floats& qkv, const Floats& dy,
                 std::size_t shift = 0) {
  const DeviceArray on_qkv(qkv, shift), on_dy(dy, shift), y(garbage(dy.size()), shift),
      log_sums(garbage(shape.n * shape.length * shape.heads)), dqkv(garbage(qkv.size()), shift),
      workspace(garbage(cuda::attention_gradient_workspace(shape)));
  cuda::attention(nullptr, shape, on_qkv.get(), y.get(), log_sums.get());
  cuda::attention_gradient(nullptr, shape, on_qkv.get(), y.get(), log_sums.get(), on_dy.get(),
                           dqkv.get(), workspace.get());
  return {y.read(), log_sums.read(), dqkv.read()};
}

TEST_CASE("attention on a device and its way back are the host's, for heads of any width") {
  // Tiles have 64 places; heads are computed as if they had 32, 64, 128 or 256 numbers.
  const auto shape = GENERATE(
      AttentionShape{1, 1, 1, 1}, AttentionShape{3, 1, 2, 32}, AttentionShape{2, 5, 3, 3},
      AttentionShape{1, 64, 2, 64}, AttentionShape{2, 65, 1, 32}, AttentionShape{1, 150, 2, 20},
      AttentionShape{1, 77, 2, 36}, AttentionShape{1, 130, 1, 128}, AttentionShape{1, 40, 1, 97},
      AttentionShape{1, 70, 1, 200}, AttentionShape{1, 66, 1, 256});
  const std::size_t places = shape.n * shape.length;
  const Floats qkv = normal_numbers(3 * places * shape.width(), 1),
               dy = normal_numbers(places * shape.width(), 2);
  const Answer expected = on_host(shape, qkv, dy);
  const Answer found = on_device(shape, qkv, dy);
  INFO(shape.length << " places, heads " << shape.head_width << " wide");
  CHECK(distance(found.y, expected.y) < 1e-5);
  CHECK(distance(found.log_sums, expected.log_sums) < 1e-5);
  CHECK(distance(found.dqkv, expected.dqkv) < 1e-5);
}

TEST_CASE("attention gives the same bits again, and those of arrays that are not aligned") {
  const AttentionShape shape{2, 100, 2, 24};
  const Floats qkv = normal_numbers(3 * 2 * 100 * 48, 1), dy = normal_numbers(2 * 100 * 48, 2);
  const Answer first = on_device(shape, qkv, dy);
  CHECK(on_device(shape, qkv, dy) == first);
  CHECK(on_device(shape, qkv, dy, 1) == first);
}

TEST_CASE("large scores make attention on a device that is finite, and a place sees no later one") {
  const AttentionShape shape{1, 90, 1, 16};
  Floats qkv = normal_numbers(3 * 90 * 16, 3);
  for (float& x : qkv) x *= 100;
  const Floats dy = normal_numbers(90 * 16, 4);
  const Answer whole = on_device(shape, qkv, dy);
  for (const float value : whole.y) REQUIRE(std::isfinite(value));
  for (const float value : whole.dqkv) REQUIRE(std::isfinite(value));
  CHECK(distance(whole.y, on_host(shape, qkv, dy).y) < 1e-5);
  for (std::size_t i = 70 * 48; i < qkv.size(); ++i) qkv[i] = -qkv[i];
  const Answer other = on_device(shape, qkv, dy);
  CHECK(std::equal(other.y.begin(), other.y.begin() + 70 * 16, whole.y.begin()));
  CHECK_FALSE(other.y == whole.y);
}

TEST_CASE("what is not a number stays so through attention on a device") {
  const AttentionShape shape{1, 70, 1, 8};
  Floats qkv = normal_numbers(3 * 70 * 8, 1);
  const std::size_t place = 66, part = GENERATE(as<std::size_t>{}, 0, 1, 2);
  qkv[(place * 3 + part) * 8 + 2] = std::numeric_limits<float>::quiet_NaN();
  const Answer found = on_device(shape, qkv, normal_numbers(70 * 8, 2));
  CHECK(std::isnan(found.y[place * 8 + 2]));
  CHECK_FALSE(std::isnan(found.y[2]));
}

TEST_CASE("attention over nothing starts nothing") {
  const DeviceArray x(Floats(4, 1.0F));
  const auto shape = GENERATE(AttentionShape{0, 4, 1, 1}, AttentionShape{1, 0, 1, 1});
  cuda::attention(nullptr, shape, x.get(), x.get(), x.get());
  cuda::attention_gradient(nullptr, shape, x.get(), x.get(), x.get(), x.get(), x.get(), x.get());
  CHECK(cuda::attention_gradient_workspace(shape) == 0);
  CHECK(x.read() == Floats(4, 1.0F));
}

}  // namespace
}  // namespace murm
