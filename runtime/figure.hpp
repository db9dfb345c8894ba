// Figures for pages: lines with bands, bars, histograms, as SVG text.
// Room: runtime. Numbers in, text out; no file. Bounded size for any number of points.
// Caller: tools/murm/compare_figures. Source: colours of Okabe & Ito 2008, told apart with any colour vision.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace murm {

/// What the numbers of an axis are; ticks are in its human units. Given as seconds, bytes, fractions.
enum class FigureUnit { plain, count, seconds, bytes, percent };

/// Style rules (CSS) for the classes figures use; a page has them once. Light and dark.
std::string figure_style();

/// One line per curve, with a band from low to high; points that are not finite are left out. The position
/// of a curve is its colour: the same label should stand at the same place in all figures of a page.
/// The y axis is logarithmic when the points span more than a factor of twenty (not for percent).
struct LineFigure {
  struct Sample {
    double x = 0;
    double median = 0;
    double low = 0;
    double high = 0;
  };
  struct Curve {
    std::string label;
    std::vector<Sample> samples;  // ascending in x
  };
  std::string x_name;
  FigureUnit x_unit = FigureUnit::plain;
  bool x_logarithmic = false;  // leaves out what is not above 0
  std::string y_name;
  FigureUnit y_unit = FigureUnit::plain;
  std::vector<Curve> curves;
};
std::string line_figure(const LineFigure& figure);

/// One horizontal bar per entry, with a whisker from low to high. A value that is not finite: only its text.
struct BarFigure {
  struct Bar {
    std::string label;
    std::string text;  // beside the bar
    double value = 0;
    double low = 0;
    double high = 0;
  };
  std::string name;
  FigureUnit unit = FigureUnit::plain;
  std::vector<Bar> bars;
};
std::string bar_figure(const BarFigure& figure);

/// Shares of whole numbers in bins of `bin_width`, the first from 0.
struct HistogramFigure {
  std::string label;
  std::size_t colour = 0;
  std::string x_name;
  std::vector<double> shares;  // fractions of all
  std::size_t bin_width = 1;
  bool open_end = false;  // the last bin holds everything beyond, too
  double mean = 0;        // marked; not a number: unknown
};
std::string histogram_figure(const HistogramFigure& figure);

}  // namespace murm
