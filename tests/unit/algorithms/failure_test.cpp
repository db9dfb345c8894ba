#include "tests/catch.hpp"
#include "tests/unit/algorithms/world.hpp"

using namespace murm;
using namespace murm::test;

namespace {

struct Weather {
  std::uint64_t kills = 1;
  std::uint64_t joins = 0;
  LastWords words = LastWords::some;
};

WorldOptions options_of(const std::string& name, std::uint32_t shards, std::uint64_t seed) {
  WorldOptions options;
  options.algorithm.name = name;
  options.algorithm.staleness = 1 + seed % 3;
  options.algorithm.shards = shards;
  options.total = 94;
  options.seed = seed;
  options.delay_max = (seed % 4) * 12;
  options.compute_time = [seed](PeerId worker, std::uint64_t draw) {
    return 1 + (draw % 40) * (1 + (worker.ordinal() + seed) % 3);
  };
  return options;
}

/// The weather is drawn from the seed; kills fall on any worker, also on late ones, at any time.
void arrange(World& world, const Weather& weather, std::uint64_t seed) {
  std::mt19937_64 random(seed * 2654435761U);
  const std::uint64_t workers = 4 + weather.joins;
  for (std::uint64_t i = 0; i < weather.joins; ++i) world.join(random() % 500);
  const std::uint64_t first = random() % workers;
  for (std::uint64_t i = 0; i < weather.kills; ++i) {
    world.kill((first + i) % workers, random() % 600, weather.words);
  }
}

struct Tally {
  std::uint64_t deaths = 0;
  std::uint64_t refused = 0;
  std::uint64_t reissued = 0;
};

Tally survive(const std::string& name, const Weather& weather, std::uint64_t seeds) {
  Tally tally;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const std::uint32_t shards = seed % 2 == 0 ? 1 : 3;
    World world(options_of(name, shards, seed));
    arrange(world, weather, seed);
    world.run();
    INFO(name << ", " << shards << " shards, seed " << seed);
    REQUIRE(world.fault() == "");
    REQUIRE(world.updates == shards * world.plan.counts().applied);
    tally.deaths += world.deaths;
    tally.refused += world.refused;
    tally.reissued += world.plan.counts().reissued;
  }
  return tally;
}

}  // namespace

TEST_CASE("whoever dies whenever, each lease is applied once in every shard and the run ends") {
  const std::string name = GENERATE("asp", "bsp", "ssp");
  const LastWords words = GENERATE(LastWords::arrive, LastWords::vanish, LastWords::some);
  const Tally tally = survive(name, {1, 0, words}, 200);
  CHECK(tally.deaths > 150);
  CHECK(tally.reissued > 100);
  if (words != LastWords::vanish) CHECK(tally.refused > 0);
}

TEST_CASE("two deaths, or the death of all but one, lose no lease either") {
  const std::string name = GENERATE("asp", "bsp", "ssp");
  const std::uint64_t kills = GENERATE(2, 3, 4);
  const Tally tally = survive(name, {kills, 0, LastWords::some}, 200);
  CHECK(tally.deaths > 300);
  CHECK(tally.refused > 0);
}

TEST_CASE("late workers join in, also while others die") {
  const std::string name = GENERATE("asp", "bsp", "ssp");
  const Tally calm = survive(name, {0, 2, LastWords::some}, 100);
  CHECK(calm.refused == 0);
  CHECK(calm.reissued == 0);
  const Tally storm = survive(name, {4, 3, LastWords::some}, 400);
  CHECK(storm.deaths > 1000);
}

TEST_CASE("a late worker takes its share of the leases") {
  const std::string name = GENERATE("asp", "bsp", "ssp");
  WorldOptions options = options_of(name, 1, 1);
  options.total = 960;
  options.compute_time = nullptr;
  World world(options);
  world.join(100);
  std::uint64_t by_late_worker = 0;
  world.on_applied = [&](const Message& push, Version) {
    if (push.from == PeerId::worker(4)) ++by_late_worker;
  };
  world.run();
  REQUIRE(world.fault() == "");
  CHECK(by_late_worker > 25);
}

