// Progress of a run: a bar on a terminal, plain lines elsewhere, nothing when quiet.
// Room: runtime. Knows text and time, not what is trained.
// Caller: actors/training_node, tools/murm.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <limits>
#include <string>
#include <string_view>

#include "algorithms/vocabulary.hpp"
#include "runtime/clock.hpp"

namespace murm {

/// A value that is not a number is left out.
struct ProgressState {
  SampleCount samples = 0;
  SampleCount samples_total = 0;  // 0: the run has no known end
  double seconds = 0;             // of training so far
  double loss = std::numeric_limits<double>::quiet_NaN();
  double samples_per_second = std::numeric_limits<double>::quiet_NaN();
  double staleness_mean = std::numeric_limits<double>::quiet_NaN();
  double accuracy = std::numeric_limits<double>::quiet_NaN();  // of the last evaluation, fraction
};

enum class ProgressStyle : std::uint8_t { quiet, lines, bar };

/// A bar when descriptor `fd` is a terminal that can redraw a line.
ProgressStyle progress_style_for(int fd, bool quiet);

/// Columns of the terminal at `fd`; 80 when it does not say.
int terminal_width(int fd);

/// Thread: one at a time.
class Progress {
 public:
  static constexpr std::chrono::milliseconds redraw_interval{100};
  static constexpr std::chrono::seconds line_interval_min{2};
  static constexpr std::chrono::seconds line_interval_max{10};

  /// `width` is asked at each redraw, as a terminal may change its size.
  Progress(std::ostream& out, const Clock& clock, ProgressStyle style, std::function<int()> width);

  /// Bar: redrawn at most ten times a second. Lines: at each tenth of the run and every 10 s, but at
  /// least 2 s apart. Cheap in between.
  void update(const ProgressState& state);

  /// Prints `text` on a line of its own, above the bar. Not when quiet.
  void message(std::string_view text);

  /// Removes the bar; lines: shows the last state unless it was just shown.
  void finish();

 private:
  void clear();
  void draw();

  std::ostream& out_;
  const Clock& clock_;
  ProgressStyle style_;
  std::function<int()> width_;
  ProgressState state_;
  std::chrono::nanoseconds drawn_at_{0};
  std::uint64_t tenths_drawn_ = 0;
  bool drawn_once_ = false;
  bool bar_visible_ = false;
  bool stale_ = false;  // `state_` is newer than what was drawn
};

/// "accuracy 97.31 %, loss 0.0745"; without an accuracy only the loss.
std::string evaluation_text(double loss, double accuracy);

/// The text after the bar, or of a line: at most `width` characters, whole parts only.
std::string progress_text(const ProgressState& state, std::size_t width);

/// The whole line on a terminal of `width` columns: bar, then text.
std::string progress_bar(const ProgressState& state, std::size_t width);

}  // namespace murm
