#include "runtime/world/churn.hpp"

#include <cmath>
#include <vector>

#include "tests/catch.hpp"

using namespace murm;
using namespace std::chrono_literals;

namespace {

ChurnEvent at(const char* event, double at_s, std::uint64_t worker) {
  ChurnEvent churn;
  churn.event = event;
  churn.at_s = at_s;
  churn.worker = worker;
  return churn;
}

ChurnEvent rate(const char* event, double per_hour, double from_s = 0, double to_s = forever) {
  ChurnEvent churn;
  churn.event = event;
  churn.rate_per_hour = per_hour;
  churn.from_s = from_s;
  churn.to_s = to_s;
  return churn;
}

Scenario with(std::vector<ChurnEvent> churn) {
  Scenario scenario;
  scenario.churn = std::move(churn);
  return scenario;
}

}  // namespace

TEST_CASE("churn comes in order of time, and of entries when at once") {
  ChurnEvent freeze = at("freeze", 1, 4);
  freeze.for_s = 2.5;
  ChurnSchedule schedule(
      with({at("crash", 3, 1), at("join", 2, 9), at("leave", 3, 0), freeze, at("kill", 2, 7)}), 8,
      1);
  struct Expected {
    std::chrono::nanoseconds time;
    ChurnKind event;
    std::uint64_t slot;
    std::chrono::nanoseconds duration;
  };
  for (const Expected& expected :
       {Expected{1s, ChurnKind::freeze, 4, 2500ms}, Expected{2s, ChurnKind::join, 9, never},
        Expected{2s, ChurnKind::kill, 7, never}, Expected{3s, ChurnKind::crash, 1, never},
        Expected{3s, ChurnKind::leave, 0, never}}) {
    const auto event = schedule.next();
    REQUIRE(event);
    CHECK(event->time == expected.time);
    CHECK(event->event == expected.event);
    CHECK(event->slot == expected.slot);
    CHECK(event->duration == expected.duration);
  }
  CHECK_FALSE(schedule.next());
  CHECK_FALSE(schedule.next());
}

TEST_CASE("a rate happens as often as it says, to every worker alike, at exponential distances") {
  constexpr int n = 20'000;
  constexpr int workers = 16;
  ChurnSchedule schedule(with({rate("kill", 360)}), workers, 11);
  std::vector<int> hits(workers);
  double sum = 0;
  double squares = 0;
  int long_gaps = 0;
  std::chrono::nanoseconds before{0};
  for (int i = 0; i < n; ++i) {
    const auto event = schedule.next();
    REQUIRE(event);
    REQUIRE(event->time >= before);
    REQUIRE(event->slot < workers);
    const double gap = std::chrono::duration<double>(event->time - before).count() / 10;
    before = event->time;
    sum += gap;
    squares += gap * gap;
    long_gaps += gap > 3 ? 1 : 0;
    ++hits[event->slot];
  }
  CHECK(std::abs(sum / n - 1) < 4 / std::sqrt(n));
  CHECK(std::abs(squares / n - 2) < 4 * std::sqrt(20.0 / n));
  CHECK(std::abs(long_gaps - n * std::exp(-3)) < 4 * std::sqrt(n * std::exp(-3)));
  for (const int count : hits) {
    CHECK(std::abs(count - n / workers) < 4 * std::sqrt(n / workers));
  }
}

TEST_CASE("a rate keeps to its time") {
  ChurnSchedule schedule(with({rate("crash", 3600, 100, 200)}), 4, 1);
  int count = 0;
  while (const auto event = schedule.next()) {
    CHECK(event->time >= 100s);
    CHECK(event->time < 200s);
    ++count;
  }
  CHECK(std::abs(count - 100) < 40);
}

TEST_CASE("rates and single events are one sequence, and no entry disturbs another") {
  ChurnSchedule mixed(with({rate("kill", 60), at("leave", 600, 2), rate("freeze", 60)}), 4, 5);
  ChurnSchedule alone(with({rate("kill", 60)}), 4, 5);
  std::chrono::nanoseconds before{0};
  bool left = false;
  std::vector<std::uint64_t> frozen;
  std::vector<std::uint64_t> killed;
  for (int i = 0; i < 200; ++i) {
    const auto event = mixed.next();
    REQUIRE(event);
    CHECK(event->time >= before);
    before = event->time;
    if (event->event == ChurnKind::kill) {
      const auto expected = alone.next();
      CHECK(event->time == expected->time);
      CHECK(event->slot == expected->slot);
      killed.push_back(event->slot);
    } else if (event->event == ChurnKind::freeze) {
      frozen.push_back(event->slot);
    } else {
      left = true;
      CHECK(event->time == 600s);
    }
  }
  CHECK(left);
  frozen.resize(50);
  killed.resize(50);
  CHECK(frozen != killed);
}

TEST_CASE("who joins by a rate comes from beyond the job") {
  ChurnSchedule schedule(with({rate("join", 60)}), 4, 5);
  for (int i = 0; i < 10; ++i) CHECK(schedule.next()->slot == 4);
}

TEST_CASE("churn is the same integers on every machine") {
  // Computed apart from this code with 120 bits (mpmath) from the same Philox numbers.
  ChurnSchedule schedule(with({rate("kill", 60)}), 16, 9);
  for (const auto& [time, slot] :
       {std::pair{44'873'510'602, 2}, {170'992'410'826, 12}, {401'566'740'620, 13}}) {
    const auto event = schedule.next();
    CHECK(event->time.count() == time);
    CHECK(event->slot == static_cast<std::uint64_t>(slot));
  }
}
