#include <cmath>
#include <vector>

#include "runtime/world/network.hpp"
#include "runtime/world/world_time.hpp"
#include "tests/catch.hpp"

using namespace murm;
using namespace std::chrono_literals;
using Time = std::chrono::nanoseconds;

namespace {

Scenario with_latency(double latency_ms) {
  Scenario scenario;
  scenario.network.latency_ms = latency_ms;
  return scenario;
}

Scenario lossy(double loss, double latency_ms = 1) {
  Scenario scenario = with_latency(latency_ms);
  scenario.network.loss = loss;
  return scenario;
}

/// Nothing passes between workers 1 and 2 and the others from second 10 to `to_s`.
Scenario parted(double to_s) {
  Scenario scenario = with_latency(1);
  scenario.partition = {{.from_s = 10, .to_s = to_s, .workers = {2, 1}}};
  return scenario;
}

bool within(double measured, double p, double n) {
  return std::abs(measured / n - p) < 4 * std::sqrt(p * (1 - p) / n);
}

}  // namespace

TEST_CASE("a lost message is sent again after a timeout that doubles up to a minute") {
  NetworkModel network(lossy(0.5), 1, 1);
  std::uint32_t most = 1;
  for (int i = 0; i < 10'000; ++i) {
    const Time now = i * 1s;
    const Passage passage = network.send(1, 0, 100, now);
    Time waited{0};
    for (Time timeout = 200ms, tries = Time{1}; tries.count() < passage.attempts; ++tries) {
      waited += timeout;
      timeout = std::min<Time>(2 * timeout, 60s);
    }
    REQUIRE(passage.left == now + waited);
    REQUIRE(passage.arrives == now + waited + 1ms);
    most = std::max(most, passage.attempts);
  }
  CHECK(most > 10);  // the minute was reached
}

TEST_CASE("the timeout is two round trips on a long way, also beyond the minute") {
  for (const auto& [latency_ms, second] : {std::pair{100.0, 400ms}, {20'000.0, 80'000ms}}) {
    NetworkModel network(lossy(0.5, latency_ms), 1, 1);
    Passage passage;
    while (passage.attempts != 2) passage = network.send(1, 0, 100, 0s);
    CHECK(passage.left == second);
  }
}

TEST_CASE("the timeout counts the way there and the way back") {
  Scenario scenario = lossy(0.5);
  scenario.regions.shares = {0.5, 0.5};
  scenario.regions.latency_ms = {{0, 1000}, {3000, 0}};
  NetworkModel network(scenario, 2, 1);
  Passage passage;
  while (passage.attempts != 2) passage = network.send(2, 0, 100, 0s);
  CHECK(passage.left == 2 * (1s + 3s));
  CHECK(passage.arrives == 8s + 3s);
}

TEST_CASE("messages are lost as often as the scenario says") {
  constexpr int n = 100'000;
  NetworkModel network(lossy(0.02), 10, 3);
  int again = 0;
  for (int i = 0; i < n; ++i) {
    again += network.send(static_cast<Host>(1 + i % 10), 0, 100, i * 1s).attempts > 1 ? 1 : 0;
  }
  CHECK(within(again, 0.02, n));
}

TEST_CASE("a message that is sent again occupies the card again, but not while it waits") {
  Scenario scenario = lossy(0.3);
  scenario.network.bandwidth_gbit = 1;
  NetworkModel network(scenario, 2, 5);
  CHECK(network.send(1, 0, 1'000'000, 0s).attempts == 1);
  const Passage twice = network.send(1, 0, 1'000'000, 1s);
  REQUIRE(twice.attempts == 3);
  CHECK(twice.left == 1s + 8ms + 200ms + 8ms + 400ms + 8ms);
  CHECK(twice.arrives == twice.left - 8ms + 1ms);
  const Passage behind = network.send(1, 2, 1'000'000, 1s);
  REQUIRE(behind.attempts == 1);
  CHECK(behind.left == 1s + 4 * 8ms);
}

TEST_CASE("what is always lost never arrives") {
  NetworkModel network(lossy(1), 1, 1);
  CHECK(network.send(1, 0, 100, 0s).arrives == never);
}

TEST_CASE("the weather of a channel is the same integers on every machine") {
  // Attempts 1, 2 and 10 of this channel under seed 5 are lost: Philox computed apart from this code.
  NetworkModel network(lossy(0.3), 1, 5);
  std::vector<std::uint32_t> attempts;
  for (int i = 0; i < 10; ++i) attempts.push_back(network.send(1, 0, 100, i * 100s).attempts);
  CHECK(attempts == std::vector<std::uint32_t>{1, 3, 1, 1, 1, 1, 1, 1, 2, 1});
}

