#include <vector>

#include "runtime/world/network.hpp"
#include "tests/catch.hpp"

using namespace murm;
using namespace std::chrono_literals;
using Time = std::chrono::nanoseconds;

namespace {

constexpr std::uint64_t kMegabyte = 1'000'000;  // 8 ms at 1 Gbit/s

Scenario gigabit(double latency_ms = 5) {
  Scenario scenario;
  scenario.network.latency_ms = latency_ms;
  scenario.network.bandwidth_gbit = 1;
  return scenario;
}

Time whole_way(NetworkModel& network, Host from, Host to, std::uint64_t bytes, Time now) {
  const Passage passage = network.send(from, to, bytes, now);
  return network.receive(to, passage, passage.arrives) - now;
}

}  // namespace

TEST_CASE("a network where nothing costs anything says so, and only such a one") {
  const auto is_free = [](const Scenario& scenario) { return NetworkModel(scenario, 8, 1).free(); };
  CHECK(is_free(Scenario{}));
  Scenario scenario;
  SECTION("latency") { scenario.network.latency_ms = 0.001; }
  SECTION("bandwidth") { scenario.network.bandwidth_gbit = 1000; }
  SECTION("loss") { scenario.network.loss = 1e-6; }
  SECTION("duplication") { scenario.network.duplication = 1e-6; }
  SECTION("reordering") { scenario.network.reordering = 1e-6; }
  SECTION("partition") { scenario.partition = {{.from_s = 1, .to_s = 2, .workers = {0}}}; }
  SECTION("latency between regions") {
    scenario.regions.shares = {0.5, 0.5};
    scenario.regions.latency_ms = {{0, 1}, {0, 0}};
  }
  SECTION("a pipe between regions") {
    scenario.regions.shares = {0.5, 0.5};
    scenario.regions.bandwidth_gbit = {{0, 0}, {1, 0}};
  }
  SECTION("recorded delays") {
    scenario.recorded = std::make_shared<RecordedTiming>(
        RecordedTiming{.compute = {}, .up = {}, .down = {{1ms}}});
  }
  CHECK_FALSE(is_free(scenario));
}

TEST_CASE("a message alone needs its transfer and the latency, once") {
  NetworkModel network(gigabit(), 4, 1);
  const Passage passage = network.send(1, 0, kMegabyte, 1s);
  CHECK(passage.left == 1s + 8ms);
  CHECK(passage.arrives == 1s + 5ms);
  CHECK(passage.transfer == 8ms);
  CHECK(passage.attempts == 1);
  CHECK_FALSE(passage.duplicated);
  CHECK(network.receive(0, passage, passage.arrives) == 1s + 13ms);
}

TEST_CASE("without a bandwidth there is only the latency") {
  Scenario scenario;
  scenario.network.latency_ms = 2.5;
  NetworkModel network(scenario, 4, 1);
  for (Host worker = 1; worker <= 4; ++worker) {
    CHECK(network.send(0, worker, kMegabyte, 1s).left == 1s);
    CHECK(whole_way(network, 0, worker, kMegabyte, 1s) == 2500us);
  }
}

TEST_CASE("messages of one sender leave its card one after the other") {
  NetworkModel network(gigabit(), 4, 1);
  for (int i = 0; i < 4; ++i) {
    const Passage passage = network.send(0, static_cast<Host>(i + 1), kMegabyte, 0ms);
    CHECK(passage.left == (i + 1) * 8ms);
    CHECK(network.receive(static_cast<Host>(i + 1), passage, passage.arrives) ==
          (i + 1) * 8ms + 5ms);
  }
  // The card is idle again: no debt, no credit.
  CHECK(whole_way(network, 0, 1, kMegabyte, 1s) == 13ms);
}

TEST_CASE("n senders share the card of one receiver") {
  NetworkModel network(gigabit(), 16, 1);
  std::vector<Passage> passages;
  for (Host worker = 1; worker <= 16; ++worker) {
    passages.push_back(network.send(worker, 0, kMegabyte, 0ms));
    CHECK(passages.back().arrives == 5ms);
  }
  for (int i = 0; i < 16; ++i) {
    CHECK(network.receive(0, passages[static_cast<std::size_t>(i)], 5ms) == 5ms + (i + 1) * 8ms);
  }
}

TEST_CASE("a card sends and receives at the same time") {
  NetworkModel network(gigabit(), 2, 1);
  const Passage out = network.send(0, 1, kMegabyte, 0ms);
  const Passage in = network.send(2, 0, kMegabyte, 0ms);
  CHECK(network.receive(0, in, in.arrives) == 13ms);
  CHECK(network.receive(1, out, out.arrives) == 13ms);
}

