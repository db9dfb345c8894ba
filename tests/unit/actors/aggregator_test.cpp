#include "actors/aggregator.hpp"

#include "tests/catch.hpp"
#include "tests/unit/actors/scattered.hpp"
#include "tests/unit/actors/stage.hpp"

using namespace murm;

namespace {

constexpr std::size_t kParameters = 6;
const PeerId kFirst = PeerId::worker(1);
const PeerId kSecond = PeerId::worker(2);

struct Heard {
  std::vector<Applied> applied;  // by the steward
  std::vector<PeerRejected> rejected;
  std::vector<Delivery> deliveries;  // of all workers
};

StewardActor::behavior_type fake_steward(StewardActor::pointer /*self*/, Heard* heard) {
  return {[](const LeaseRequest&) {},
          noted(heard->applied),
          [](const Membership&) {},
          [](const HoldAt&) {},
          [](const NextCourse&) {},
          [](const StopLeases&) {},
          [](const ViewRequest&) { return StewardView{}; }};
}

MonitorActor::behavior_type fake_monitor(MonitorActor::pointer /*self*/, Heard* /*heard*/) {
  // CAF 0.17 spawns no function that takes nothing but itself.
  return {[](const Applied&) {}, [](const Evaluated&) {}, [](const Notice&) {},
          [](const Switched&) {}, [](const MonitorSummaryRequest&) { return MonitorSummary{}; }};
}

RejectionDesk::behavior_type fake_desk(RejectionDesk::pointer /*self*/, Heard* heard) {
  return {noted(heard->rejected)};
}

WorkerActor::behavior_type fake_worker(WorkerActor::pointer /*self*/, Heard* heard) {
  return {noted(heard->deliveries), [](const LeaseGrant&) {}, [](const StopWorker&) {},
          [](const PeerNews&) {},   [](const Collect&) {},    [](const WorkerCourse&) {}};
}

std::shared_ptr<const AlgorithmOptions> named(const std::string& name) {
  AlgorithmOptions options;
  options.name = name;
  options.parameters = kParameters;
  return std::make_shared<const AlgorithmOptions>(options);
}

/// One aggregator with two workers.
struct World {
  Heard heard;
  Stage stage;
  AggregatorSelf actor;
  Epoch epoch = 0;
  std::uint32_t course = 0;  // of what the workers say

  explicit World(const std::string& algorithm) {
    AggregatorOptions options;
    options.algorithm = named(algorithm);
    options.initial = scattered(kParameters, 1);
    actor = stage.spawn(aggregator, options, stage.spawn(fake_steward, &heard),
                        stage.spawn(fake_monitor, &heard), stage.spawn(fake_desk, &heard),
                        std::shared_ptr<const Clock>(stage.clock()));
    for (const PeerId peer : {kFirst, kSecond}) {
      Membership membership;
      membership.change = {++epoch, {peer}, {}};
      membership.routes.emplace_back(peer, stage.spawn(fake_worker, &heard));
      stage.send(actor, membership);
    }
  }
  void say(MessageKind kind, PeerId from, Tensor payload, LeaseId lease = 0) {
    Message message;
    message.kind = kind;
    message.from = from;
    message.lease.id = lease;
    message.lease.samples = 4;
    message.round = 3;
    message.course = course;
    message.payload = std::move(payload);
    stage.send(actor, Delivery{PeerId::aggregator(0), message});
  }
  std::vector<float> parameters() {
    const auto snapshot = stage.ask<ShardSnapshot>(actor, SnapshotRequest{});
    return values_of(snapshot.state.tensor("parameters"));
  }
};

Tensor filled(float value) {
  return Tensor(std::make_shared<Scattered>(std::vector<float>(kParameters, value), 1), 0,
                kParameters);
}

}  // namespace

