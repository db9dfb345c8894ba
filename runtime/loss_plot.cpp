#include "runtime/loss_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "runtime/human_units.hpp"
#include "runtime/svg.hpp"

namespace murm {
namespace {

using namespace svg;

// Okabe & Ito 2008: told apart with any colour vision.
constexpr const char* loss_colour = "#0072B2";
constexpr const char* accuracy_colour = "#D55E00";
constexpr const char* ring = "fill=\"#fff\" stroke=\"#D55E00\" stroke-width=\"2\"";

constexpr double picture_width = 760;
constexpr double picture_height = 620;
constexpr double left = 84;
constexpr double right = 730;
constexpr std::size_t raw_points_max = 600;
constexpr std::size_t line_points_max = 400;

/// Grid, tick labels and the name of a vertical axis.
std::string vertical_axis(const Axis& axis, const std::vector<Tick>& ticks,
                          const std::string& name) {
  std::string svg;
  for (const Tick& tick : ticks) {
    const double y = axis(tick.value);
    svg += "<path class=\"grid\" d=\"M" + number(left) + " " + number(y) + "H" + number(right) +
           "\"/>\n";
    svg += text_at(left - 10, y + 4.5, "tick end", tick.label);
  }
  const std::string middle = number((axis.from + axis.to) / 2);
  svg += "<text class=\"name\" transform=\"translate(24 " + middle + ") rotate(-90)\">" + name +
         "</text>\n";
  return svg;
}

std::string horizontal_axis(const Axis& axis, double top, double bottom, bool labels) {
  std::string svg;
  for (const double tick : nice_ticks(axis.low, axis.high, 7)) {
    const double x = axis(tick);
    svg += "<path class=\"grid\" d=\"M" + number(x) + " " + number(top) + "V" + number(bottom) +
           "\"/>\n";
    if (labels) svg += text_at(x, bottom + 20, "tick middle", count_label(tick));
  }
  svg += "<path class=\"axis\" d=\"M" + number(left) + " " + number(top) + "V" + number(bottom) +
         "H" + number(right) + "\"/>\n";
  if (labels) svg += text_at((left + right) / 2, bottom + 44, "name", "training samples");
  return svg;
}

std::string line(const Points& points, const Axis& x, const Axis& y, const char* colour) {
  if (points.empty()) return "";
  std::string svg = "<path class=\"line\" stroke=\"" + std::string(colour) + "\" d=\"";
  for (std::size_t i = 0; i < points.size(); ++i) {
    svg += (i == 0 ? "M" : "L") + number(x(points[i].x)) + " " + number(y(points[i].y));
  }
  // A path of one point is drawn by its round cap, given some length of line.
  return svg + (points.size() == 1 ? "h0.01" : "") + "\"/>\n";
}

std::string dots(const Points& points, const Axis& x, const Axis& y, const std::string& style,
                 double radius) {
  std::string svg = "<g " + style + ">\n";
  for (const Point& point : points) {
    svg += "<circle cx=\"" + number(x(point.x)) + "\" cy=\"" + number(y(point.y)) + "\" r=\"" +
           number(radius) + "\"/>\n";
  }
  return svg + "</g>\n";
}

/// Above 90 % the distance to 100 % is what matters: there the axis is logarithmic in the error, and
/// `to_axis` gives the error. Below it is a plain axis of the accuracy.
struct AccuracyAxis {
  Axis axis;
  std::vector<double> ticks;  // accuracies
  bool by_error = false;

