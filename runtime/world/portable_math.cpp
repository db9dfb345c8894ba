#include "runtime/world/portable_math.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>

namespace murm {

namespace {

// ln 2 in two parts: the first has 21 trailing zeros, so its product with an exponent is exact.
constexpr double kLn2High = 0x1.62e42feep-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kLog2E = 0x1.71547652b82fep0;
constexpr double kRootHalf = 0x1.6a09e667f3bcdp-1;
constexpr int kBias = 1023;
constexpr unsigned kMantissaBits = 52;

// log((1 + s) / (1 - s)) = 2 s (1 + s^2/3 + s^4/5 + ...); s^2 < 0.0295, so the rest is below 1e-18.
constexpr std::array<double, 11> kArctangent{1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15,
                                             1.0 / 13, 1.0 / 11, 1.0 / 9,  1.0 / 7,
                                             1.0 / 5,  1.0 / 3,  1.0};
// 1/k!; |x| < 0.347, so the rest is below 1e-17.
constexpr std::array<double, 14> kExponential{1.0 / 6227020800,
                                              1.0 / 479001600,
                                              1.0 / 39916800,
                                              1.0 / 3628800,
                                              1.0 / 362880,
                                              1.0 / 40320,
                                              1.0 / 5040,
                                              1.0 / 720,
                                              1.0 / 120,
                                              1.0 / 24,
                                              1.0 / 6,
                                              1.0 / 2,
                                              1.0,
                                              1.0};

// The polynomials of AS 241, highest power first.
using Octic = std::array<double, 8>;
constexpr Octic kA{2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
                   4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
                   1.3314166789178437745e2, 3.3871328727963666080e0};
constexpr Octic kB{5.2264952788528545610e3, 2.8729085735721942674e4,
                   3.9307895800092710610e4, 2.1213794301586595867e4,
                   5.3941960214247511077e3, 6.8718700749205790830e2,
                   4.2313330701600911252e1, 1.0};
constexpr Octic kC{7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
                   1.27045825245236838258e0,  3.64784832476320460504e0,  5.76949722146069140550e0,
                   4.63033784615654529590e0,  1.42343711074968357734e0};
constexpr Octic kD{1.05075007164441684324e-9, 5.47593808499534494600e-4,
                   1.51986665636164571966e-2, 1.48103976427480074590e-1,
                   6.89767334985100004550e-1, 1.67638483018380384940e0,
                   2.05319162663775882187e0,  1.0};
constexpr Octic kE{2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
                   2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
                   5.46378491116411436990e0,  6.65790464350110377720e0};
constexpr Octic kF{2.04426310338993978564e-15, 1.42151175831644588870e-7,
                   1.84631831751005468180e-5,  7.86869131145613259100e-4,
                   1.48753612908506148525e-2,  1.36929880922735805310e-1,
                   5.99832206555887937690e-1,  1.0};

template <std::size_t n>
double polynomial(const std::array<double, n>& coefficients, double x) {
  double sum = coefficients[0];
  for (std::size_t i = 1; i < n; ++i) sum = sum * x + coefficients[i];
  return sum;
}

}  // namespace

double portable_log(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  auto exponent = static_cast<int>(bits >> kMantissaBits) - kBias;
  const std::uint64_t mantissa = bits & ((std::uint64_t{1} << kMantissaBits) - 1);
  auto m = std::bit_cast<double>(mantissa | (std::uint64_t{kBias} << kMantissaBits));
  if (m > 2 * kRootHalf) {  // m in (sqrt(1/2), sqrt(2)]: no cancellation near 1
    m *= 0.5;
    ++exponent;
  }
  const double s = (m - 1) / (m + 1);
  const double log_m = 2 * s * polynomial(kArctangent, s * s);
  return exponent * kLn2High + (exponent * kLn2Low + log_m);
}

double portable_exp(double x) {
  if (x > 709) return std::numeric_limits<double>::infinity();
  if (x < -708) return 0;
  const auto power = static_cast<int>(x * kLog2E + (x < 0 ? -0.5 : 0.5));
  const double rest = (x - power * kLn2High) - power * kLn2Low;
  const auto scale = static_cast<std::uint64_t>(power + kBias) << kMantissaBits;
  return polynomial(kExponential, rest) * std::bit_cast<double>(scale);
}

double normal_quantile(double p) {
  const double q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(kA, r) / polynomial(kB, r);
  }
  const double r = std::sqrt(-portable_log(q < 0 ? p : 1 - p));
  const double z = r <= 5 ? polynomial(kC, r - 1.6) / polynomial(kD, r - 1.6)
                          : polynomial(kE, r - 5) / polynomial(kF, r - 5);
  return q < 0 ? -z : z;
}

}  // namespace murm