TEST_CASE(
    "nothing is under way at a cut: what lies below it is applied, and what lies above is not") {
  const std::string name = GENERATE("asp", "bsp", "ssp");
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const std::uint32_t shards = seed % 2 == 0 ? 1 : 3;
    WorldOptions options = options_of(name, shards, seed);
    World world(options);
    const SampleCount boundary = 1 + seed * 11 % 90;
    world.hold_at(boundary);
    arrange(world, {seed % 3, seed % 2, LastWords::some}, seed);
    world.run();
    INFO(name << ", seed " << seed);
    REQUIRE(world.fault() == "");
    REQUIRE(world.plan.drained());
    REQUIRE(world.plan.position() >= boundary);
    const SampleCount width = find_algorithm(options.algorithm).synchronous ? 5 : 1;
    REQUIRE(world.plan.position() < boundary + width * options.lease_samples);
    world.hold_at(0);
    world.run();
    REQUIRE(world.fault() == "");
    REQUIRE(world.plan.finished());
  }
}

TEST_CASE("a run continued from a checkpoint is the uninterrupted run, bit for bit") {
  const auto kind = GENERATE(OptimizerKind::sgd, OptimizerKind::momentum, OptimizerKind::nesterov,
                             OptimizerKind::adam, OptimizerKind::adamw);
  const std::uint32_t shards = GENERATE(1, 3);
  WorldOptions options = options_of("bsp", shards, 3);
  options.algorithm.optimizer.kind = kind;
  options.algorithm.schedule.kind = ScheduleKind::cosine;
  options.algorithm.schedule.clock = shards == 1 ? ScheduleClock::samples : ScheduleClock::updates;
  options.algorithm.schedule.warmup = 5;
  options.algorithm.schedule.total = shards == 1 ? 94 : 6;
  World whole(options);
  whole.run();
  World first(options);
  first.hold_at(40);
  first.run();
  const Checkpoint cut = first.checkpoint();
  options.seed = 77;  // other delays, same arithmetic
  World second(options, &cut);
  second.run();
  REQUIRE(whole.fault() == "");
  REQUIRE(second.fault() == "");
  CHECK(cut.position == 48);
  CHECK(cut.step == 3);
  CHECK(first.parameters() != whole.parameters());
  CHECK(second.parameters() == whole.parameters());
}

TEST_CASE("asp and ssp continue from a checkpoint, applying each sample once") {
  const std::string name = GENERATE("asp", "ssp");
  WorldOptions options = options_of(name, 3, 7);
  World first(options);
  first.hold_at(41);
  first.run();
  const Checkpoint cut = first.checkpoint();
  options.workers = 3;
  World second(options, &cut);
  second.kill(1, 120, LastWords::some);
  second.run();
  CHECK(second.fault() == "");
  CHECK(second.plan.finished());
}

TEST_CASE("a state saved in the middle of a step can be read, but not continued from") {
  const std::string name = GENERATE("bsp", "ssp");
  WorldOptions options = options_of(name, 1, 1);
  options.workers = 0;
  World world(options);
  Message push;
  push.kind = MessageKind::push;
  push.lease.quorum = 2;
  push.lease.samples = 4;
  push.payload = make_tensor(7);
  world.say(push);
  const Checkpoint middle = world.checkpoint();
  CHECK(middle.shards[0].tensor("parameters").length() == 7);
  CHECK_THROWS_AS(World(options, &middle), InputError);
}

TEST_CASE("a checkpoint of another optimizer is refused with a sentence") {
  WorldOptions options = options_of("bsp", 1, 1);
  World first(options);
  first.run();
  const Checkpoint cut = first.checkpoint();
  options.algorithm.optimizer.kind = OptimizerKind::adam;
  CHECK_THROWS_AS(World(options, &cut), InputError);
}
