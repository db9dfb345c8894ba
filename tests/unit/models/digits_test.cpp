// Tests of the generated digits.
#include "models/digits.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "tests/catch.hpp"
#include "tests/unit/models/sample_of.hpp"

namespace murm {
namespace {

std::uint64_t fingerprint(const Dataset& data) {
  std::uint64_t hash = 14695981039346656037U;
  const auto add = [&hash](std::uint32_t word) { hash = (hash ^ word) * 1099511628211U; };
  for (std::size_t i = 0; i < data.size(); ++i) {
    const test::Sample sample = test::sample_of(data, i);
    for (const float value : sample.features) add(std::bit_cast<std::uint32_t>(value));
    add(static_cast<std::uint32_t>(sample.labels[0]));
  }
  return hash;
}

TEST_CASE("pictures depend on seed, split and index alone") {
  const std::uint64_t hash = fingerprint(*make_digits_split(1, false, 100));
  CHECK(fingerprint(*make_digits_split(1, false, 100)) == hash);
  CHECK(fingerprint(*make_digits_split(2, false, 100)) != hash);
  CHECK(fingerprint(*make_digits_split(1, true, 100)) != hash);
  const DataSplits both = make_digits(1, 100, 30);
  CHECK(fingerprint(*both.train) == hash);
  CHECK(fingerprint(*both.test) == fingerprint(*make_digits_split(1, true, 30)));
  std::array<std::uint8_t, digit_pixels> alone{};
  const auto train = make_digits_split(1, false, 100);
  CHECK(draw_digit(1, false, 42, alone) == train->labels()[42]);
  CHECK(std::equal(alone.begin(), alone.end(), train->pixels().begin() + 42 * digit_pixels));
  CHECK(both.train->shape() == SampleShape{784, 10, 1, {28, 28, 1}});
}

TEST_CASE("all ten digits appear about equally often, each with ink on dark paper") {
  const auto data = make_digits_split(3, false, 2000);
  REQUIRE(data->size() == 2000);
  REQUIRE(data->pixels().size() == 2000 * digit_pixels);
  std::array<int, 10> seen{};
  for (const std::uint8_t label : data->labels()) ++seen.at(label);
  for (const int count : seen) CHECK(count == Approx(200).margin(60));
  for (std::size_t i = 0; i < data->size(); ++i) {
    const auto* picture = data->pixels().data() + i * digit_pixels;
    const double mean = std::accumulate(picture, picture + digit_pixels, 0.0) / digit_pixels;
    REQUIRE(*std::max_element(picture, picture + digit_pixels) > 80);
    REQUIRE(mean > 4.0);
    REQUIRE(mean < 100.0);
  }
}

TEST_CASE("a sample is read as fractions of white") {
  const ByteSamples data({3, 10}, bytes_of({9, 9, 9, 0, 51, 255}), {1, 2});
  CHECK(test::sample_of(data, 1) == test::Sample{{0.0F, 0.2F, 1.0F}, {2}});
}

}  // namespace
}  // namespace murm
