#include "runtime/loss_plot.hpp"

#include <cmath>
#include <limits>

#include "tests/catch.hpp"

using namespace murm;

namespace {

LossPlot falling(std::size_t count) {
  LossPlot plot{.title = "a <b> & \"c\"", .subtitle = "asp", .training = {}, .evaluations = {}};
  for (std::size_t i = 0; i < count; ++i) {
    plot.training.push_back({.samples = 32 * i, .loss = 2.3 / (1 + static_cast<double>(i))});
    if (i % 10 == 0) plot.evaluations.push_back({.samples = 32 * i, .accuracy = 0.5});
  }
  return plot;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("a plot is a whole document for any number of points") {
  const std::size_t count = GENERATE(0, 1, 2, 3, 50, 10000);
  const std::string svg = loss_svg(falling(count));
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
  CHECK(svg.size() < 120000);
  CHECK(count_of(svg, "<text") == count_of(svg, "</text>"));
  CHECK(count_of(svg, "<g ") == count_of(svg, "</g>"));
}

TEST_CASE("names are escaped") {
  CHECK(loss_svg(falling(2)).find("a &lt;b&gt; &amp; &quot;c&quot;") != std::string::npos);
}

TEST_CASE("odd values do not spoil a plot") {
  LossPlot plot = falling(20);
  const double odd = GENERATE(0.0, -3.0, 1e300, 1e-300, std::numeric_limits<double>::infinity(),
                              std::numeric_limits<double>::quiet_NaN());
  plot.training[5].loss = odd;
  plot.evaluations[0].accuracy = 1;
  plot.evaluations[1].accuracy = odd;
  const std::string svg = loss_svg(plot);
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
  CHECK(svg.size() < 120000);
}

TEST_CASE("a loss that spans much is drawn on a logarithmic scale") {
  CHECK(loss_svg(falling(100)).find("training loss (log scale)") != std::string::npos);
  CHECK(loss_svg(falling(3)).find("training loss (log scale)") == std::string::npos);
}

TEST_CASE("ticks are round numbers inside the range") {
  CHECK(nice_ticks(0, 1, 5) == std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1});
  CHECK(nice_ticks(0, 480000, 7).size() == 10);
  CHECK(nice_ticks(0.3, 2.6, 5) == std::vector<double>{0.5, 1, 1.5, 2, 2.5});
  CHECK(nice_ticks(1, 1, 5).empty());
}
