#include "runtime/world/portable_math.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "tests/catch.hpp"

using namespace murm;

namespace {

double relative(double value, double expected) { return std::abs(value / expected - 1); }

}  // namespace

TEST_CASE("the portable logarithm agrees with the C library's over 600 orders of magnitude") {
  double worst = 0;
  for (int i = 0; i < 200'000; ++i) {
    const double m = 1 + std::fmod(i * std::numbers::phi, 1.0);
    const double x = std::ldexp(m, i % 2000 - 1000);
    worst = std::max(worst, relative(portable_log(x), std::log(x)));
  }
  CHECK(worst < 1e-15);
}

TEST_CASE("the portable logarithm is as exact near 1, where it passes 0") {
  CHECK(portable_log(1) == 0);
  double worst = 0;
  for (int i = 1; i < 100'000; ++i) {
    worst = std::max(worst, relative(portable_log(1 + i * 1e-5), std::log(1 + i * 1e-5)));
    worst = std::max(worst, relative(portable_log(1 - i * 1e-5), std::log(1 - i * 1e-5)));
  }
  CHECK(worst < 1e-15);
  CHECK(relative(portable_log(1 - 0x1p-53), std::log(1 - 0x1p-53)) < 1e-15);
}

TEST_CASE("the portable exponential agrees with the C library's and saturates at both ends") {
  double worst = 0;
  for (int i = -700'000; i <= 700'000; i += 7) {
    worst = std::max(worst, relative(portable_exp(i * 1e-3), std::exp(i * 1e-3)));
  }
  CHECK(worst < 1e-15);
  CHECK(portable_exp(0) == 1);
  CHECK(portable_exp(-1000) == 0);
  CHECK(portable_exp(1000) == std::numeric_limits<double>::infinity());
}

TEST_CASE("the normal quantile agrees with values of 22 digits in all three of its branches") {
  // Computed with mpmath: sqrt(2) erfinv(2 p - 1).
  CHECK(relative(normal_quantile(0x1p-53), -8.209536151601386855631) < 1e-14);
  CHECK(relative(normal_quantile(0x1.0624dd2f1a9fcp-10), -3.090232306167813535358) < 1e-14);
  CHECK(relative(normal_quantile(0x1.1eb851eb851ecp-4), -1.475791028179170685609) < 1e-14);
  CHECK(relative(normal_quantile(0x1.3333333333333p-2), -0.5244005127080408159695) < 1e-14);
  CHECK(relative(normal_quantile(0x1.ccccccccccccdp-1), 1.281551565544600593487) < 1e-14);
  CHECK(normal_quantile(0.5) == 0);
}

TEST_CASE("the normal quantile inverts the normal distribution and is odd around one half") {
  double worst = 0;
  double before = -std::numeric_limits<double>::infinity();
  for (int i = 1; i < 50'000; ++i) {
    const double p = i * 1e-5;
    const double z = normal_quantile(p);
    worst = std::max(worst, relative(0.5 * std::erfc(-z / std::numbers::sqrt2), p));
    REQUIRE(z > before);
    before = z;
  }
  CHECK(worst < 1e-13);
  for (const double p : {0x1p-40, 0.0625, 0.25, 0.4375}) {
    CHECK(normal_quantile(1 - p) == -normal_quantile(p));
  }
}

TEST_CASE("a uniform number is never 0 and never 1") {
  CHECK(open_uniform(0) == 0x1p-53);
  CHECK(open_uniform(std::numeric_limits<std::uint64_t>::max()) == 1 - 0x1p-53);
  CHECK(open_uniform(std::uint64_t{1} << 63U) == 0.5 + 0x1p-53);
}

TEST_CASE("portable functions give the same bits everywhere") {
  CHECK(std::bit_cast<std::uint64_t>(portable_log(0.1)) == 0xc0026bb1bbb55515);
  CHECK(std::bit_cast<std::uint64_t>(portable_log(12345.678)) == 0x4022d79559791e31);
  CHECK(std::bit_cast<std::uint64_t>(portable_exp(0.1)) == 0x3ff1aec7b35a00d4);
  CHECK(std::bit_cast<std::uint64_t>(portable_exp(-12.5)) == 0x3ecf42ed3f68e690);
  CHECK(std::bit_cast<std::uint64_t>(normal_quantile(0.1)) == 0xbff4813c36e26d34);
  CHECK(std::bit_cast<std::uint64_t>(normal_quantile(0.001)) == 0xc008b8cbb7204470);
  CHECK(std::bit_cast<std::uint64_t>(normal_quantile(1e-15)) == 0xc01fc3f007789667);
}
