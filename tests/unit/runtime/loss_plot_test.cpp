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

TEST_CASE("without any accuracy the second panel is the evaluated loss") {
  LossPlot plot = falling(100);
  CHECK(loss_svg(plot).find("test accuracy") != std::string::npos);
  for (auto& evaluation : plot.evaluations) {
    evaluation.loss = 1.5 / static_cast<double>(1 + evaluation.samples);
    evaluation.accuracy = std::numeric_limits<double>::quiet_NaN();
  }
  plot.evaluations.back().loss = 1.5e-7;
  const std::string svg = loss_svg(plot);
  CHECK(svg.find("evaluated loss (log scale)") != std::string::npos);
  CHECK(svg.find("last: 1.50e-07") != std::string::npos);
  CHECK(svg.find("accuracy") == std::string::npos);
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(count_of(svg, "<text") == count_of(svg, "</text>"));
}

TEST_CASE("a loss of zero throughout is drawn") {
  LossPlot plot{.title = "consensus", .subtitle = "", .training = {}, .evaluations = {}};
  for (SampleCount i = 0; i < 30; ++i) {
    plot.training.push_back({.samples = i, .loss = 0});
    plot.evaluations.push_back(
        {.samples = i, .accuracy = std::numeric_limits<double>::quiet_NaN(), .loss = 0});
  }
  const std::string svg = loss_svg(plot);
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
  CHECK(svg.find("last: 0.0000") != std::string::npos);
}

TEST_CASE("a loss that spans much is drawn on a logarithmic scale") {
  CHECK(loss_svg(falling(100)).find("training loss (log scale)") != std::string::npos);
  CHECK(loss_svg(falling(3)).find("training loss (log scale)") == std::string::npos);
}