  double to_axis(double accuracy) const {
    return by_error ? std::max(1e-6, 1 - accuracy) : accuracy;
  }
};

AccuracyAxis accuracy_axis(const Points& points) {
  AccuracyAxis result;
  const auto& [worst, best] = points.empty() ? std::pair<Point, Point>{} : [&] {
    const auto extremes = std::ranges::minmax(points, {}, &Point::y);
    return std::pair(extremes.min, extremes.max);
  }();
  if (best.y <= 0.9) {
    result.ticks = nice_ticks(0, 1, 5);
    return result;
  }
  result.by_error = true;
  result.axis.logarithmic = true;
  constexpr std::array<double, 13> rungs{0,     0.5,   0.8,   0.9,    0.95,   0.98,  0.99,
                                         0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999};
  for (const double rung : rungs) {
    if (rung <= worst.y || result.ticks.empty()) result.ticks.assign(1, rung);
    if (rung > worst.y) result.ticks.push_back(rung);
    if (rung >= best.y && result.ticks.size() > 1) break;
  }
  result.axis.low = 1 - result.ticks.front();
  result.axis.high = 1 - result.ticks.back();
  return result;
}

std::string frame_open() {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(picture_width) +
         "\" height=\"" + number(picture_height) + "\" viewBox=\"0 0 " + number(picture_width) +
         " " + number(picture_height) +
         "\" font-family=\"'DejaVu Sans', 'Segoe UI', Helvetica, Arial, sans-serif\" "
         "role=\"img\">\n"
         "<style>\n"
         ".title{font-size:20px;font-weight:bold;fill:#222}\n"
         ".subtitle{font-size:13.5px;fill:#555}\n"
         ".tick{font-size:13px;fill:#444}\n"
         ".name{font-size:14px;fill:#222;text-anchor:middle}\n"
         ".legend{font-size:13px;fill:#222}\n"
         ".empty{font-size:14px;fill:#777;text-anchor:middle}\n"
         ".value{font-size:13px;font-weight:bold;fill:#A34700;text-anchor:end}\n"
         ".end{text-anchor:end}\n.middle{text-anchor:middle}\n"
         ".grid{stroke:#e3e3e3;stroke-width:1;fill:none}\n"
         ".axis{stroke:#888;stroke-width:1.2;fill:none}\n"
         ".line{stroke-width:2.4;fill:none;stroke-linejoin:round;stroke-linecap:round}\n"
         "</style>\n"
         "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
}

/// Entries from the right edge leftwards, on the line of `y`.
std::string loss_legend(double y) {
  std::string svg = "<g fill=\"" + std::string(loss_colour) +
                    "\" fill-opacity=\"0.35\"><circle cx=\"" + number(right - 206) + "\" cy=\"" +
                    number(y - 4.5) + "\" r=\"2.5\"/></g>\n";
  svg += text_at(right - 196, y, "legend", "as reported");
  svg += "<path class=\"line\" stroke=\"" + std::string(loss_colour) + "\" d=\"M" +
         number(right - 104) + " " + number(y - 4.5) + "h24\"/>\n";
  return svg + text_at(right - 72, y, "legend", "smoothed");
}

std::string loss_panel(const Points& points, const Axis& x, double top, double bottom) {
  Axis y = loss_axis(points);
  y.from = bottom;
  y.to = top;
  std::string svg = horizontal_axis(x, top, bottom, false);
  svg += vertical_axis(y, axis_ticks(y, 5, false),
                       y.logarithmic ? "training loss (log scale)" : "training loss");
  if (points.empty())
    return svg + text_at((left + right) / 2, (top + bottom) / 2, "empty", "no loss was reported");
  svg += dots(thinned(points, raw_points_max), x, y,
              "fill=\"" + std::string(loss_colour) + "\" fill-opacity=\"" +
                  (points.size() > 60 ? "0.22" : "0.5") + "\"",
              points.size() > 60 ? 1.6 : 3.4);
  svg += line(thinned(smoothed(points), line_points_max), x, y, loss_colour);
  return svg + loss_legend(top - 10);
}

std::string accuracy_panel(const Points& points, const Axis& x, double top, double bottom) {
  AccuracyAxis y = accuracy_axis(points);
  y.axis.from = bottom;
  y.axis.to = top;
  std::string svg = horizontal_axis(x, top, bottom, true);
  std::vector<Tick> ticks;
  for (const double tick : y.ticks) {
    const double percent = std::round(tick * 1e4) / 100;
    const int decimals = percent == std::floor(percent) ? 0 : percent <= 99.9 ? 1 : 2;
    ticks.push_back({y.to_axis(tick), human_number(percent, decimals)});
  }
  svg += vertical_axis(y.axis, ticks, "test accuracy (%)");
  if (points.empty())
    return svg + text_at((left + right) / 2, (top + bottom) / 2, "empty", "no evaluation");
  Points drawn = thinned(points, line_points_max);
  for (Point& point : drawn) point.y = y.to_axis(point.y);
  svg += line(drawn, x, y.axis, accuracy_colour);
  if (drawn.size() <= 60) svg += dots(drawn, x, y.axis, ring, 3.6);
  return svg + text_at(right, top - 10, "value", "last: " + human_percent(points.back().y, 2));
}

std::string evaluated_loss_panel(const Points& points, const Axis& x, double top, double bottom) {
  Axis y = loss_axis(points);
  y.from = bottom;
  y.to = top;
  std::string svg = horizontal_axis(x, top, bottom, true);
  svg += vertical_axis(y, axis_ticks(y, 5, false),
                       y.logarithmic ? "evaluated loss (log scale)" : "evaluated loss");
  const Points drawn = thinned(points, line_points_max);
  svg += line(drawn, x, y, accuracy_colour);
  if (drawn.size() <= 60) svg += dots(drawn, x, y, ring, 3.6);
  return svg + text_at(right, top - 10, "value", "last: " + human_loss(points.back().y));
}

}  // namespace

std::string loss_svg(const LossPlot& plot) {
  Points training;
  Points accuracy;
  Points evaluated;
  for (const auto& point : plot.training) {
    if (std::isfinite(point.loss))
      training.push_back({static_cast<double>(point.samples), point.loss});
  }
  for (const auto& point : plot.evaluations) {
    if (std::isfinite(point.accuracy))
      accuracy.push_back({static_cast<double>(point.samples), point.accuracy});
    if (std::isfinite(point.loss))
      evaluated.push_back({static_cast<double>(point.samples), point.loss});
  }
  Axis x{.low = 0, .high = 1, .from = left, .to = right};
  for (const Points* points : {&training, &accuracy, &evaluated}) {
    for (const Point& point : *points) x.high = std::max(x.high, point.x);
  }
  std::string svg = frame_open();
  svg += text_at(left, 36, "title", plot.title);
  svg += text_at(left, 58, "subtitle", plot.subtitle);
  svg += loss_panel(training, x, 104, 318);
  const bool by_loss = accuracy.empty() && !evaluated.empty();
  svg += by_loss ? evaluated_loss_panel(evaluated, x, 362, 556)
                 : accuracy_panel(accuracy, x, 362, 556);
  return svg + "</svg>\n";
}

}  // namespace murm
