#include "runtime/figure.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "runtime/figure_parts.hpp"
#include "runtime/svg.hpp"

namespace murm {
namespace {

using namespace svg;

constexpr double kPanelHeight = 250;
constexpr std::size_t kPointsMax = 400;
constexpr double kDecadesMax = 16;

/// Entries one after another, in as many rows as they need; `bottom` becomes the y below them.
std::string legend(const std::vector<LineFigure::Curve>& curves, double left, double right,
                   double& bottom) {
  std::string text;
  double x = left;
  double y = 16;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    std::string label = shortened(curves[i].label, figure_label_letters);
    if (curves[i].samples.empty()) label += " (nothing to show)";
    const double width = 32 + width_of(label) + 16;
    if (x > left && x + width > right) {
      x = left;
      y += 20;
    }
    text += path("line " + series(i), "M" + number(x) + " " + number(y - 4.5) + "h24");
    text += text_at(x + 32, y, "legend", label);
    x += width;
  }
  bottom = y + 14;
  return text;
}

using Samples = std::vector<LineFigure::Sample>;

/// What can be drawn: finite, on a logarithmic x axis above 0, thinned.
Samples drawable(const Samples& samples, bool x_logarithmic) {
  Samples kept;
  for (const auto& sample : samples) {
    const bool finite = std::isfinite(sample.x) && std::isfinite(sample.median) &&
                        std::isfinite(sample.low) && std::isfinite(sample.high);
    if (finite && (!x_logarithmic || sample.x > 0)) kept.push_back(sample);
  }
  if (kept.size() <= kPointsMax) return kept;
  Samples fewer;
  for (std::size_t i = 0; i < kPointsMax; ++i)
    fewer.push_back(kept[i * (kept.size() - 1) / (kPointsMax - 1)]);
  return fewer;
}

Axis x_axis(const std::vector<LineFigure::Curve>& curves, bool logarithmic) {
  double low = std::numeric_limits<double>::infinity();
  double high = 0;
  for (const auto& curve : curves) {
    if (curve.samples.empty()) continue;
    low = std::min(low, curve.samples.front().x);
    high = std::max(high, curve.samples.back().x);
  }
  Axis axis{.low = 0, .high = high > 0 ? high : 1};
  if (logarithmic && low < high) {
    axis.logarithmic = true;
    axis.low = std::max(low, high / 1e6);
  }
  return axis;
}

/// Percent: the range of the points, rounded outwards. Else from 0, or logarithmic.
Axis y_axis(const std::vector<LineFigure::Curve>& curves, FigureUnit unit) {
  Points extremes;
  Points medians;
  for (const auto& curve : curves) {
    for (const auto& sample : curve.samples) {
      extremes.push_back({sample.x, sample.low});
      extremes.push_back({sample.x, sample.high});
      if (sample.median > 0) medians.push_back({sample.x, sample.median});
    }
  }
  if (unit == FigureUnit::percent) {
    const auto [low, high] = extremes.empty() ? std::ranges::minmax_result<Point>{{0, 0}, {0, 1}}
                                              : std::ranges::minmax(extremes, {}, &Point::y);
    const double bottom = std::max(0.0, std::floor(low.y * 20 - 1e-9) / 20);
    return {.low = bottom, .high = std::max(bottom + 0.05, std::ceil(high.y * 20 - 1e-9) / 20)};
  }
  Axis axis = loss_axis(extremes);
  const bool negative = std::ranges::any_of(extremes, [](const auto& p) { return p.y < 0; });
  if (!axis.logarithmic && !negative && !medians.empty()) {
    // Single zeros, as of an exact solution, do not take the scale away from everything else.
    const Axis positive = loss_axis(medians);
    if (positive.logarithmic) {
      axis = positive;
      axis.high = std::max(axis.high, std::ranges::max(extremes, {}, &Point::y).y * 1.15);
    }
  }
  if (axis.logarithmic) axis.low = std::max(axis.low, axis.high / std::pow(10, kDecadesMax));
  return axis;
}

std::string band(const Samples& samples, const Axis& x, const Axis& y, std::size_t index) {
  const bool spread = std::ranges::any_of(samples, [](const auto& s) { return s.low < s.high; });
  if (!spread || samples.size() < 2) return "";
  std::string data;
  for (const auto& sample : samples)
    data += (data.empty() ? "M" : "L") + number(x(sample.x)) + " " + number(y(sample.high));
  for (auto sample = samples.rbegin(); sample != samples.rend(); ++sample)
    data += "L" + number(x(sample->x)) + " " + number(y(sample->low));
  return path("band " + series(index), data + "Z");
}

std::string line(const LineFigure::Curve& curve, const Axis& x, const Axis& y, std::size_t index) {
  if (curve.samples.empty()) return "";
  std::string data;
  bool below = true;  // the sample before: nothing runs along the edge of the panel
  for (const auto& sample : curve.samples) {
    const bool sinks = sample.median < y.low;
    if (!sinks || !below)
      data += (below ? "M" : "L") + number(x(sample.x)) + " " + number(y(sample.median));
    below = sinks;
  }
  if (data.empty()) return "";
  // A path of one point is drawn by its round cap, given some length of line.
  if (curve.samples.size() == 1) data += "h0.1";
  return "<path class=\"line " + series(index) + "\" d=\"" + data + "\"><title>" +
         escaped(curve.label) + "</title></path>\n";
}

}  // namespace

