// What all figures of a page share: scales in human units, axes, labels, the classes of a series.
// Room: runtime. Text out; knows no kind of figure.
// Caller: runtime/figure, runtime/figure_bars.
#pragma once
#include <string>
#include <vector>

#include "runtime/figure.hpp"
#include "runtime/svg.hpp"

namespace murm::svg {

inline constexpr double figure_width = 620;
inline constexpr std::size_t figure_colours = 8;
inline constexpr std::size_t figure_label_letters = 44;

/// At most `letters` bytes and an ellipsis, cut between characters.
std::string shortened(const std::string& text, std::size_t letters);

/// About what `text` takes at the size of a legend.
double width_of(const std::string& text);

/// The opening tag; `label` is what a screen reader says.
std::string opened(double width, double height, const std::string& label);

/// Classes that give colour and, beyond the eighth series, dashes.
std::string series(std::size_t index);

std::string path(const std::string& classes, const std::string& data);

/// A unit that makes the largest value of an axis a number one reads at a glance.
struct Scale {
  double divisor = 1;
  std::string suffix;
};
Scale scale_of(FigureUnit unit, double largest);

/// "time (min), log scale".
std::string named(const std::string& name, const Scale& scale, bool logarithmic);

/// Ticks in the axis' own values, with labels in the unit of `scale`.
std::vector<Tick> scaled_ticks(Axis axis, const Scale& scale, FigureUnit unit, int count);

/// Grid from `top`, labels and name of a horizontal axis along `bottom`.
std::string horizontal(const Axis& axis, const std::vector<Tick>& ticks, const std::string& name,
                       double top, double bottom);
std::string vertical(const Axis& axis, const std::vector<Tick>& ticks, const std::string& name,
                     double left, double right);

}  // namespace murm::svg
