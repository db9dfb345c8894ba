#include <cmath>

#include "algorithms/partition.hpp"
#include "tests/catch.hpp"
#include "tests/unit/algorithms/world.hpp"

using namespace murm;
using namespace murm::test;

namespace {

const std::vector<OptimizerKind> kOptimizers{OptimizerKind::sgd,      OptimizerKind::momentum,
                                             OptimizerKind::nesterov, OptimizerKind::adam,
                                             OptimizerKind::adamw,    OptimizerKind::adagrad};

/// Three tensors, the second one without adaptation, cut at the borders of `shards`.
std::vector<OptimizerBlock> blocks_of(std::size_t parameters, std::size_t shards) {
  const std::size_t third = parameters / 3;
  const std::vector<OptimizerBlock> tensors{
      {0, third + 2, true}, {third + 2, 1, false}, {third + 3, parameters - third - 3, true}};
  std::vector<OptimizerBlock> blocks;
  for (std::size_t shard = 0; shard < shards; ++shard) {
    const Range range = shard_range(parameters, shards, shard);
    for (OptimizerBlock block : blocks_within(tensors, range.offset, range.length)) {
      block.offset += range.offset;
      blocks.push_back(block);
    }
  }
  return blocks;
}

WorldOptions options_of(const std::string& algorithm) {
  WorldOptions options;
  options.algorithm.name = algorithm;
  options.algorithm.optimizer.weight_decay = 0.01;
  return options;
}

/// A warm-up and half a cosine, so that every update has another rate.
Schedule schedule_on(ScheduleClock clock) {
  Schedule schedule;
  schedule.kind = ScheduleKind::cosine;
  schedule.clock = clock;
  schedule.learning_rate = 0.05;
  schedule.warmup = clock == ScheduleClock::samples ? 30 : 3;
  schedule.total = clock == ScheduleClock::samples ? 96 : 8;
  return schedule;
}

Time uneven(PeerId /*worker*/, std::uint64_t draw) { return 1 + draw % 40; }

}  // namespace

TEST_CASE(
    "bsp equals a sequential loop that sums in lease order, bit for bit, in any message order") {
  const std::uint64_t workers = GENERATE(1, 2, 4, 5);
  const std::uint32_t shards = GENERATE(1, 3);
  WorldOptions options = options_of("bsp");
  options.workers = workers;
  options.algorithm.shards = shards;
  options.delay_max = 30;
  options.compute_time = uneven;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    options.seed = seed;
    options.algorithm.optimizer.kind = kOptimizers[seed % kOptimizers.size()];
    options.algorithm.schedule = schedule_on(seed % 2 == 0 ? ScheduleClock::samples
                                                           : ScheduleClock::updates);
    World world(options);
    world.run();
    INFO("seed " << seed);
    REQUIRE(world.fault() == "");
    const auto steps = cut_steps(options.total, options.lease_samples, workers);
    REQUIRE(world.parameters() == train_sequentially(options.algorithm, options.problem, steps));
    REQUIRE(world.staleness_sum == 0);
  }
}

TEST_CASE("bsp with 4 workers and batch b equals 1 worker that accumulates 4 b, bit for bit") {
  WorldOptions many = options_of("bsp");
  many.algorithm.optimizer.kind = OptimizerKind::adam;
  many.delay_max = 9;
  World four(many);
  four.run();
  WorldOptions single = many;
  single.workers = 1;
  single.lease_samples = 4 * many.lease_samples;
  World one(single);
  one.run();
  REQUIRE(four.fault() == "");
  REQUIRE(one.fault() == "");
  CHECK(four.parameters() == one.parameters());
}

TEST_CASE(
    "the last step of bsp, with fewer leases than workers and a short one, is weighted by "
    "samples") {
  WorldOptions options = options_of("bsp");
  options.total = 2 * 16 + 6;  // the third step: leases of 4 and 2 samples for 4 workers
  World world(options);
  world.run();
  REQUIRE(world.fault() == "");
  const auto steps = world.steps();
  REQUIRE(steps.size() == 3);
  REQUIRE(steps[2].size() == 2);
  CHECK(steps[2][1].samples == 2);
  CHECK(world.parameters() == train_sequentially(options.algorithm, options.problem, steps));

  // In double precision and straight from the definition: x - lr (sum of 6 gradients / 6 + wd x).
  const Numbers before = train_sequentially(options.algorithm, options.problem,
                                            {steps[0], steps[1]});
  Numbers gradient(before.size());
  std::vector<double> expected(before.begin(), before.end());
  for (SampleCount position = 32; position < 38; ++position) {
    options.problem.gradient_sum(before, position, 1, gradient);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      expected[i] -= 0.05 * static_cast<double>(gradient[i]) / 6.0;
    }
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    expected[i] -= 0.05 * 0.01 * static_cast<double>(before[i]);
    CHECK(static_cast<double>(world.parameters()[i]) == Approx(expected[i]).epsilon(1e-5));
  }
}