std::string figure_style() {
  constexpr std::array<const char*, figure_colours> light{
      "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222", "#B5A800"};
  constexpr std::array<const char*, figure_colours> dark{
      "#3D9BD8", "#E8731A", "#17B88A", "#D98FB8", "#E69F00", "#7CC8F4", "#E8E8E8", "#F0E442"};
  std::string text =
      ".figure{max-width:100%;height:auto;font-family:'DejaVu Sans','Segoe UI',Helvetica,Arial,"
      "sans-serif}\n"
      ".figure text{fill:#333;font-size:12.5px}\n"
      ".figure .name{font-size:13px}\n"
      ".figure .head{font-weight:bold}\n"
      ".figure .end{text-anchor:end}\n.figure .mid{text-anchor:middle}\n"
      ".figure .grid{stroke:#e3e3e3;fill:none}\n"
      ".figure .axis{stroke:#888;stroke-width:1.2;fill:none}\n"
      ".figure .line{stroke:var(--c);stroke-width:2.2;fill:none;stroke-linejoin:round;"
      "stroke-linecap:round}\n"
      ".figure .band{fill:var(--c);fill-opacity:.18}\n"
      ".figure .bar{fill:var(--c);fill-opacity:.85}\n"
      ".figure .whisker{stroke:#333;stroke-width:1.4;fill:none}\n"
      ".figure .mark{stroke:#333;stroke-width:1.4;stroke-dasharray:4 3;fill:none}\n"
      ".figure .line.d1{stroke-dasharray:8 5}\n.figure .line.d2{stroke-dasharray:2 5}\n";
  for (std::size_t i = 0; i < figure_colours; ++i)
    text += ".s" + std::to_string(i) + "{--c:" + light[i] + "}\n";
  text +=
      "@media (prefers-color-scheme:dark){\n.figure text{fill:#ccc}\n.figure .grid{stroke:#333}\n"
      ".figure .whisker,.figure .mark{stroke:#ddd}\n";
  for (std::size_t i = 0; i < figure_colours; ++i)
    text += ".s" + std::to_string(i) + "{--c:" + dark[i] + "}\n";
  return text + "}\n";
}

std::string line_figure(const LineFigure& figure) {
  std::vector<LineFigure::Curve> curves = figure.curves;
  for (auto& curve : curves) curve.samples = drawable(curve.samples, figure.x_logarithmic);
  constexpr double left = 72;
  constexpr double right = figure_width - 18;
  double top = 0;
  const std::string entries = legend(curves, left, right, top);
  const double bottom = top + kPanelHeight;
  Axis x = x_axis(curves, figure.x_logarithmic);
  x.from = left;
  x.to = right;
  Axis y = y_axis(curves, figure.y_unit);
  y.from = bottom;
  y.to = top;
  const Scale x_scale = scale_of(figure.x_unit,
                                 x.logarithmic ? std::cbrt(x.low * x.high * x.high) : x.high);
  const Scale y_scale = scale_of(figure.y_unit, y.high);
  std::string text = opened(figure_width, bottom + 50, figure.y_name + " against " + figure.x_name);
  text += entries;
  text += horizontal(x, scaled_ticks(x, x_scale, figure.x_unit, 7),
                     named(figure.x_name, x_scale, x.logarithmic), top, bottom);
  text += vertical(y, scaled_ticks(y, y_scale, figure.y_unit, 5),
                   named(figure.y_name, y_scale, y.logarithmic), left, right);
  for (std::size_t i = 0; i < curves.size(); ++i) text += band(curves[i].samples, x, y, i);
  for (std::size_t i = 0; i < curves.size(); ++i) text += line(curves[i], x, y, i);
  text += path("axis",
               "M" + number(left) + " " + number(top) + "V" + number(bottom) + "H" + number(right));
  return text + "</svg>\n";
}

}  // namespace murm
