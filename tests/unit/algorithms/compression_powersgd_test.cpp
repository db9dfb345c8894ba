#include "algorithms/compression/powersgd.hpp"

#include <cmath>
#include <utility>

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/unit/algorithms/compression_cases.hpp"

using namespace murm;

namespace {

/// A product of random thin matrices.
std::vector<float> matrix_of_rank(std::size_t rows, std::size_t columns, std::size_t rank,
                                  std::uint64_t seed) {
  const std::vector<float> left = heavy_numbers(rows * rank, seed);
  const std::vector<float> right = heavy_numbers(rank * columns, seed + 1);
  std::vector<float> m(rows * columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < rank; ++k) {
      for (std::size_t j = 0; j < columns; ++j) {
        m[i * columns + j] += left[i * rank + k] * right[k * columns + j];
      }
    }
  }
  return m;
}

double relative_error(LowRank shape, const std::vector<float>& m, std::uint64_t seed) {
  std::vector<float> q = heavy_numbers(shape.rank * shape.columns, seed);
  std::vector<float> p(shape.rank * shape.rows);
  std::vector<float> product(m.size());
  factorise(shape, m.data(), q.data(), p.data());
  multiply_out(shape, p.data(), q.data(), product.data());
  return std::sqrt(squared_distance(product, m) / squared(m));
}

CompressionOptions powersgd(unsigned rank) {
  CompressionOptions options;
  options.name = "powersgd";
  options.rank = rank;
  return options;
}

}  // namespace

TEST_CASE("powersgd of full rank loses only rounding") {
  for (const auto& [rows, columns] : {std::pair<std::size_t, std::size_t>{12, 30}, {30, 12}}) {
    CHECK(relative_error({rows, columns, 12}, heavy_numbers(rows * columns, 3), 4) < 1e-5);
  }
}

TEST_CASE("powersgd is exact at the first step when the matrix has no higher rank") {
  for (const std::size_t rank : {std::size_t{1}, std::size_t{2}, std::size_t{4}}) {
    CHECK(relative_error({50, 70, 4}, matrix_of_rank(50, 70, rank, 8), 4) < 1e-5);
  }
  CHECK(relative_error({50, 70, 4}, matrix_of_rank(50, 70, 5, 8), 4) > 1e-3);
}

TEST_CASE("orthonormalised columns are orthonormal, and dependent ones are dropped") {
  std::vector<float> p = heavy_numbers(5 * 100, 6);
  for (std::size_t i = 0; i < 100; ++i) p[300 + i] = 2.0F * p[i] - p[100 + i];  // column 3
  orthonormalise(100, 5, p.data());
  for (std::size_t a = 0; a < 5; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      double product = 0;
      for (std::size_t i = 0; i < 100; ++i) {
        product += static_cast<double>(p[a * 100 + i]) * static_cast<double>(p[b * 100 + i]);
      }
      CHECK(std::abs(product - (a == b && a != 3 ? 1.0 : 0.0)) < 1e-6);
    }
  }
}

TEST_CASE("columns that are almost alike become orthonormal all the same") {
  const std::vector<float> noise = heavy_numbers(3 * 100, 7);
  std::vector<float> p(3 * 100);
  for (std::size_t i = 0; i < 300; ++i) p[i] = 1.0F + 1e-3F * noise[i];
  orthonormalise(100, 3, p.data());
  for (const auto& [a, b] : {std::pair<std::size_t, std::size_t>{0, 1}, {0, 2}, {1, 2}}) {
    double product = 0;
    for (std::size_t i = 0; i < 100; ++i) {
      product += static_cast<double>(p[a * 100 + i]) * static_cast<double>(p[b * 100 + i]);
    }
    CHECK(std::abs(product) < 1e-6);
  }
}

TEST_CASE("the warm start of powersgd approaches the best product of its rank") {
  constexpr std::size_t n = 100 * 80;
  const std::vector<CodecBlock> blocks{{0, 100, 80}};
  std::vector<float> m = matrix_of_rank(100, 80, 2, 30);
  const std::vector<float> noise = heavy_numbers(n, 40);
  const double signal = std::sqrt(squared(m) / squared(noise));
  for (std::size_t i = 0; i < n; ++i) m[i] += static_cast<float>(0.3 * signal) * noise[i];
  const auto codec = make_codec(powersgd(2), n, blocks, 0);
  std::vector<float> y(n);
  double first = 0;
  double last = 0;
  for (int t = 0; t < 30; ++t) {
    REQUIRE(codec->decode(encoded(*codec, m), y));
    last = squared_distance(m, y) / squared(m);
    if (t == 0) first = last;
  }
  CHECK(last < first);
  CHECK(last < 0.3 * 0.3 / (1 + 0.3 * 0.3));  // no more than the noise that was added
}

TEST_CASE("powersgd recovers from a gradient of zeros and from a lost direction") {
  constexpr std::size_t n = 40 * 50;
  const std::vector<CodecBlock> blocks{{0, 40, 50}};
  const auto codec = make_codec(powersgd(4), n, blocks, 0);
  const std::vector<float> m = matrix_of_rank(40, 50, 4, 50);
  std::vector<float> y(n);
  encoded(*codec, matrix_of_rank(40, 50, 1, 60));  // three columns of Q die
  encoded(*codec, std::vector<float>(n, 0.0F));    // all of them
  REQUIRE(codec->decode(encoded(*codec, m), y));
  CHECK(squared_distance(m, y) < 1e-9 * squared(m));
  std::vector<float> faint = m;
  for (float& v : faint) v *= 1e-25F;
  encoded(*codec, faint);  // now the guess is as faint, and their product would vanish
  REQUIRE(codec->decode(encoded(*codec, faint), y));
  CHECK(squared_distance(faint, y) < 1e-6 * squared(faint));
}

TEST_CASE("powersgd sends vectors and small matrices as they are") {
  const std::vector<CodecBlock> blocks{{0, 6, 6}, {36, 1, 400}};
  const auto codec = make_codec(powersgd(4), 436, blocks, 0);
  CHECK(codec->encoded_length() == 436);
  const std::vector<float> x = heavy_numbers(436, 1);
  std::vector<float> y(436);
  REQUIRE(codec->decode(encoded(*codec, x), y));
  CHECK(y == x);
}
