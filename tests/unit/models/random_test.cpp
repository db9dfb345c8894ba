// Tests of the counter-based random numbers, with the known answers of Random123.
#include "algorithms/random.hpp"

#include <vector>

#include "tests/catch.hpp"

namespace murm {
namespace {

using Block = std::array<std::uint32_t, 4>;

TEST_CASE("Philox4x32-10 gives the known answers") {
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a stream is a function of seed and stream, and differs from its neighbours") {
  const auto first = [](std::uint64_t seed, std::uint64_t stream) {
    Random random(seed, stream);
    std::vector<std::uint32_t> numbers(9);
    for (std::uint32_t& number : numbers) number = random.next();
    return numbers;
  };
  CHECK(first(1, 2) == first(1, 2));
  CHECK(first(1, 2) != first(2, 2));
  CHECK(first(1, 2) != first(1, 3));
  CHECK(first(1, 0) != first(1, std::uint64_t{1} << 32U));
  CHECK(first(0, 0)[0] == 0x6627e8d5);
}

TEST_CASE("uniform, bounded and normal numbers have their moments") {
  Random random(7, 0);
  constexpr int count = 20000;
  double sum = 0, normal_sum = 0, normal_squares = 0;
  std::array<int, 7> seen{};
  for (int i = 0; i < count; ++i) {
    const float u = random.uniform();
    REQUIRE(u >= 0.0F);
    REQUIRE(u < 1.0F);
    sum += static_cast<double>(u);
    ++seen.at(random.below(7));
    const auto z = static_cast<double>(random.normal());
    normal_sum += z;
    normal_squares += z * z;
  }
  CHECK(sum / count == Approx(0.5).margin(0.01));
  CHECK(normal_sum / count == Approx(0.0).margin(0.03));
  CHECK(normal_squares / count == Approx(1.0).margin(0.04));
  for (const int hits : seen) CHECK(hits == Approx(count / 7.0).margin(250));
}

}  // namespace
}  // namespace murm
