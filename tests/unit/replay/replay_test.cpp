#include "actors/virtual/replay.hpp"

#include <algorithm>
#include <fstream>

#include "algorithms/parameter_server/asp.hpp"
#include "algorithms/partition.hpp"
#include "runtime/trace_file.hpp"
#include "tests/catch.hpp"
#include "tests/unit/replay/recorded_run.hpp"

using namespace murm;
using namespace murm::test;

namespace {

/// Forwards every event to a machine of the algorithm, but for what a test breaks.
class Broken : public Machine {
 public:
  explicit Broken(std::unique_ptr<Machine> machine) : machine_(std::move(machine)) {}
  void on_start(Context& context) override { machine_->on_start(context); }
  void on_message(const Message& message, Context& context) override {
    machine_->on_message(message, context);
  }
  void on_membership(const MembershipChange& change, Context& context) override {
    machine_->on_membership(change, context);
  }
  void save(MachineState& state) const override { machine_->save(state); }

 protected:
  Machine& machine() { return *machine_; }

 private:
  std::unique_ptr<Machine> machine_;
};

/// Counts the tenth gradient as applied, but does not apply it.
class DropsTenth final : public Machine {
 public:
  explicit DropsTenth(ShardOptions options) : shard_(std::move(options)) {}
  void on_start(Context& context) override { shard_.start(context); }
  void on_message(const Message& message, Context& context) override {
    if (message.kind == MessageKind::push && context.admit(message.lease)) {
      if (++pushes_ != 10) shard_.step(context, message.payload, message.lease.samples);
      context.applied(message, 0);
    }
    shard_.reply(context, message.from);
  }
  void save(MachineState& state) const override { shard_.save(state); }

