#include <algorithm>

#include "tests/catch.hpp"
#include "tests/unit/algorithms/world.hpp"

using namespace murm;
using namespace murm::test;

namespace {

WorldOptions ssp_options(std::uint64_t staleness) {
  WorldOptions options;
  options.algorithm.name = "ssp";
  options.algorithm.staleness = staleness;
  return options;
}

Message push_of(LeaseId id, Step step, std::uint32_t index, std::uint32_t quorum,
                Version read = 0) {
  Message push;
  push.kind = MessageKind::push;
  push.from = PeerId::worker(99);
  push.version = read;
  push.lease = Lease{id, step, index, quorum, 4 * id, 4, true};
  push.payload = make_tensor(7);
  return push;
}

}  // namespace

TEST_CASE("the staleness of a gradient is the number of updates between its read and its apply") {
  WorldOptions options;
  options.workers = 0;
  World world(options);
  std::vector<Version> seen;
  world.on_applied = [&](const Message&, Version staleness) { seen.push_back(staleness); };
  world.say(push_of(0, 0, 0, 1, 0));  // now at version 1
  world.say(push_of(1, 0, 0, 1, 0));  // 2
  world.say(push_of(2, 0, 0, 1, 2));  // 3
  world.say(push_of(1, 0, 0, 1, 0));  // a repetition changes nothing
  world.say(push_of(3, 0, 0, 1, 1));
  CHECK(seen == std::vector<Version>{0, 1, 0, 2});
  CHECK(world.refused == 1);
}

TEST_CASE("the mean staleness of asp is n - 1 in the long run, whatever the speeds") {
  const std::uint64_t workers = GENERATE(4, 8);
  const Time slowest = GENERATE(100, 1000);
  WorldOptions options;
  options.workers = workers;
  options.lease_samples = 1;
  options.total = 6000;
  options.algorithm.schedule.learning_rate = 0.001;
  options.compute_time = [slowest](PeerId worker, std::uint64_t) {
    return worker.ordinal() == 0 ? slowest : 100;
  };
  World world(options);
  world.run();
  REQUIRE(world.fault() == "");
  const double mean = static_cast<double>(world.staleness_sum) / static_cast<double>(world.updates);
  CHECK(mean == Approx(static_cast<double>(workers - 1)).epsilon(0.01));
}

TEST_CASE("ssp with staleness 0 is bsp") {
  AlgorithmOptions options;
  options.name = "ssp";
  options.staleness = 0;
  CHECK(find_algorithm(options).name == "bsp");
  CHECK(find_algorithm(options).combines);
  options.staleness = 1;
  CHECK(find_algorithm(options).name == "ssp");
  options.name = "gossip";
  CHECK_THROWS_AS(find_algorithm(options), InputError);
}

TEST_CASE(
    "the clocks of ssp differ by at most s + 1, and a read at clock c holds all before c - s") {
  constexpr std::uint64_t kWorkers = 4;
  std::vector<Step> widest(4, 0);
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const std::uint64_t staleness = 1 + seed % 3;
    WorldOptions options = ssp_options(staleness);
    options.workers = kWorkers;
    options.seed = seed;
    options.delay_max = seed % 2 == 0 ? 0 : 15;
    options.compute_time = [seed](PeerId worker, std::uint64_t draw) {
      return 1 + (draw % 50) * (1 + (worker.ordinal() * seed) % 5);
    };
    World world(options);
    std::vector<Step> clocks(kWorkers, 0);
    Step difference = 0;
    bool read_enough = true;
    world.on_applied = [&](const Message& push, Version) {
      clocks[push.from.ordinal()] = push.lease.step + 1;
      const auto [low, high] = std::ranges::minmax(clocks);
      difference = std::max(difference, high - low);
      if (push.lease.step > staleness && push.version < kWorkers * (push.lease.step - staleness)) {
        read_enough = false;
      }
    };
    world.run();
    INFO("seed " << seed);
    REQUIRE(world.fault() == "");
    REQUIRE(difference <= staleness + 1);
    REQUIRE(read_enough);
    widest[staleness] = std::max(widest[staleness], difference);
  }
  CHECK(widest ==
        std::vector<Step>{0, 2, 3, 4});  // the bound is reached: the gate is not too tight
}

TEST_CASE("workers wait less as the staleness of ssp grows") {
  std::vector<Time> waited;
  for (const std::uint64_t staleness : {0, 1, 2, 4, 8}) {
    WorldOptions options = ssp_options(staleness);
    options.total = 1600;
    options.compute_time = [](PeerId, std::uint64_t draw) { return 10 + draw % 100; };
    Time sum = 0;
    for (options.seed = 1; options.seed <= 5; ++options.seed) {
      World world(options);
      world.run();
      sum += world.waited;
    }
    waited.push_back(sum);
  }
  for (std::size_t i = 1; i < waited.size(); ++i) CHECK(waited[i] < waited[i - 1]);
  CHECK(waited.back() * 4 < waited.front());
}

TEST_CASE("ssp refuses a push beyond its bound and takes one at the bound") {
  WorldOptions options = ssp_options(2);
  options.workers = 0;
  World world(options);
  world.say(push_of(0, 3, 0, 2));
  REQUIRE(world.rejected.size() == 1);
  CHECK(world.updates == 0);
  world.say(push_of(0, 2, 0, 2));
  CHECK(world.rejected.size() == 1);
  CHECK(world.updates == 1);
}

TEST_CASE("bsp refuses gradients that do not fit its step") {
  WorldOptions options;
  options.algorithm.name = "bsp";
  options.workers = 0;
  World world(options);
  world.say(push_of(0, 1, 0, 2));  // the step has not begun
  CHECK(world.rejected.size() == 1);
  world.say(push_of(0, 0, 2, 2));  // no such place in the step
  CHECK(world.rejected.size() == 2);
  world.say(push_of(0, 0, 0, 2));
  CHECK(world.rejected.size() == 2);
  world.say(push_of(1, 0, 1, 3));  // another quorum
  CHECK(world.rejected.size() == 3);
  CHECK(world.updates == 0);
  world.say(push_of(1, 0, 1, 2));
  CHECK(world.rejected.size() == 3);
  CHECK(world.updates == 2);
}
