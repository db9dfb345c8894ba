#include "runtime/svg.hpp"

#include <cmath>

#include "tests/catch.hpp"

using namespace murm;

TEST_CASE("ticks are round numbers inside the range") {
  CHECK(svg::nice_ticks(0, 1, 5) == std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1});
  CHECK(svg::nice_ticks(0, 480000, 7).size() == 10);
  CHECK(svg::nice_ticks(0.3, 2.6, 5) == std::vector<double>{0.5, 1, 1.5, 2, 2.5});
  CHECK(svg::nice_ticks(1, 1, 5).empty());
}

TEST_CASE("ticks of a logarithmic axis are few and inside, whatever it spans") {
  const double low = GENERATE(1e-300, 1e-12, 0.003, 0.9);
  const svg::Axis axis{.low = low, .high = 30, .logarithmic = true};
  const auto ticks = svg::axis_ticks(axis, 5, false);
  CHECK(ticks.size() >= 4);
  CHECK(ticks.size() <= 15);
  for (const auto& tick : ticks) {
    CHECK(tick.value >= low);
    CHECK(tick.value <= 30);
    CHECK(tick.label.size() <= 8);
    CHECK(std::stod(tick.label) == Approx(tick.value));
  }
}

TEST_CASE("an axis clamps what lies outside and zero on a logarithmic scale") {
  const svg::Axis axis{.low = 1, .high = 100, .from = 0, .to = 200, .logarithmic = true};
  CHECK(axis(10) == Approx(100));
  CHECK(axis(0) == 0);
  CHECK(axis(1e9) == 200);
}

TEST_CASE("control characters and quotes cannot leave a text") {
  CHECK(svg::escaped("a\"b\n<&>") == "a&quot;b &lt;&amp;&gt;");
}

TEST_CASE("smoothing keeps a straight line and the number of points") {
  svg::Points line;
  for (int i = 0; i < 200; ++i) line.push_back({double(i), 2.0 * i});
  const auto smooth = svg::smoothed(line);
  REQUIRE(smooth.size() == line.size());
  CHECK(smooth[100].y == Approx(200));
  CHECK(smooth[0].y == 0);
  CHECK(svg::thinned(line, 10).size() == 10);
  CHECK(svg::thinned(line, 10).back().x == 199);
}