TEST_CASE("a host needs no network to talk to itself") {
  NetworkModel network(gigabit(), 2, 1);
  CHECK(whole_way(network, 1, 1, kMegabyte, 1s) == 0ms);
  CHECK(network.latency(1, 1) == 0ms);
  CHECK(network.latency(1, 2) == 5ms);
}

TEST_CASE("regions take their shares of the workers in the order of slots, latecomers the last") {
  Scenario scenario;
  scenario.regions.shares = {0.25, 0.5, 0.25};
  scenario.regions.latency_ms = {{0, 1, 2}, {10, 11, 12}, {20, 21, 22}};
  const NetworkModel network(scenario, 8, 1);
  const std::vector<int> regions{0, 0, 1, 1, 1, 1, 2, 2, 2, 2};
  for (Host slot = 0; slot < regions.size(); ++slot) {
    CHECK(network.latency(0, slot + 1) == regions[slot] * 1ms);
    CHECK(network.latency(slot + 1, 0) == regions[slot] * 10ms);
  }
  CHECK(network.latency(3, 7) == 12ms);
  CHECK(network.latency(4, 5) == 11ms);
}

TEST_CASE("without a matrix of latencies regions keep that of the network") {
  Scenario scenario = gigabit();
  scenario.regions.shares = {0.5, 0.5};
  CHECK(NetworkModel(scenario, 4, 1).latency(0, 4) == 5ms);
}

namespace {

/// Workers 0 and 1 beside the server, 2 and 3 far away behind a pipe.
Scenario two_regions(double pipe_gbit) {
  Scenario scenario = gigabit(1);
  scenario.regions.shares = {0.5, 0.5};
  scenario.regions.latency_ms = {{1, 50}, {50, 1}};
  scenario.regions.bandwidth_gbit = {{0, pipe_gbit}, {pipe_gbit, 0}};
  return scenario;
}

}  // namespace

TEST_CASE("a message alone through a pipe needs the transfer of the narrowest and the latency") {
  NetworkModel narrow(two_regions(0.1), 4, 1);
  CHECK(whole_way(narrow, 3, 0, kMegabyte, 0ms) == 80ms + 50ms);
  NetworkModel wide(two_regions(10), 4, 1);
  CHECK(whole_way(wide, 3, 0, kMegabyte, 0ms) == 8ms + 50ms);
}

TEST_CASE("everything between two regions shares their pipe, each way its own") {
  NetworkModel network(two_regions(0.1), 4, 1);
  CHECK(whole_way(network, 3, 0, kMegabyte, 0ms) == 80ms + 50ms);
  CHECK(whole_way(network, 4, 1, kMegabyte, 0ms) == 160ms + 50ms);
  CHECK(network.send(4, 1, kMegabyte, 0ms).left == 16ms);  // the card waits for no pipe
  CHECK(whole_way(network, 0, 3, kMegabyte, 0ms) == 80ms + 50ms);
  CHECK(whole_way(network, 0, 2, kMegabyte, 10ms) == 8ms + 1ms);
}

TEST_CASE("a message through a narrow pipe holds the receiver's card for its own bits only") {
  NetworkModel network(two_regions(0.1), 4, 1);
  const Passage far = network.send(3, 0, kMegabyte, 0ms);
  CHECK(far.transfer == 8ms);
  CHECK(far.arrives == 50ms + 80ms - 8ms);
  const Passage near = network.send(1, 0, kMegabyte, 60ms);
  CHECK(network.receive(0, near, near.arrives) == 60ms + 1ms + 8ms);
  CHECK(network.receive(0, far, far.arrives) == 130ms);
}

TEST_CASE("what queues at a sender's card does not yet block a wide pipe for others") {
  NetworkModel network(two_regions(10), 4, 1);
  Time last{0};
  for (int i = 0; i < 10; ++i) {
    const Passage passage = network.send(3, 0, kMegabyte, 0ms);
    last = passage.left;
  }
  CHECK(last == 80ms);
  const Passage other = network.send(4, 0, kMegabyte, 0ms);
  CHECK(other.arrives + other.transfer <= 50ms + 11 * 800us);
}

TEST_CASE("ten thousand hosts cost memory only where something was sent") {
  NetworkModel network(gigabit(), 10'000, 1);
  CHECK(whole_way(network, 10'000, 9'999, kMegabyte, 0ms) == 13ms);
  CHECK(whole_way(network, 9'999, 10'000, kMegabyte, 0ms) == 13ms);
}