TEST_CASE("the weather of a channel does not depend on other channels or on how many there are") {
  NetworkModel alone(lossy(0.3), 2, 9);
  NetworkModel crowded(lossy(0.3), 100, 9);
  bool directions_differ = false;
  for (int i = 0; i < 200; ++i) {
    const auto expected = alone.send(1, 0, 100, i * 1s).attempts;
    for (Host other = 2; other < 100; ++other) crowded.send(other, 0, 100, i * 1s);
    directions_differ |= crowded.send(0, 1, 100, i * 1s).attempts != expected;
    CHECK(crowded.send(1, 0, 100, i * 1s).attempts == expected);
  }
  CHECK(directions_differ);
}

TEST_CASE("another seed is other weather") {
  NetworkModel one(lossy(0.3), 1, 1);
  NetworkModel two(lossy(0.3), 1, 2);
  int differ = 0;
  for (int i = 0; i < 100; ++i) {
    differ += one.send(1, 0, 1, i * 1s).attempts != two.send(1, 0, 1, i * 1s).attempts ? 1 : 0;
  }
  CHECK(differ > 20);
}

TEST_CASE("messages are doubled as often as the scenario says") {
  constexpr int n = 100'000;
  Scenario scenario;
  scenario.network.duplication = 0.1;
  NetworkModel network(scenario, 1, 3);
  int doubled = 0;
  for (int i = 0; i < n; ++i) doubled += network.send(0, 1, 100, i * 1s).duplicated ? 1 : 0;
  CHECK(within(doubled, 0.1, n));
}

TEST_CASE("reordering delays as many as the scenario says, evenly by up to four latencies") {
  constexpr int n = 100'000;
  Scenario scenario = with_latency(10);
  scenario.network.reordering = 0.25;
  NetworkModel network(scenario, 1, 3);
  int delayed = 0;
  double sum = 0;
  for (int i = 0; i < n; ++i) {
    const Time extra = network.send(0, 1, 100, i * 1s).arrives - i * 1s - 10ms;
    REQUIRE(extra >= 0ms);
    REQUIRE(extra <= 40ms);
    if (extra == 0ms) continue;
    ++delayed;
    sum += static_cast<double>(extra.count()) / 40e6;
  }
  CHECK(within(delayed, 0.25, n));
  CHECK(std::abs(sum / delayed - 0.5) < 4 / std::sqrt(12.0 * delayed));
}

TEST_CASE("a partition cuts some workers from the rest between its two moments") {
  const NetworkModel network(parted(20), 4, 1);
  const Host server = 0, outside = 1, inside = 2, inside_too = 3;
  CHECK(network.cut(server, inside, 10s));
  CHECK(network.cut(inside_too, outside, 20s - 1ns));
  CHECK_FALSE(network.cut(server, inside, 10s - 1ns));
  CHECK_FALSE(network.cut(server, inside, 20s));
  CHECK_FALSE(network.cut(inside, inside_too, 15s));
  CHECK_FALSE(network.cut(server, outside, 15s));
  CHECK(network.heals(server, inside, 15s) == 20s);
  CHECK(network.heals(server, inside, 5s) == 5s);
  CHECK(network.heals(server, outside, 15s) == 15s);
}

TEST_CASE("partitions that follow each other heal when the last one does") {
  Scenario scenario = parted(20);
  scenario.partition.push_back({.from_s = 30, .to_s = 50, .workers = {1}});
  scenario.partition.push_back({.from_s = 15, .to_s = 30, .workers = {1}});
  const NetworkModel network(scenario, 4, 1);
  CHECK(network.heals(0, 2, 12s) == 50s);
  CHECK(network.heals(0, 3, 12s) == 20s);
  CHECK(network.heals(2, 3, 12s) == 12s);
}