TEST_CASE("a gradient of another length than its shard is refused, whatever the algorithm") {
  const std::string algorithm = GENERATE("asp", "bsp", "ssp", "local-sgd", "ad-psgd");
  INFO(algorithm);
  World world(algorithm);
  const bool keeps = algorithm == "ad-psgd";  // hears only that a lease is done
  world.say(MessageKind::push, kFirst, scattered(kParameters - 1, 1));
  world.say(MessageKind::push, kFirst, scattered(kParameters + 1, 1));
  world.say(MessageKind::push, kFirst, keeps ? scattered(kParameters, 1) : Tensor());
  REQUIRE(world.heard.rejected.size() == 3);
  for (const PeerRejected& rejected : world.heard.rejected) {
    CHECK(rejected.peer == kFirst);
    CHECK(rejected.why.find("another length") != std::string::npos);
  }
  CHECK(world.heard.applied.empty());
  CHECK(world.parameters() == values_of(scattered(kParameters, 1)));
  world.say(MessageKind::push, kFirst, keeps ? Tensor() : scattered(kParameters, 1));
  CHECK(world.heard.applied.size() == 1);
}

TEST_CASE("a keeper counts what its workers have done, with the staleness that they tell") {
  World world("ad-psgd");
  world.say(MessageKind::push, kFirst, Tensor(), 0);
  world.say(MessageKind::push, kSecond, Tensor(), 1);
  world.say(MessageKind::push, kSecond, Tensor(), 1);  // again
  REQUIRE(world.heard.applied.size() == 2);
  CHECK(world.heard.applied[0].version == 1);
  CHECK(world.heard.applied[1].version == 2);
  CHECK(world.heard.applied[1].staleness == 3);
  CHECK(world.heard.applied[1].worker == kSecond);
}

TEST_CASE("a wish for the parameters of all is granted once the replicas of the living have come") {
  World world("ad-psgd");
  caf::scoped_actor self(world.stage.system());
  auto pending = self->request(caf::actor_cast<caf::actor>(world.actor), caf::infinite,
                               CollectRequest{});
  world.stage.run();
  world.say(MessageKind::replica, kFirst, filled(1));
  CHECK(world.parameters() == values_of(scattered(kParameters, 1)));  // not yet
  std::vector<float> expected;
  SECTION("both come") {
    world.say(MessageKind::replica, kSecond, filled(3));
    expected.assign(kParameters, 2.0F);
  }
  SECTION("one is lost") {
    Membership membership;
    membership.change = {++world.epoch, {}, {kSecond}};
    world.stage.send(world.actor, membership);
    expected.assign(kParameters, 1.0F);
  }
  bool collected = false;
  pending.receive([&](const Collected&) { collected = true; }, [](const caf::error&) {});
  CHECK(collected);
  CHECK(world.parameters() == expected);
}

TEST_CASE("an aggregator without replicas has them all at once") {
  World world("asp");
  world.stage.ask<Collected>(world.actor, CollectRequest{});
  CHECK(world.heard.rejected.empty());
}

TEST_CASE("another algorithm takes over the parameters, and nothing of the one before is heard") {
  World world("asp");
  world.say(MessageKind::push, kFirst, filled(2), 0);
  const std::vector<float> parameters = world.parameters();
  CHECK(parameters != values_of(scattered(kParameters, 1)));
  NextCourse next;
  next.course = 1;
  next.algorithm = named("sa-asgd");
  world.stage.send(world.actor, next);
  CHECK(world.parameters() == parameters);
  world.say(MessageKind::push, kSecond, filled(2), 1);  // said before it heard of the change
  CHECK(world.parameters() == parameters);
  CHECK(world.heard.applied.size() == 1);
  world.course = 1;
  world.say(MessageKind::push, kSecond, filled(2), 1);
  CHECK(world.heard.applied.size() == 2);
  CHECK(world.parameters() != parameters);
}

TEST_CASE("an optimizer's state goes on only where the next algorithm has the same optimizer") {
  const auto change = [](World& world, std::uint32_t course, const std::string& name) {
    AlgorithmOptions options = *named(name);
    options.optimizer.kind = OptimizerKind::momentum;
    NextCourse next;
    next.course = world.course = course;
    next.algorithm = std::make_shared<const AlgorithmOptions>(options);
    world.stage.send(world.actor, next);
    const auto snapshot = world.stage.ask<ShardSnapshot>(world.actor, SnapshotRequest{true});
    return values_of(snapshot.state.tensor("optimizer.0"));
  };
  const std::vector<float> nothing(kParameters, 0.0F);
  World world("asp");
  CHECK(change(world, 1, "asp") == nothing);
  world.say(MessageKind::push, kFirst, filled(2), 0);
  CHECK(change(world, 2, "sa-asgd") != nothing);
  CHECK(change(world, 3, "diloco") == nothing);  // of its outer optimizer, which is another
}