TEST_CASE(
    "bsp with one shard stays a sequential loop over its planned steps when workers die and join") {
  WorldOptions options = options_of("bsp");
  options.delay_max = 20;
  options.compute_time = uneven;
  options.algorithm.optimizer.kind = OptimizerKind::momentum;
  std::uint64_t deaths = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    options.seed = seed;
    World world(options);
    world.kill(seed % 4, seed * 7 % 400, LastWords::some);
    world.kill((seed + 1) % 4, seed * 13 % 500, LastWords::some);
    world.join(seed * 5 % 300);
    world.run();
    INFO("seed " << seed);
    REQUIRE(world.fault() == "");
    REQUIRE(world.parameters() ==
            train_sequentially(options.algorithm, options.problem, world.steps()));
    deaths += world.deaths;
  }
  CHECK(deaths > 200);
}

TEST_CASE("asp and ssp with one worker equal sequential training, whatever the optimizer") {
  const std::string name = GENERATE("asp", "ssp");
  const std::uint32_t shards = GENERATE(1, 3);
  for (const OptimizerKind kind : kOptimizers) {
    WorldOptions options = options_of(name);
    options.workers = 1;
    options.delay_max = 10;
    options.total = 94;
    options.algorithm.shards = shards;
    options.algorithm.optimizer.kind = kind;
    World world(options);
    world.run();
    REQUIRE(world.fault() == "");
    const auto steps = cut_steps(options.total, options.lease_samples, 1);
    CHECK(world.parameters() == train_sequentially(options.algorithm, options.problem, steps));
    CHECK(world.staleness_sum == 0);
  }
}

TEST_CASE("lars and lamb equal sequential training over the parts of tensors that shards have") {
  const std::string name = GENERATE("asp", "bsp", "ssp");
  const std::uint32_t shards = GENERATE(1, 3);
  WorldOptions options = options_of(name);
  options.workers = name == "bsp" ? 3 : 1;
  options.total = 96;
  options.delay_max = 10;
  options.algorithm.shards = shards;
  options.algorithm.optimizer.kind = GENERATE(OptimizerKind::lars, OptimizerKind::lamb);
  options.algorithm.optimizer.trust = 0.1;
  options.algorithm.optimizer.blocks = blocks_of(options.algorithm.parameters, shards);
  World world(options);
  world.run();
  REQUIRE(world.fault() == "");
  const auto steps = cut_steps(options.total, options.lease_samples, options.workers);
  const Numbers expected = train_sequentially(options.algorithm, options.problem, steps);
  CHECK(world.parameters() == expected);
  options.algorithm.optimizer.blocks.clear();
  CHECK(train_sequentially(options.algorithm, options.problem, steps) != expected);
}

TEST_CASE("ssp with an unlimited staleness equals asp under the same arrivals") {
  const std::uint64_t workers = GENERATE(1, 4);
  const std::uint64_t staleness = GENERATE(std::uint64_t{1} << 40U, ~std::uint64_t{0});
  WorldOptions options = options_of("asp");
  options.workers = workers;
  World asp(options);
  asp.run();
  options.algorithm.name = "ssp";
  options.algorithm.staleness = staleness;
  World ssp(options);
  ssp.run();
  REQUIRE(asp.fault() == "");
  REQUIRE(ssp.fault() == "");
  CHECK(ssp.parameters() == asp.parameters());
  CHECK(ssp.staleness_sum == asp.staleness_sum);
}

TEST_CASE(
    "clipping scales the mean gradient of a lease to the given norm, over all shards at once") {
  WorldOptions options = options_of("asp");
  options.workers = 1;
  options.total = 4;
  options.algorithm.shards = 3;
  options.algorithm.clip = 0.125;
  options.algorithm.optimizer.weight_decay = 0;
  World world(options);
  world.run();
  const Numbers before = initial_parameters(options.algorithm.parameters);
  double square = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const double moved = static_cast<double>(before[i]) -
                         static_cast<double>(world.parameters()[i]);
    square += moved * moved;
  }
  CHECK(std::sqrt(square) == Approx(0.05 * 0.125).epsilon(1e-5));
}
