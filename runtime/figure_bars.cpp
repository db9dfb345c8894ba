#include <algorithm>
#include <cmath>

#include "runtime/figure.hpp"
#include "runtime/figure_parts.hpp"
#include "runtime/human_units.hpp"
#include "runtime/svg.hpp"

namespace murm {
namespace {

using namespace svg;

constexpr std::size_t kBinsMax = 100;

}  // namespace

std::string bar_figure(const BarFigure& figure) {
  constexpr double row = 32;
  double label_width = 0;
  double text_width = 0;
  double high = 0;
  for (const auto& bar : figure.bars) {
    label_width = std::max(label_width, width_of(shortened(bar.label, figure_label_letters)));
    text_width = std::max(text_width, width_of(bar.text));
    if (std::isfinite(bar.value)) high = std::max({high, bar.value, bar.high});
  }
  const double left = label_width + 16;
  const double right = std::max(left + 100, figure_width - 16 - text_width);
  const double width = right + 16 + text_width;
  const double bottom = 8 + row * static_cast<double>(figure.bars.size());
  const Axis x{.low = 0, .high = high > 0 ? high : 1, .from = left, .to = right};
  const Scale scale = scale_of(figure.unit, high);
  std::string text = opened(width, bottom + 50, figure.name);
  text += horizontal(x, scaled_ticks(x, scale, figure.unit, 5), named(figure.name, scale, false), 4,
                     bottom);
  for (std::size_t i = 0; i < figure.bars.size(); ++i) {
    const auto& bar = figure.bars[i];
    const double middle = 8 + row * (static_cast<double>(i) + 0.5);
    text += text_at(left - 8, middle + 4.5, "end", shortened(bar.label, figure_label_letters));
    double end = left;
    if (std::isfinite(bar.value)) {
      end = std::max(x(bar.value), x(bar.high));
      text += "<rect class=\"bar " + series(i) + "\" x=\"" + number(left) + "\" y=\"" +
              number(middle - 9) + "\" width=\"" + number(x(bar.value) - left) +
              "\" height=\"18\"/>\n";
      if (bar.low < bar.high) {
        text += path("whisker", "M" + number(x(bar.low)) + " " + number(middle - 5) + "v10m0 -5H" +
                                    number(x(bar.high)) + "m0 -5v10");
      }
    }
    text += text_at(end + 8, middle + 4.5, "legend", bar.text);
  }
  text += path("axis", "M" + number(left) + " 4V" + number(bottom) + "H" + number(right));
  return text + "</svg>\n";
}

std::string histogram_figure(const HistogramFigure& figure) {
  constexpr double width = 400;
  constexpr double left = 58;
  constexpr double right = width - 14;
  constexpr double top = 34;
  constexpr double bottom = 184;
  const std::size_t bins = std::min(figure.shares.size(), kBinsMax);
  const auto bin = static_cast<double>(std::max<std::size_t>(1, figure.bin_width));
  const double highest = bins == 0 ? 1
                                   : *std::max_element(
                                         figure.shares.begin(),
                                         figure.shares.begin() + static_cast<std::ptrdiff_t>(bins));
  // Bins are centred on their values: 0 stands in the middle of the first bar.
  const Axis x{.low = -0.5,
               .high = bin * static_cast<double>(std::max<std::size_t>(1, bins)) - 0.5,
               .from = left,
               .to = right};
  const Axis y{.low = 0, .high = highest > 0 ? highest * 1.05 : 1, .from = bottom, .to = top};
  std::string text = opened(width, bottom + 50, figure.x_name + ": " + figure.label);
  const bool open = figure.open_end && bins > 0;
  text += text_at(left, 18, "head", shortened(figure.label, open ? 20 : 32));
  std::vector<Tick> ticks = scaled_ticks(x, {}, FigureUnit::count, 6);
  std::erase_if(ticks, [](const Tick& tick) { return tick.value != std::floor(tick.value); });
  text += horizontal(x, ticks, figure.x_name, bottom, bottom + 4);
  text += vertical(y, scaled_ticks(y, {0.01, ""}, FigureUnit::percent, 4), "gradients (%)", left,
                   right);
  for (std::size_t i = 0; i < bins; ++i) {
    if (!(figure.shares[i] > 0)) continue;
    const double from = x(bin * static_cast<double>(i) - 0.5);
    const double to = x(bin * static_cast<double>(i + 1) - 0.5);
    const double gap = std::min(2.0, (to - from) / 5);
    text += "<rect class=\"bar s" + std::to_string(figure.colour % figure_colours) + "\" x=\"" +
            number(from + gap / 2) + "\" y=\"" + number(y(figure.shares[i])) + "\" width=\"" +
            number(to - from - gap) + "\" height=\"" + number(bottom - y(figure.shares[i])) +
            "\"/>\n";
  }
  if (std::isfinite(figure.mean)) {
    text += path("mark", "M" + number(x(figure.mean)) + " " + number(top) + "V" + number(bottom));
  }
  if (bins == 0 || !(highest > 0))
    text += text_at((left + right) / 2, (top + bottom) / 2, "mid", "nothing to show");
  std::string remark;
  if (std::isfinite(figure.mean)) remark = "mean " + human_number(figure.mean, 2);
  if (open) {
    const std::size_t last = (bins - 1) * std::max<std::size_t>(1, figure.bin_width);
    remark += (remark.empty() ? "" : ", ") + ("last bar: " + std::to_string(last)) + "+";
  }
  text += text_at(right, 18, "tick end", remark);
  text += path("axis",
               "M" + number(left) + " " + number(top) + "V" + number(bottom) + "H" + number(right));
  return text + "</svg>\n";
}

}  // namespace murm
