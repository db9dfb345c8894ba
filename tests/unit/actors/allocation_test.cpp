#include <array>
#include <cstdio>
#include <functional>

#include "actors/tensor_verbs.hpp"
#include "algorithms/partition.hpp"
#include "algorithms/registry.hpp"
#include "models/digits.hpp"
#include "models/gradient_lane.hpp"
#include "models/made_up_text.hpp"
#include "models/objective_factory.hpp"
#include "tests/catch.hpp"
#include "tests/unit/actors/allocation_watch.hpp"
#include "tests/unit/actors/scattered.hpp"

using namespace murm;

namespace {

constexpr std::size_t kBookkeepingMax = 1024;  // bytes; what oneDNN may take for a call's arguments

struct Tally {
  std::size_t ours = 0;
  std::size_t onednn = 0;
  std::size_t onednn_largest = 0;
  std::size_t onednn_bytes = 0;
  std::string first_of_ours;
};

Tally tally(const std::vector<Allocation>& allocations) {
  Tally result;
  for (const Allocation& allocation : allocations) {
    if (allocation.library.starts_with("libdnnl.so")) {
      ++result.onednn;
      result.onednn_bytes += allocation.bytes;
      result.onednn_largest = std::max(result.onednn_largest, allocation.bytes);
    } else if (result.ours++ == 0) {
      result.first_of_ours = std::to_string(allocation.bytes) + " bytes in " + allocation.library +
                             " at " + allocation.place;
    }
  }
  return result;
}

Tally steady(int warm_up, int counted, const std::function<void()>& step) {
  for (int i = 0; i < warm_up; ++i) step();
  AllocationWatch watch;
  for (int i = 0; i < counted; ++i) step();
  return tally(watch.stop());
}

constexpr std::size_t kBatch = 32;

std::shared_ptr<const Dataset> data_for(const std::string& kind) {
  static const std::shared_ptr<const Dataset> digits = make_digits_split(3, false, 300);
  static const std::shared_ptr<const Dataset> text = make_text_windows(3, false, 300, 24);
  return kind == "gpt" ? text : digits;
}

std::unique_ptr<GradientLane> make_lane(const std::string& kind) {
  const std::shared_ptr<const Dataset> data = data_for(kind);
  ObjectiveOptions options{.kind = kind, .hidden = {64, 32}, .noise = 0.5};
  if (kind == "gpt") options.dim = 32;
  auto device = std::make_unique<HostDevice>();
  auto objective = make_objective(options, data->shape(), *device, kBatch);
  return std::make_unique<GradientLane>(std::move(device), std::move(objective), data, 9);
}

/// The parameters as a worker holds them.
std::vector<Tensor> parameters(const std::string& form, std::size_t length) {
  if (form == "one part") return {scattered(length, 1)};
  if (form == "several runs") return {scattered(length, 5)};
  const Tensor whole = scattered(length, 1);
  const std::size_t third = length / 3;
  return {whole.slice(0, third), whole.slice(third, third),
          whole.slice(2 * third, length - 2 * third)};
}

/// An aggregator's or a worker's context whose messages go nowhere but are held for a while, as a
/// partner would.
class QuietContext final : public TensorVerbs {
 public:
  explicit QuietContext(std::size_t length) : initial_(scattered(length, 1)) {}

  PeerId self() const override { return PeerId::aggregator(0); }
  bool admit(const Lease&) override { return true; }
  void applied(const Message&, Version) override { ++applied_count; }
  Tensor initial_parameters() override { return initial_; }
  void send(PeerId to, Message message) override {
    ++sent;
    held_[to.ordinal() % held_.size()] = std::move(message);
  }
  void reject(const Message&, std::string) override { ++rejected; }
  std::chrono::nanoseconds now() const override { return {}; }
  void set_timer(std::chrono::nanoseconds, std::uint64_t) override {}
  void request_lease(std::uint32_t) override { ++leases_wanted; }
  void compute(const Lease&, std::span<const Tensor> parts) override { computed += parts.size(); }
  void cancel() override {}

  std::size_t applied_count = 0;
  std::size_t sent = 0;
  std::size_t rejected = 0;
  std::size_t leases_wanted = 0;
  std::size_t computed = 0;

 private:
  Tensor initial_;
  std::array<Message, 4> held_;
};

}  // namespace

TEST_CASE("the watch sees every way to allocate, and who asked") {
  AllocationWatch watch;
  void* volatile memory[6] = {std::malloc(10),
                              std::calloc(2, 10),
                              std::aligned_alloc(64, 128),
                              ::operator new(40),
                              ::operator new(50, std::align_val_t(64)),
                              nullptr};
  memory[0] = std::realloc(memory[0], 60);
  const std::vector<Allocation> seen = watch.stop();
  for (void* each : memory) std::free(each);
  REQUIRE(seen.size() == 6);
  std::size_t bytes = 0;
  for (const Allocation& allocation : seen) {
    bytes += allocation.bytes;
    CHECK(allocation.library == "test_allocation");
  }
  CHECK(bytes == 10 + 20 + 128 + 40 + 50 + 60);
}

