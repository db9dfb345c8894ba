#include "runtime/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ostream>
#include <utility>
#include <vector>

#include "runtime/human_units.hpp"

namespace murm {
namespace {

double done_fraction(const ProgressState& state) {
  if (state.samples_total == 0) return 0;
  return std::min(1.0,
                  static_cast<double>(state.samples) / static_cast<double>(state.samples_total));
}

double seconds_left(const ProgressState& state) {
  if (state.samples_total <= state.samples || !(state.samples_per_second > 0)) return 0;
  return static_cast<double>(state.samples_total - state.samples) / state.samples_per_second;
}

}  // namespace

ProgressStyle progress_style_for(int fd, bool quiet) {
  if (quiet) return ProgressStyle::quiet;
  const char* terminal = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): read at the start
  const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  return ::isatty(fd) == 1 && !dumb ? ProgressStyle::bar : ProgressStyle::lines;
}

int terminal_width(int fd) {
  winsize size{};
  const bool known = ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

std::string evaluation_text(double loss, double accuracy) {
  const std::string text = "loss " + human_loss(loss);
  return std::isnan(accuracy) ? text : "accuracy " + human_percent(accuracy, 2) + ", " + text;
}

std::string progress_text(const ProgressState& state, std::size_t width) {
  std::vector<std::string> parts;
  std::string samples = human_count(static_cast<double>(state.samples));
  if (state.samples_total > 0)
    samples += "/" + human_count(static_cast<double>(state.samples_total));
  parts.push_back(samples + " samples");
  if (!std::isnan(state.loss)) parts.push_back("loss " + human_loss(state.loss));
  if (!std::isnan(state.accuracy)) parts.push_back("accuracy " + human_percent(state.accuracy, 2));
  if (!std::isnan(state.samples_per_second))
    parts.push_back(human_count(state.samples_per_second) + "/s");
  if (!std::isnan(state.staleness_mean))
    parts.push_back("staleness " + human_number(state.staleness_mean, 1));
  if (const double left = seconds_left(state); left > 0) {
    parts.push_back((left < 59.5 ? human_number(std::ceil(left), 0) + " s" : human_duration(left)) +
                    " left");
  }
  std::string text;
  for (const std::string& part : parts) {
    const std::string addition = (text.empty() ? "" : "  ") + part;
    if (text.size() + addition.size() > width) continue;
    text += addition;
  }
  return text;
}

std::string progress_bar(const ProgressState& state, std::size_t width) {
  if (state.samples_total == 0) return progress_text(state, width);
  std::string percent = human_number(std::floor(100 * done_fraction(state)), 0) + "%";
  percent.insert(0, 4 - percent.size(), ' ');
  const std::size_t frame = percent.size() + 5;  // two brackets, one space before and two after
  const std::string text = progress_text(state, width > frame ? width - frame : 0);
  const std::size_t room = width - std::min(width, text.size() + frame);
  const std::size_t cells = std::min<std::size_t>(30, room);
  if (cells < 5) return progress_text(state, width);
  const auto full = static_cast<std::size_t>(done_fraction(state) * static_cast<double>(cells));
  return "[" + std::string(full, '#') + std::string(cells - full, '.') + "] " + percent + "  " +
         text;
}

Progress::Progress(std::ostream& out, const Clock& clock, ProgressStyle style,
                   std::function<int()> width)
    : out_(out), clock_(clock), style_(style), width_(std::move(width)) {}

void Progress::update(const ProgressState& state) {
  state_ = state;
  stale_ = true;
  if (style_ == ProgressStyle::quiet) return;
  const auto waited = clock_.now() - drawn_at_;
  if (style_ == ProgressStyle::bar) {
    if (!drawn_once_ || waited >= redraw_interval) draw();
    return;
  }
  if (!drawn_once_) {
    // The first line comes after the first interval, when there is a speed to tell.
    drawn_once_ = true;
    drawn_at_ = clock_.now();
    return;
  }
  const auto tenths = static_cast<std::uint64_t>(10 * done_fraction(state));
  const bool due = tenths > tenths_drawn_ || waited >= line_interval_max;
  if (due && waited >= line_interval_min) draw();
}

void Progress::message(std::string_view text) {
  if (style_ == ProgressStyle::quiet) return;
  const bool redraw = bar_visible_;
  clear();
  out_ << text << '\n';
  if (redraw) draw();
  out_.flush();
}

void Progress::finish() {
  clear();
  if (style_ == ProgressStyle::lines && stale_) draw();
  out_.flush();
}

void Progress::clear() {
  if (bar_visible_) out_ << "\r\033[K";
  bar_visible_ = false;
}

void Progress::draw() {
  drawn_once_ = true;
  stale_ = false;
  drawn_at_ = clock_.now();
  if (style_ == ProgressStyle::lines) {
    tenths_drawn_ = static_cast<std::uint64_t>(10 * done_fraction(state_));
    const std::string percent = state_.samples_total > 0
                                    ? human_percent(done_fraction(state_), 0) + "  "
                                    : std::string();
    out_ << percent << progress_text(state_, 1000) << '\n' << std::flush;
    return;
  }
  // One column stays free: a character in the last one would make some terminals wrap.
  const auto width = static_cast<std::size_t>(std::max(20, width_() - 1));
  out_ << '\r' << progress_bar(state_, width) << "\033[K" << std::flush;
  bar_visible_ = true;
}

}  // namespace murm
