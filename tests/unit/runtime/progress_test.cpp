#include "runtime/progress.hpp"

#include <limits>
#include <sstream>

#include "tests/catch.hpp"

using namespace murm;
using namespace std::chrono_literals;

namespace {

class ManualClock final : public Clock {
 public:
  std::chrono::nanoseconds now() const override { return now_; }
  void advance(std::chrono::nanoseconds by) { now_ += by; }

 private:
  std::chrono::nanoseconds now_ = 5s;
};

ProgressState at(SampleCount samples, SampleCount total = 1000) {
  return {.samples = samples,
          .samples_total = total,
          .seconds = 1,
          .loss = 0.5,
          .samples_per_second = 100,
          .staleness_mean = 2.96};
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("the bar shows samples, loss, speed, staleness and the time left") {
  CHECK(progress_bar(at(500), 81) ==
        "[#####.....]  50%  500/1.00k samples  loss 0.5000  100/s  staleness 3.0  5 s left");
}

TEST_CASE("an evaluation is told with its accuracy where there is one") {
  CHECK(evaluation_text(0.07449, 0.9731) == "accuracy 97.31 %, loss 0.0745");
  CHECK(evaluation_text(0.0123, std::numeric_limits<double>::quiet_NaN()) == "loss 0.0123");
}

TEST_CASE("the bar never passes the width of the terminal") {
  for (std::size_t width = 0; width < 200; ++width) {
    INFO(width);
    CHECK(progress_bar(at(1000), width).size() <= width);
    CHECK(progress_bar(at(7, 0), width).size() <= width);
  }
}

TEST_CASE("the bar is redrawn at most ten times a second") {
  ManualClock clock;
  std::ostringstream out;
  Progress progress(out, clock, ProgressStyle::bar, [] { return 80; });
  for (SampleCount i = 0; i < 1000; ++i) {
    progress.update(at(i));
    clock.advance(1ms);
  }
  const std::string text = out.str();
  CHECK(std::count(text.begin(), text.end(), '\r') == 10);
  CHECK(lines_in(text) == 0);
}

TEST_CASE("a message goes above the bar, and the bar is gone at the end") {
  ManualClock clock;
  std::ostringstream out;
  Progress progress(out, clock, ProgressStyle::bar, [] { return 80; });
  progress.update(at(1));
  out.str("");
  progress.message("worker 3 lost");
  CHECK(out.str().starts_with("\r\033[Kworker 3 lost\n\r["));
  out.str("");
  progress.finish();
  CHECK(out.str() == "\r\033[K");
}

TEST_CASE("without a terminal there is a line for each tenth, at least two seconds apart") {
  ManualClock clock;
  std::ostringstream out;
  Progress progress(out, clock, ProgressStyle::lines, [] { return 80; });
  SECTION("a slow run: each tenth") {
    for (SampleCount i = 0; i < 1000; ++i) {
      progress.update(at(i));
      clock.advance(50ms);
    }
    CHECK(lines_in(out.str()) == 9);
  }
  SECTION("a fast run: every two seconds") {
    for (SampleCount i = 0; i < 1000; ++i) {
      progress.update(at(i));
      clock.advance(5ms);
    }
    CHECK(lines_in(out.str()) == 2);
  }
  SECTION("a run without a known end: every ten seconds") {
    for (SampleCount i = 0; i < 1000; ++i) {
      progress.update(at(i, 0));
      clock.advance(60ms);
    }
    CHECK(lines_in(out.str()) == 5);
  }
  CHECK(out.str().find('\r') == std::string::npos);
  const std::size_t before = lines_in(out.str());
  progress.finish();
  CHECK(lines_in(out.str()) == before + 1);
}

TEST_CASE("a quiet run prints nothing") {
  ManualClock clock;
  std::ostringstream out;
  Progress progress(out, clock, ProgressStyle::quiet, [] { return 80; });
  progress.update(at(1));
  progress.message("text");
  progress.finish();
  CHECK(out.str().empty());
  CHECK(progress_style_for(2, true) == ProgressStyle::quiet);
}

TEST_CASE("a width that is not known is 80") { CHECK(terminal_width(-1) == 80); }
