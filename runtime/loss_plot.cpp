#include "runtime/loss_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "runtime/human_units.hpp"

namespace murm {
namespace {

struct Point {
  double x = 0;
  double y = 0;
};
using Points = std::vector<Point>;

// Okabe & Ito 2008: told apart with any colour vision.
constexpr const char* loss_colour = "#0072B2";
constexpr const char* accuracy_colour = "#D55E00";

constexpr double picture_width = 760;
constexpr double picture_height = 620;
constexpr double left = 84;
constexpr double right = 730;
constexpr std::size_t raw_points_max = 600;
constexpr std::size_t line_points_max = 400;

std::string number(double value) { return human_number(value, 1); }

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return result;
}

/// Maps a range of values to a range of pixels.
struct Axis {
  double low = 0;
  double high = 1;
  double from = 0;  // pixel of `low`
  double to = 1;    // pixel of `high`
  bool logarithmic = false;

  double operator()(double value) const {
    const double part = logarithmic ? std::log(value / low) / std::log(high / low)
                                    : (value - low) / (high - low);
    return from + std::clamp(part, 0.0, 1.0) * (to - from);
  }
};

std::string text_at(double x, double y, const char* style, const std::string& text) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" class=\"" + style + "\">" +
         escaped(text) + "</text>\n";
}

struct Tick {
  double value = 0;
  std::string label;
};

/// As few decimals as tell values `step` apart.
std::string tick_label(double value, double step) {
  const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 9);
  return human_number(value, decimals);
}

std::vector<Tick> loss_ticks(const Axis& axis) {
  std::vector<Tick> ticks;
  if (!axis.logarithmic) {
    const auto values = nice_ticks(axis.low, axis.high, 5);
    const double step = values.size() > 1 ? values[1] - values[0] : 1;
    for (const double value : values) ticks.push_back({value, tick_label(value, step)});
    return ticks;
  }
  const bool crowded = axis.high / axis.low > 2e3;  // more than three decades: powers of ten only
  for (double decade = std::pow(10.0, std::floor(std::log10(axis.low))); decade <= axis.high;
       decade *= 10) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double tick = decade * factor;
      if (tick < axis.low || tick > axis.high || (crowded && factor != 1.0)) continue;
      ticks.push_back({tick, tick_label(tick, tick)});
    }
  }
  return ticks;
}

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

/// 50k and not 50.0k.
std::string count_label(double count) {
  std::string label = human_count(count);
  const auto point = label.find('.');
  const auto unit = label.find_first_not_of("0123456789.");
  if (point == std::string::npos || unit == std::string::npos) return label;
  const auto last = label.find_last_not_of("0", unit - 1);
  return label.substr(0, last == point ? point : last + 1) + label.substr(unit);
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

/// Every n-th point, the last one always: what is drawn stays bounded.
Points thinned(const Points& points, std::size_t count) {
  if (points.size() <= count) return points;
  Points result;
  for (std::size_t i = 0; i < count; ++i)
    result.push_back(points[i * (points.size() - 1) / (count - 1)]);
  return result;
}

/// Centred mean over about a fortieth of the run. The window shrinks evenly towards the start, where
/// the loss falls fast; at the end it is cut off, so that no single point sets the last value.
Points smoothed(const Points& points) {
  std::vector<double> sums{0};
  for (const Point& point : points) sums.push_back(sums.back() + point.y);
  const std::size_t half_max = points.size() / 80 + (points.size() > 20 ? 1 : 0);
  Points result;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t half = std::min(half_max, i);
    const std::size_t end = std::min(points.size(), i + half + 1);
    const auto width = static_cast<double>(end - (i - half));
    result.push_back({points[i].x, (sums[end] - sums[i - half]) / width});
  }
  return result;
}

/// The range of the points with some air; logarithmic when it spans more than a factor of twenty.
Axis loss_axis(const Points& points) {
  Axis axis;
  if (points.empty()) return axis;
  const auto [low, high] = std::ranges::minmax(points, {}, &Point::y);
  axis.logarithmic = low.y > 0 && high.y / low.y > 20;
  if (axis.logarithmic) {
    axis.low = low.y / 1.15;
    axis.high = high.y * 1.15;
  } else {
    const double top = high.y > 0 ? high.y * 1.05 : 1;
    axis.low = std::min(0.0, low.y * 1.05);
    axis.high = top > axis.low ? top : axis.low + 1;
  }
  return axis;
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
  svg += vertical_axis(y, loss_ticks(y),
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
  if (drawn.size() <= 60) {
    const std::string style = "fill=\"#fff\" stroke=\"" + std::string(accuracy_colour) +
                              "\" stroke-width=\"2\"";
    svg += dots(drawn, x, y.axis, style, 3.6);
  }
  return svg + text_at(right, top - 10, "value", "last: " + human_percent(points.back().y, 2));
}

}  // namespace

std::vector<double> nice_ticks(double low, double high, int count) {
  std::vector<double> ticks;
  if (!(high > low) || count < 1) return ticks;
  const double rough = (high - low) / count;
  const double decade = std::pow(10.0, std::floor(std::log10(rough)));
  const double mantissa = rough / decade;
  const double step = decade * (mantissa <= 1.5   ? 1
                                : mantissa <= 3.5 ? 2
                                : mantissa <= 7.5 ? 5
                                                  : 10);
  const auto first = static_cast<long long>(std::ceil(low / step - 1e-9));
  const auto last = static_cast<long long>(std::floor(high / step + 1e-9));
  for (long long i = first; i <= last; ++i) ticks.push_back(static_cast<double>(i) * step);
  return ticks;
}

std::string loss_svg(const LossPlot& plot) {
  Points training;
  Points accuracy;
  for (const auto& point : plot.training) {
    if (std::isfinite(point.loss))
      training.push_back({static_cast<double>(point.samples), point.loss});
  }
  for (const auto& point : plot.evaluations) {
    if (std::isfinite(point.accuracy))
      accuracy.push_back({static_cast<double>(point.samples), point.accuracy});
  }
  Axis x{.low = 0, .high = 1, .from = left, .to = right};
  for (const Points* points : {&training, &accuracy}) {
    for (const Point& point : *points) x.high = std::max(x.high, point.x);
  }
  std::string svg = frame_open();
  svg += text_at(left, 36, "title", plot.title);
  svg += text_at(left, 58, "subtitle", plot.subtitle);
  svg += loss_panel(training, x, 104, 318);
  svg += accuracy_panel(accuracy, x, 362, 556);
  return svg + "</svg>\n";
}

}  // namespace murm