TEST_CASE("a steady step of a lane allocates nothing of ours") {
  const std::string form = GENERATE(as<std::string>{}, "one part", "three parts", "several runs");
  const std::string kind = GENERATE(as<std::string>{}, "mlp", "lenet", "resnet", "gpt",
                                    "quadratic");
  const std::uint32_t accumulate = GENERATE(1U, 3U);
  const auto lane = make_lane(kind);
  const std::vector<Tensor> parts = parameters(form, lane->objective().parameter_count());
  Lease lease;
  lease.samples = static_cast<std::uint32_t>(kBatch) * accumulate;
  GradientReady latest;  // a gradient is still being read while the next one is computed
  const Tally found = steady(3, 20, [&] {
    latest = lane->run(lease, parts);
    lease.position += lease.samples;
  });
  std::printf(
      "lane, %s, %s, accumulate %u: 20 steps, %zu allocations of ours, %zu inside libdnnl "
      "(%zu bytes, largest %zu)\n",
      kind.c_str(), form.c_str(), accumulate, found.ours, found.onednn, found.onednn_bytes,
      found.onednn_largest);
  INFO(found.first_of_ours);
  CHECK(found.ours == 0);
  CHECK(found.onednn_largest < kBookkeepingMax);
  CHECK(latest.loss_sum > 0);
}

TEST_CASE("a steady apply and reply of an aggregator allocate nothing") {
  constexpr std::size_t kLength = 1000;
  constexpr std::uint32_t kWorkers = 4;
  const std::string name = GENERATE(as<std::string>{}, "asp", "bsp", "ssp");
  const OptimizerKind kind = GENERATE(
      OptimizerKind::sgd, OptimizerKind::momentum, OptimizerKind::nesterov, OptimizerKind::adam,
      OptimizerKind::adamw, OptimizerKind::lars, OptimizerKind::lamb);
  const std::size_t runs = GENERATE(1U, 3U);

  AlgorithmOptions options;
  options.name = name;
  options.parameters = kLength;
  options.optimizer.kind = kind;
  options.optimizer.blocks = {{0, 900, true}, {900, 100, false}};
  options.schedule.kind = ScheduleKind::step;
  options.schedule.total = 100000;
  options.schedule.milestones = {0.1, 0.5};
  QuietContext context(kLength);
  const auto machine = find_algorithm(options).make_aggregator(options, 0);
  machine->on_start(context);

  std::array<Message, kWorkers> pushes;
  for (std::uint32_t w = 0; w < kWorkers; ++w) {
    pushes[w].kind = MessageKind::push;
    pushes[w].from = PeerId::worker(w);
    pushes[w].lease.index = w;
    pushes[w].lease.quorum = kWorkers;
    pushes[w].lease.samples = 32;
    pushes[w].payload = scattered(kLength, runs);
  }
  // 200 rounds, so that containers which only allocate now and then are caught as well.
  constexpr int kWarmUp = 3;
  constexpr int kCounted = 200;
  const Tally found = steady(kWarmUp, kCounted, [&] {
    for (Message& push : pushes) {
      machine->on_message(push, context);
      push.lease.id += kWorkers;
      ++push.lease.step;
    }
  });
  std::printf("%s, optimizer %d, payload in %zu runs: %d pushes, %zu allocations\n", name.c_str(),
              static_cast<int>(kind), runs, kCounted * static_cast<int>(kWorkers), found.ours);
  INFO(found.first_of_ours);
  CHECK(found.ours == 0);
  CHECK(found.onednn == 0);
  CHECK(context.rejected == 0);
  CHECK(context.applied_count == std::size_t{kWorkers} * (kWarmUp + kCounted));
  CHECK(context.sent == std::size_t{kWorkers} * (kWarmUp + kCounted));
}

TEST_CASE("a steady step of the worker machine allocates nothing") {
  constexpr std::size_t kLength = 1000;
  const std::uint32_t shards = GENERATE(1U, 3U);
  AlgorithmOptions options;
  options.parameters = kLength;
  options.shards = shards;
  options.clip = 0.5;
  QuietContext context(kLength);
  const auto machine = find_algorithm(options).make_worker(options);
  machine->on_start(context);

  const Tensor whole = scattered(kLength, 1);
  Lease lease;
  lease.samples = 32;
  const auto answer = [&] {
    for (std::uint32_t shard = 0; shard < shards; ++shard) {
      Message message;
      message.kind = MessageKind::parameters;
      message.from = PeerId::aggregator(shard);
      message.shard = shard;
      message.version = lease.step;
      const Range range = shard_range(kLength, shards, shard);
      message.payload = whole.slice(range.offset, range.length);
      machine->on_message(message, context);
    }
  };
  int steps = 0;
  const Tally found = steady(3, 20, [&] {
    machine->on_lease(lease, context);
    answer();
    machine->on_gradient(GradientReady{lease, whole, 1.0}, context);
    ++lease.id;
    ++lease.step;
    ++steps;
  });
  std::printf("worker machine, %u shards: %d steps, %zu allocations\n", shards, steps, found.ours);
  INFO(found.first_of_ours);
  CHECK(found.ours == 0);
  CHECK(context.rejected == 0);
}