 private:
  Shard shard_;
  int pushes_ = 0;
};

/// Adds the gradients of a step in another order.
class AddsBackwards final : public Broken {
 public:
  using Broken::Broken;
  void on_message(const Message& message, Context& context) override {
    Message other = message;
    other.lease.index = message.lease.quorum - 1 - message.lease.index;
    machine().on_message(message.kind == MessageKind::push ? other : message, context);
  }
};

std::unique_ptr<Machine> make_drops_tenth(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<DropsTenth>(shard_options(options, shard));
}

std::unique_ptr<Machine> make_adds_backwards(const AlgorithmOptions& options, std::uint32_t shard) {
  return std::make_unique<AddsBackwards>(find_algorithm(options).make_aggregator(options, shard));
}

std::vector<TraceRecord> records_of(const std::filesystem::path& file) {
  TraceReader reader(file);
  std::vector<TraceRecord> records;
  while (auto record = reader.next()) records.push_back(*record);
  return records;
}

void rewrite(const std::filesystem::path& file, const std::vector<TraceRecord>& records) {
  const TraceHeader header = TraceReader(file).header();
  std::filesystem::remove(file);
  TraceWriter writer(file);
  REQUIRE_FALSE(writer.begin(header));
  for (const TraceRecord& record : records) REQUIRE_FALSE(writer.append(record));
}

bool starts_with(const std::string& text, const std::string& start) {
  return text.find(start) == 0;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a recorded run is repeated to the bit") {
  RecordedRunOptions options;
  options.algorithm = GENERATE("asp", "bsp", "ssp");
  options.shards = GENERATE(1U, 3U);
  options.clip = GENERATE(0.0, 0.5);
  options.seed = GENERATE(1U, 2U, 3U);
  const RecordedRun run(options);
  const ReplayResult result = replay(run.replay_options());
  INFO(options.algorithm << " with " << options.shards << " shard(s)");
  CHECK(result.difference.empty());
  CHECK(result.parameters == run.parameters);
  CHECK(result.report.updates == run.updates);
  CHECK(result.report.samples == options.total);
  CHECK(result.report.ledger.applied == 50);
  CHECK(result.report.ledger.issued == 50);
  CHECK(result.report.ledger.lost == 0);
  CHECK(result.report.staleness.mean ==
        Approx(static_cast<double>(run.staleness_sum) / static_cast<double>(run.applies)));
  CHECK(result.machines == options.workers + options.shards);
  CHECK(result.events > 200);
}

TEST_CASE("a run whose workers have replicas is repeated to the bit, with numbers and without") {
  RecordedRunOptions options;
  options.algorithm = GENERATE("local-sgd", "diloco", "ad-psgd");
  options.shards = GENERATE(1U, 3U);
  options.seed = GENERATE(1U, 2U, 3U);
  const RecordedRun run(options);
  const ReplayResult result = replay(run.replay_options());
  INFO(options.algorithm << " with " << options.shards << " shard(s)");
  CHECK(result.difference.empty());
  CHECK(result.parameters == run.parameters);
  CHECK(result.report.updates == run.updates);
  CHECK(result.report.samples == options.total);
  CHECK(result.report.ledger.lost == 0);
  const ReplayResult times = replay(run.replay_options(false));
  CHECK(times.difference.empty());
  CHECK(times.events == result.events);
}

TEST_CASE("a run that lost a worker in the middle is repeated to the bit") {
  RecordedRunOptions options;
  options.algorithm = GENERATE("asp", "bsp", "ssp", "local-sgd", "ad-psgd");
  options.shards = GENERATE(1U, 2U);
  options.seed = GENERATE(1U, 2U, 3U);
  options.killed_at = GENERATE(3U, 40U, 61U, 100U);
  const RecordedRun run(options);
  const ReplayResult result = replay(run.replay_options());
  INFO(options.algorithm << " with " << options.shards << " shard(s), killed at "
                         << *options.killed_at << ": " << result.difference);
  CHECK(result.difference.empty());
  CHECK(result.parameters == run.parameters);
  CHECK(result.report.samples == options.total);
}

TEST_CASE("a timer fires in a replay when it did, and only if it was set") {
  RecordedRunOptions given;
  given.timers = true;
  const RecordedRun run(given);
  CHECK(replay(run.replay_options()).difference.empty());
  const auto file = run.trace(PeerId::worker(0));
  auto records = records_of(file);
  const auto timer = std::ranges::find(records, TraceKind::timer, &TraceRecord::kind);
  REQUIRE(timer != records.end());
  SECTION("another cookie") {
    timer->round += 1;
    rewrite(file, records);
    CHECK(has(replay(run.replay_options()).difference, "has not set timer"));
  }
  SECTION("another time") {  // the machine asks for it: its push tells
    for (auto record = timer; record != records.end(); ++record) record->time += Nanoseconds(1);
    rewrite(file, records);
    CHECK(has(replay(run.replay_options()).difference, "round recorded"));
  }
}

TEST_CASE("a lease of members that its worker has not heard of differs") {
  RecordedRunOptions given;
  given.algorithm = "ad-psgd";
  const RecordedRun run(given);
  const auto file = run.trace(PeerId::worker(0));
  auto records = records_of(file);
  const auto granted = std::ranges::find(records, TraceKind::lease, &TraceRecord::kind);
  REQUIRE(granted != records.end());
  granted->lease.epoch += 100;
  rewrite(file, records);
  CHECK(has(replay(run.replay_options()).difference, "nobody has told its worker of epoch"));
}

TEST_CASE("without numbers a replay follows the same events") {
  RecordedRunOptions options;
  options.algorithm = GENERATE("asp", "bsp", "ssp");
  options.shards = 2;
  const RecordedRun run(options);
  const ReplayResult numbers = replay(run.replay_options());
  const ReplayResult times = replay(run.replay_options(false));
  CHECK(times.difference.empty());
  CHECK(times.parameters.empty());
  CHECK(times.events == numbers.events);
  CHECK(times.report.updates == numbers.report.updates);
  CHECK(times.report.staleness.histogram == numbers.report.staleness.histogram);
  CHECK(times.report.final.train_loss == numbers.report.final.train_loss);
  CHECK(times.timing.compute == numbers.timing.compute);
}

TEST_CASE("a replay knows how long each step and each message took") {
  const RecordedRun run(RecordedRunOptions{});
  const ReplayResult result = replay(run.replay_options());
  REQUIRE(result.timing.compute.size() == 4);
  std::size_t steps = 0;
  std::size_t up = 0;
  for (const auto& series : result.timing.compute) {
    steps += series.size();
    for (const Nanoseconds time : series) CHECK(time.count() > 0);
  }
  for (const auto& series : result.timing.up) up += series.size();
  CHECK(steps == 50);
  CHECK(up == 54);  // a pull of each worker, then a push for each gradient
  CHECK(result.report.seconds > 0);
  CHECK(result.report.per_worker.size() == 4);
}

TEST_CASE("an aggregator that drops a gradient is named at the first event that shows it") {
  const RecordedRun run(RecordedRunOptions{});
  ReplayOptions options = run.replay_options();
  options.machines.make_aggregator = make_drops_tenth;
  const ReplayResult result = replay(options);
  INFO(result.difference);
  CHECK(starts_with(result.difference, "worker-"));
  CHECK(has(result.difference, "parameters of aggregator-0: version recorded 10, replayed 9"));
  CHECK(result.parameters.empty());
}

TEST_CASE("a reduction in another order is named at the first event that shows it") {
  RecordedRunOptions given;
  given.algorithm = "bsp";
  const RecordedRun run(given);
  ReplayOptions options = run.replay_options();
  options.machines.make_aggregator = make_adds_backwards;
  const ReplayResult result = replay(options);
  INFO(result.difference);
  CHECK(has(result.difference, "parameters of aggregator-0: fingerprint of the numbers recorded "));
}

TEST_CASE("a gradient that comes out differently is named with its lease") {
  const RecordedRun run(RecordedRunOptions{});
  ReplayOptions options = run.replay_options();
  options.gradient = [real = options.gradient](const Lease& lease, std::span<const Tensor> at) {
    GradientReady ready = real(lease, at);
    if (lease.id == 17) host_span(ready.gradient)[3] += 1e-6F;
    return ready;
  };
  const std::string difference = replay(options).difference;
  INFO(difference);
  CHECK(has(difference, "gradient of lease 17: fingerprint of the numbers recorded "));
  CHECK(starts_with(difference, "worker-"));
  CHECK(has(difference, ", event "));
}

TEST_CASE("a torn trace of a machine that others still needed says who waits for what") {
  const RecordedRun run(RecordedRunOptions{});
  const auto file = run.trace(PeerId::worker(2));
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  const ReplayResult result = replay(run.replay_options());
  INFO(result.difference);
  CHECK(starts_with(result.difference, "aggregator-0, event "));
  CHECK(has(result.difference, "the trace of worker-2-0 ends before it sent this, after "));
  CHECK(result.torn == std::vector<std::string>{"worker-2-0"});
}

TEST_CASE("a replay says of whom there is no trace") {
  const RecordedRun run(RecordedRunOptions{});
  SECTION("a worker") {
    std::filesystem::remove(run.trace(PeerId::worker(2)));
    CHECK(has(replay(run.replay_options()).difference, "there is no trace of worker-2-0"));
  }
  SECTION("an aggregator") {
    std::filesystem::remove(run.trace(PeerId::aggregator(0)));
    CHECK_THROWS_AS(replay(run.replay_options()), InputError);
  }
  SECTION("anybody") {
    const TemporaryFolder empty;
    ReplayOptions options = run.replay_options();
    options.traces = empty.path();
    CHECK_THROWS_AS(replay(options), InputError);
    options.traces = empty / "not there";
    CHECK_THROWS_AS(replay(options), InputError);
  }
}

TEST_CASE("traces of another job, of two runs, or of one machine twice are refused") {
  const RecordedRun run(RecordedRunOptions{});
  ReplayOptions options = run.replay_options();
  SECTION("another algorithm") { options.algorithm.name = "bsp"; }
  SECTION("another model") { ++options.algorithm.parameters; }
  SECTION("two runs") {
    RecordedRunOptions second;
    second.seed = 2;
    const RecordedRun other(second);
    std::filesystem::copy_file(other.trace(PeerId::worker(3)), run.trace(PeerId::worker(3)),
                               std::filesystem::copy_options::overwrite_existing);
  }
  SECTION("twice") {
    std::filesystem::copy_file(run.trace(PeerId::worker(3)), run.folder() / "again.trace");
  }
  CHECK_THROWS_AS(replay(options), InputError);
}

TEST_CASE("events that no run has are refused, whatever their checksum") {
  RecordedRunOptions given;
  given.algorithm = GENERATE("asp", "bsp", "ssp");
  const RecordedRun run(given);
  const auto file = run.trace(PeerId::worker(0));
  auto records = records_of(file);
  const auto granted = std::ranges::find(records, TraceKind::lease, &TraceRecord::kind);
  REQUIRE(granted != records.end());
  SECTION("a lease of other samples") { granted->lease.samples += 1; }
  SECTION("a lease elsewhere") { granted->lease.position += 4; }
  SECTION("a lease far ahead") { granted->lease.id += std::uint64_t{1} << 40U; }
  SECTION("time that runs backwards") { records.back().time = Nanoseconds(1); }
  rewrite(file, records);
  CHECK_THROWS_AS(replay(run.replay_options()), InputError);
}

TEST_CASE("events out of place differ, and break nothing") {
  const RecordedRun run(RecordedRunOptions{});
  const auto file = run.trace(PeerId::worker(0));
  auto records = records_of(file);
  SECTION("a second start") { records[3].kind = TraceKind::start; }
  SECTION("no start") { records.erase(records.begin()); }
  SECTION("a gradient too early") { records[1].kind = TraceKind::gradient; }
  rewrite(file, records);
  CHECK_FALSE(replay(run.replay_options()).difference.empty());
}

TEST_CASE("every field of every event is compared") {
  const RecordedRun run(RecordedRunOptions{});
  const PeerId machine = GENERATE(PeerId::worker(1), PeerId::aggregator(0));
  const auto file = run.trace(machine);
  const auto records = records_of(file);
  for (std::size_t place = 0; place < std::min<std::size_t>(records.size(), 20); ++place) {
    auto changed = records;
    TraceRecord& record = changed[place];
    if (record.kind == TraceKind::message) record.version += 1;
    if (record.kind == TraceKind::gradient) record.loss_sum += 1;
    if (record.kind != TraceKind::message && record.kind != TraceKind::gradient) continue;
    rewrite(file, changed);
    const std::string difference = replay(run.replay_options()).difference;
    INFO(difference);
    REQUIRE(starts_with(difference,
                        machine_name(machine) + ", event " + std::to_string(place) + " at "));
  }
}

TEST_CASE("a replay can be stopped") {
  const RecordedRun run(RecordedRunOptions{});
  ReplayOptions options = run.replay_options();
  options.progress = [](const ProgressState& state) { return state.samples < 40; };
  const ReplayResult result = replay(options);
  CHECK(result.stopped);
  CHECK(result.parameters.empty());
}
