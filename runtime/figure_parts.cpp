#include "runtime/figure_parts.hpp"

#include <utility>

namespace murm::svg {
namespace {

constexpr double kLetter = 7.3;  // mean width of a letter at the size of the legend

}  // namespace

std::string shortened(const std::string& text, std::size_t letters) {
  if (text.size() <= letters) return text;
  std::size_t end = letters - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "\u2026";
}

double width_of(const std::string& text) { return kLetter * static_cast<double>(text.size()); }

std::string opened(double width, double height, const std::string& label) {
  return "<svg class=\"figure\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " +
         number(width) + " " + number(height) + "\" width=\"" + number(width) + "\" height=\"" +
         number(height) + "\" role=\"img\" aria-label=\"" + escaped(label) + "\">\n";
}

std::string series(std::size_t index) {
  return "s" + std::to_string(index % figure_colours) + " d" +
         std::to_string(index / figure_colours % 3);
}

std::string path(const std::string& classes, const std::string& data) {
  return "<path class=\"" + classes + "\" d=\"" + data + "\"/>\n";
}

Scale scale_of(FigureUnit unit, double largest) {
  using Steps = std::vector<std::pair<double, Scale>>;
  Steps steps;
  switch (unit) {
    case FigureUnit::plain:
    case FigureUnit::count:
      return {};
    case FigureUnit::percent:
      return {0.01, "%"};
    case FigureUnit::seconds:
      steps = {{172800, {86400, "days"}}, {10800, {3600, "h"}},  {180, {60, "min"}}, {1, {1, "s"}},
               {1e-3, {1e-3, "ms"}},      {0, {1e-6, "\u00b5s"}}};
      break;
    case FigureUnit::bytes:
      steps = {{0x1p40, {0x1p40, "TiB"}},
               {0x1p30, {0x1p30, "GiB"}},
               {0x1p20, {0x1p20, "MiB"}},
               {0x1p10, {0x1p10, "KiB"}},
               {0, {1, "bytes"}}};
      break;
  }
  for (const auto& [least, scale] : steps) {
    if (largest >= least) return scale;
  }
  return {};
}

std::string named(const std::string& name, const Scale& scale, bool logarithmic) {
  std::string text = name;
  if (!scale.suffix.empty()) text += " (" + scale.suffix + ")";
  return text + (logarithmic ? ", log scale" : "");
}

std::vector<Tick> scaled_ticks(Axis axis, const Scale& scale, FigureUnit unit, int count) {
  axis.low /= scale.divisor;
  axis.high /= scale.divisor;
  auto ticks = axis_ticks(axis, count, unit == FigureUnit::count);
  for (Tick& tick : ticks) tick.value *= scale.divisor;
  return ticks;
}

std::string horizontal(const Axis& axis, const std::vector<Tick>& ticks, const std::string& name,
                       double top, double bottom) {
  std::string text;
  double free_from = -100;  // labels that would touch the one before are left out
  for (const Tick& tick : ticks) {
    const double x = axis(tick.value);
    text += path("grid", "M" + number(x) + " " + number(top) + "V" + number(bottom));
    const double half = width_of(tick.label) / 2;
    if (x - half < free_from) continue;
    text += text_at(x, bottom + 18, "tick mid", tick.label);
    free_from = x + half + 6;
  }
  return text + text_at((axis.from + axis.to) / 2, bottom + 40, "name mid", name);
}

std::string vertical(const Axis& axis, const std::vector<Tick>& ticks, const std::string& name,
                     double left, double right) {
  std::string text;
  for (const Tick& tick : ticks) {
    const double y = axis(tick.value);
    text += path("grid", "M" + number(left) + " " + number(y) + "H" + number(right));
    text += text_at(left - 8, y + 4.5, "tick end", tick.label);
  }
  return text + "<text class=\"name mid\" transform=\"translate(15 " +
         number((axis.from + axis.to) / 2) + ") rotate(-90)\">" + escaped(name) + "</text>\n";
}

}  // namespace murm::svg
