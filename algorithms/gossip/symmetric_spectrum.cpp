#include "algorithms/gossip/symmetric_spectrum.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

constexpr int kBisections = 120;  // more than a double has bits to halve

struct Tridiagonal {
  std::vector<double> diagonal;
  std::vector<double> beside;  // [i] between i - 1 and i
};

double dot(const double* a, const double* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

/// Makes the unit vector v of the reflection I - 2 v v' that leaves of `column` only its first
/// element, and returns that.
double reflection(std::vector<double>& v, const double* column, std::size_t length) {
  v.assign(column, column + length);
  const double norm = std::sqrt(dot(v.data(), v.data(), length));
  const double left = v[0] > 0 ? -norm : norm;
  v[0] -= left;
  const double size = std::sqrt(dot(v.data(), v.data(), length));
  if (size == 0) return 0;  // nothing to reflect: v is zero
  for (double& element : v) element /= size;
  return left;
}

/// `matrix` is used up.
Tridiagonal tridiagonal(std::vector<double>& matrix, std::size_t n) {
  Tridiagonal result{std::vector<double>(n, 0), std::vector<double>(n, 0)};
  std::vector<double> v;
  std::vector<double> w;
  for (std::size_t k = 0; k < n; ++k) {
    result.diagonal[k] = matrix[k * n + k];
    if (k + 1 == n) break;
    const std::size_t length = n - k - 1;
    double* const rest = matrix.data() + (k + 1) * n + (k + 1);  // what is still to be reduced
    result.beside[k + 1] = reflection(v, matrix.data() + k * n + k + 1, length);
    w.resize(length);
    for (std::size_t i = 0; i < length; ++i) w[i] = dot(rest + i * n, v.data(), length);
    const double along = dot(w.data(), v.data(), length);
    for (std::size_t i = 0; i < length; ++i) w[i] -= along * v[i];
    for (std::size_t i = 0; i < length; ++i) {
      double* const row = rest + i * n;
      for (std::size_t j = 0; j < length; ++j) row[j] -= 2 * (v[i] * w[j] + w[i] * v[j]);
    }
  }
  return result;
}

/// How many eigenvalues are below x (Sturm).
std::size_t count_below(const Tridiagonal& matrix, double x) {
  std::size_t count = 0;
  double pivot = 1;
  for (std::size_t i = 0; i < matrix.diagonal.size(); ++i) {
    const double beside = matrix.beside[i];
    pivot = matrix.diagonal[i] - x - (i == 0 ? 0 : beside * beside / pivot);
    if (pivot == 0) pivot = std::numeric_limits<double>::min();
    if (pivot < 0) ++count;
  }
  return count;
}

/// The lowest x at which at least `count` eigenvalues are below.
double bisect(const Tridiagonal& matrix, std::size_t count, double low, double high) {
  for (int i = 0; i < kBisections; ++i) {
    const double middle = low + (high - low) / 2;
    (count_below(matrix, middle) >= count ? high : low) = middle;
  }
  return high;
}

}  // namespace

double largest_absolute_eigenvalue(std::vector<double> matrix, std::size_t n) {
  MURM_ASSERT(n > 0, "0");
  MURM_ASSERT(matrix.size() == n * n, std::to_string(matrix.size()));
  const Tridiagonal reduced = tridiagonal(matrix, n);
  double bound = 0;  // Gershgorin
  for (std::size_t i = 0; i < n; ++i) {
    const double after = i + 1 < n ? std::abs(reduced.beside[i + 1]) : 0;
    bound = std::max(bound, std::abs(reduced.diagonal[i]) + std::abs(reduced.beside[i]) + after);
  }
  if (bound == 0) return 0;
  bound *= 1.001;
  return std::max(std::abs(bisect(reduced, 1, -bound, bound)),
                  std::abs(bisect(reduced, n, -bound, bound)));
}

}  // namespace murm
