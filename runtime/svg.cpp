#include "runtime/svg.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "runtime/human_units.hpp"

namespace murm::svg {
namespace {

/// As few decimals as tell values `step` apart; very small ones with an exponent.
std::string tick_label(double value, double step, bool human) {
  if (human && value >= 1e3) return count_label(value);
  if ((step < 1e-4 && value != 0) || value >= 1e7) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3g", value);
    return text.data();
  }
  const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 9);
  return human_number(value, decimals);
}

std::vector<Tick> logarithmic_ticks(const Axis& axis, bool human) {
  std::vector<Tick> ticks;
  const double decades = std::log10(axis.high / axis.low);
  const bool crowded = decades > 3.3;  // powers of ten only
  const int stride = std::max(1, static_cast<int>(std::ceil(decades / 8)));
  const int last = static_cast<int>(std::floor(std::log10(axis.high)));
  for (int power = static_cast<int>(std::floor(std::log10(axis.low))); power <= last; ++power) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double tick = std::pow(10.0, power) * factor;
      if (tick < axis.low || tick > axis.high) continue;
      if (crowded && (factor != 1.0 || power % stride != 0)) continue;
      ticks.push_back({tick, tick_label(tick, tick, human)});
    }
  }
  return ticks;
}

}  // namespace

std::string number(double value) { return human_number(value, 1); }

std::string escaped_lines(std::string_view text) {
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
      case '\n':
      case '\t':
        result += c;
        break;
      default:
        result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return result;
}

std::string escaped(std::string_view text) {
  std::string result = escaped_lines(text);
  std::ranges::replace_if(
      result, [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return result;
}

std::string text_at(double x, double y, const char* style, const std::string& text) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" class=\"" + style + "\">" +
         escaped(text) + "</text>\n";
}

double Axis::operator()(double value) const {
  const double part = logarithmic ? std::log(value / low) / std::log(high / low)
                                  : (value - low) / (high - low);
  return from + std::clamp(part, 0.0, 1.0) * (to - from);
}

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

std::vector<Tick> axis_ticks(const Axis& axis, int count, bool human) {
  if (axis.logarithmic) return logarithmic_ticks(axis, human);
  std::vector<Tick> ticks;
  const auto values = nice_ticks(axis.low, axis.high, count);
  const double step = values.size() > 1 ? values[1] - values[0] : 1;
  for (const double value : values) ticks.push_back({value, tick_label(value, step, human)});
  return ticks;
}

std::string count_label(double count) {
  std::string label = human_count(count);
  const auto point = label.find('.');
  const auto unit = label.find_first_not_of("0123456789.");
  if (point == std::string::npos || unit == std::string::npos) return label;
  const auto last = label.find_last_not_of("0", unit - 1);
  return label.substr(0, last == point ? point : last + 1) + label.substr(unit);
}

Points thinned(const Points& points, std::size_t count) {
  if (points.size() <= count) return points;
  Points result;
  for (std::size_t i = 0; i < count; ++i)
    result.push_back(points[i * (points.size() - 1) / (count - 1)]);
  return result;
}

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

}  // namespace murm::svg
