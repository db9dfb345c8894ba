// Pieces of a drawing: numbers, text, axes, ticks, thinned and smoothed series.
// Room: runtime. Pure text and arithmetic; knows no particular figure.
// Caller: runtime/loss_plot, runtime/figure.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace murm::svg {

struct Point {
  double x = 0;
  double y = 0;
};
using Points = std::vector<Point>;

std::string number(double value);  // a coordinate, one decimal

/// `text` for the inside of XML or HTML, also of an attribute in double quotes; on one line.
std::string escaped(std::string_view text);
/// As above, with its line breaks and tabs.
std::string escaped_lines(std::string_view text);

/// A <text> element of CSS class `style`; `text` is escaped.
std::string text_at(double x, double y, const char* style, const std::string& text);

/// Maps a range of values to a range of pixels.
struct Axis {
  double low = 0;
  double high = 1;
  double from = 0;  // pixel of `low`
  double to = 1;    // pixel of `high`
  bool logarithmic = false;

  double operator()(double value) const;
};

/// The range of the points' y with some air; logarithmic when it spans more than a factor of twenty.
Axis loss_axis(const Points& points);

struct Tick {
  double value = 0;
  std::string label;
};

/// Ticks at 1, 2 or 5 times a power of ten inside [low, high], about `count` of them.
std::vector<double> nice_ticks(double low, double high, int count);

/// Ticks of an axis, at most about fifteen, with labels; `human`: 50k instead of 50000.
std::vector<Tick> axis_ticks(const Axis& axis, int count, bool human);

std::string count_label(double count);  // 50k and not 50.0k

/// Every n-th point, the last one always: what is drawn stays bounded.
Points thinned(const Points& points, std::size_t count);

/// Centred mean over about a fortieth of the points. The window shrinks evenly towards the start, where
/// a loss falls fast; at the end it is cut off, so that no single point sets the last value.
Points smoothed(const Points& points);

}  // namespace murm::svg