TEST_CASE("a message into a partition passes with the first attempt after it has healed") {
  NetworkModel network(parted(20), 4, 1);
  const Passage passage = network.send(2, 0, 100, 15s);
  // 200 ms, 400 ms, ... after 15 s: 15.2, 15.6, 16.4, 18, 21.2
  CHECK(passage.left == 21'200ms);
  CHECK(passage.arrives == 21'201ms);
  CHECK(passage.attempts == 6);
  CHECK(network.send(2, 3, 100, 15s).arrives == 15'001ms);
  CHECK(network.send(1, 0, 100, 15s).arrives == 15'001ms);
}

TEST_CASE("a message is lost when it would arrive after the cut, and passes just before it") {
  NetworkModel network(parted(10.1), 4, 1);
  CHECK(network.send(2, 0, 100, 10s - 1ms - 1ns).arrives == 10s - 1ns);
  const Passage late = network.send(2, 0, 100, 10s - 1ms);
  CHECK(late.attempts == 2);
  CHECK(late.arrives == 10'200ms);
}

TEST_CASE("waiting for a long partition takes as many tries as one a minute") {
  NetworkModel network(parted(10 + 3600), 4, 1);
  const Passage passage = network.send(0, 2, 100, 10s);
  // Nine doublings take 102.2 s, then each try 60 s: the first after 3600 s is the 59th.
  CHECK(passage.left == 10s + 102'200ms + 59 * 60s);
  CHECK(passage.attempts == 10 + 59);
}

TEST_CASE("a partition that never heals lets nothing arrive") {
  NetworkModel network(parted(forever), 4, 1);
  CHECK(network.heals(0, 2, 10s) == never);
  const Passage passage = network.send(0, 2, 100, 10s);
  CHECK(passage.arrives == never);
  CHECK(passage.left == never);
  CHECK(network.send(0, 1, 100, 10s).arrives == 10'001ms);
}

TEST_CASE("what waits for a partition occupies the card once, however often it tries") {
  Scenario scenario = parted(100);
  scenario.network.bandwidth_gbit = 1;
  NetworkModel network(scenario, 4, 1);
  CHECK(network.send(2, 0, 1'000'000, 10s).attempts > 8);
  CHECK(network.send(2, 3, 1'000'000, 10s).left == 10s + 16ms);
}

TEST_CASE("an attempt into a partition draws no random number") {
  Scenario scenario = parted(100);
  scenario.network.loss = 0.3;
  NetworkModel network(scenario, 4, 5);
  scenario.partition.clear();
  NetworkModel whole(scenario, 4, 5);
  CHECK(network.send(2, 0, 100, 10s).attempts > whole.send(2, 0, 100, 10s).attempts);
  for (int i = 0; i < 50; ++i) {
    const Time now = 1000s + i * 100s;
    CHECK(network.send(2, 0, 100, now).attempts == whole.send(2, 0, 100, now).attempts);
  }
}

TEST_CASE("no delayed message crosses a partition") {
  Scenario scenario = parted(12);
  scenario.network.latency_ms = 500;
  scenario.network.reordering = 1;
  NetworkModel network(scenario, 4, 1);
  int again = 0;
  for (int i = 0; i < 400; ++i) {
    const Passage passage = network.send(2, 0, 100, 8s + i * 10ms);
    CHECK_FALSE(network.cut(2, 0, passage.arrives));
    CHECK_FALSE(network.cut(2, 0, passage.left));
    again += passage.attempts > 1 ? 1 : 0;
  }
  CHECK(again > 200);
}

TEST_CASE("recorded delays are taken as they come, and nothing else happens") {
  Scenario scenario = lossy(0.5, 100);
  scenario.network.bandwidth_gbit = 0.001;
  scenario.network.duplication = 0.5;
  scenario.recorded = std::make_shared<RecordedTiming>(
      RecordedTiming{.compute = {}, .up = {{1ms, 2ms}, {5ms}}, .down = {{7ms, 8ms, 9ms}}});
  NetworkModel network(scenario, 4, 1);
  const auto delay = [&](Host from, Host to) {
    const Passage passage = network.send(from, to, 1'000'000, 10s);
    CHECK(passage.left == 10s);
    CHECK(passage.transfer == 0s);
    CHECK(passage.attempts == 1);
    CHECK_FALSE(passage.duplicated);
    CHECK(network.receive(to, passage, passage.arrives) == passage.arrives);
    return passage.arrives - 10s;
  };
  CHECK(delay(1, 0) == 1ms);
  CHECK(delay(2, 0) == 5ms);
  CHECK(delay(1, 0) == 2ms);
  CHECK(delay(1, 0) == 1ms);
  CHECK(delay(3, 0) == 1ms);
  CHECK(delay(0, 1) == 7ms);
  CHECK(delay(0, 4) == 7ms);
  CHECK(delay(0, 1) == 8ms);
  CHECK(delay(2, 3) == 0ms);
}
