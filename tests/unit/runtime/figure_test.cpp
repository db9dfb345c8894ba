#include "runtime/figure.hpp"

#include <cmath>
#include <limits>

#include "tests/catch.hpp"

using namespace murm;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

LineFigure falling(std::size_t count, double lowest = 0.5) {
  LineFigure figure;
  figure.x_name = "virtual time";
  figure.x_unit = FigureUnit::seconds;
  figure.y_name = "loss";
  LineFigure::Curve curve{"asp", {}};
  for (std::size_t i = 0; i < count; ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(count);
    const double y = 2 * std::pow(lowest / 2, part);
    curve.samples.push_back({600 * part, y, y * 0.9, y * 1.1});
  }
  figure.curves = {curve, {"b<s>&p", curve.samples}};
  return figure;
}

void check_whole(const std::string& svg) {
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(count_of(svg, "<svg ") == 1);
  CHECK(count_of(svg, "<text") == count_of(svg, "</text>"));
  CHECK_FALSE(has(svg, "nan"));
  CHECK_FALSE(has(svg, "inf"));
}

}  // namespace

TEST_CASE("a line figure is whole and small for any number of points") {
  const std::size_t count = GENERATE(0, 1, 2, 50, 100000);
  const std::string svg = line_figure(falling(count));
  check_whole(svg);
  CHECK(svg.size() < 60000);
  CHECK(has(svg, "class=\"line s0 d0\""));
  CHECK(has(svg, "class=\"line s1 d0\""));
  CHECK(has(svg, "class=\"band s1 d0\"") == (count > 1));
}

TEST_CASE("labels of a figure are escaped, long ones cut between characters") {
  LineFigure figure = falling(3);
  CHECK(has(line_figure(figure), "b&lt;s&gt;&amp;p"));
  CHECK_FALSE(has(line_figure(figure), "<s>"));
  std::string label;
  for (int i = 0; i < 60; ++i) label += "\u00e9";
  const std::string svg = bar_figure({"x", FigureUnit::plain, {{label, "1", 1, 1, 1}}});
  CHECK(has(svg, "\u00e9\u2026<"));
}

TEST_CASE("a loss that spans much has a logarithmic axis, also when it ends at zero") {
  CHECK(has(line_figure(falling(50, 0.001)), "loss, log scale"));
  CHECK_FALSE(has(line_figure(falling(50, 0.5)), "log scale"));
  LineFigure exact = falling(50, 0.001);
  exact.curves[0].samples.push_back({601, 0, 0, 0});
  CHECK(has(line_figure(exact), "loss, log scale"));
  check_whole(line_figure(exact));
}

TEST_CASE("a line ends where it leaves the panel, and comes back where it returns") {
  LineFigure figure = falling(50, 0.001);
  figure.curves.resize(1);
  auto& samples = figure.curves[0].samples;
  for (std::size_t i = 20; i < 40; ++i) samples[i].median = samples[i].low = 0;
  const std::string svg = line_figure(figure);
  const auto start = svg.find("class=\"line s0 d0\"", svg.find("class=\"band"));
  const std::string data = svg.substr(start, svg.find('>', start) - start);
  CHECK(count_of(data, "M") == 2);
  CHECK(count_of(data, "L") == 19 + 1 + 9);
}

TEST_CASE("points that are not finite are left out of a figure") {
  LineFigure figure = falling(50);
  figure.curves[0].samples[7].median = std::numeric_limits<double>::quiet_NaN();
  figure.curves[0].samples[8].high = std::numeric_limits<double>::infinity();
  figure.curves[1].samples.clear();
  const std::string svg = line_figure(figure);
  check_whole(svg);
  const auto line = svg.find("class=\"line s0 d0\"", svg.find("class=\"band"));
  CHECK(count_of(svg.substr(line, svg.find('>', line) - line), "L") == 47);
  CHECK(has(svg, "(nothing to show)"));
}

TEST_CASE("axes are in units one reads at a glance") {
  LineFigure figure = falling(50);
  CHECK(has(line_figure(figure), "virtual time (min)"));
  figure.x_unit = FigureUnit::bytes;
  CHECK(has(line_figure(figure), "virtual time (bytes)"));
  for (auto& curve : figure.curves) {
    for (auto& sample : curve.samples) sample.x *= 1e7;
  }
  CHECK(has(line_figure(figure), "virtual time (GiB)"));
  figure.x_unit = FigureUnit::count;
  CHECK(has(line_figure(figure), ">2G</text>"));
  figure.x_logarithmic = true;
  CHECK(has(line_figure(figure), "virtual time, log scale"));
  check_whole(line_figure(figure));
}

TEST_CASE("an axis of percent covers what is there") {
  LineFigure figure = falling(50);
  figure.y_unit = FigureUnit::percent;
  for (auto& curve : figure.curves) {
    for (auto& sample : curve.samples) sample.median = sample.low = sample.high = 0.82;
  }
  const std::string svg = line_figure(figure);
  CHECK(has(svg, "loss (%)"));
  CHECK(has(svg, ">80</text>"));
  CHECK(has(svg, ">85</text>"));
  CHECK_FALSE(has(svg, ">20</text>"));
}

TEST_CASE("bars are as long as their values, with a whisker where there is a spread") {
  const std::string svg = bar_figure(
      {"gradients", FigureUnit::count, {{"asp", "16", 16, 16, 16}, {"bsp", "8", 8, 7, 9}}});
  check_whole(svg);
  CHECK(count_of(svg, "<rect") == 2);
  CHECK(count_of(svg, "class=\"whisker\"") == 1);
  const auto width = [&](std::size_t at) {
    return std::stod(svg.substr(svg.find("width=\"", at) + 7));
  };
  const auto first = svg.find("<rect");
  CHECK(width(first) == Approx(2 * width(svg.find("<rect", first + 1))).epsilon(0.01));
}

TEST_CASE("a bar without a value is only its text") {
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  const std::string svg = bar_figure(
      {"gradients", FigureUnit::count, {{"asp", "diverged", nothing, nothing, nothing}}});
  check_whole(svg);
  CHECK(count_of(svg, "<rect") == 0);
  CHECK(has(svg, "diverged"));
  check_whole(bar_figure({"x", FigureUnit::percent, {}}));
}

TEST_CASE("a histogram has a bar for each bin that holds something, and its mean") {
  HistogramFigure figure;
  figure.label = "asp";
  figure.x_name = "staleness";
  figure.shares = {0.25, 0, 0.5, 0.25};
  figure.mean = 1.75;
  std::string svg = histogram_figure(figure);
  check_whole(svg);
  CHECK(count_of(svg, "<rect") == 3);
  CHECK(has(svg, "mean 1.75"));
  CHECK_FALSE(has(svg, "last bar"));
  figure.open_end = true;
  CHECK(has(histogram_figure(figure), "mean 1.75, last bar: 3+"));
  figure.shares.assign(100000, 1e-5);
  CHECK(histogram_figure(figure).size() < 40000);
  figure.shares.clear();
  check_whole(histogram_figure(figure));
  CHECK(has(histogram_figure(figure), "nothing to show"));
}

TEST_CASE("the style has a colour for every series in light and in dark") {
  const std::string style = figure_style();
  for (int i = 0; i < 8; ++i) CHECK(count_of(style, ".s" + std::to_string(i) + "{--c:#") == 2);
  CHECK(has(style, "prefers-color-scheme:dark"));
}
