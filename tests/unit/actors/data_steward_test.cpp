#include "actors/data_steward.hpp"

#include "tests/catch.hpp"
#include "tests/unit/actors/stage.hpp"

using namespace murm;
using std::chrono::seconds;

namespace {

WorkerActor::behavior_type fake_worker(WorkerActor::pointer /*self*/,
                                       std::vector<LeaseGrant>* grants,
                                       std::vector<std::string>* heard) {
  return {[](const Delivery&) {},
          [=](const LeaseGrant& grant) {
            grants->push_back(grant);
            heard->push_back(to_string(grant.worker) + " lease of " +
                             std::to_string(grant.lease.epoch));
          },
          [](const StopWorker&) {},
          [=](const PeerNews& news) {
            std::string text = to_string(news.members.worker) + " epoch " +
                               std::to_string(news.members.change.epoch);
            for (const PeerId peer : news.members.change.joined) text += " +" + to_string(peer);
            for (const PeerId peer : news.members.change.left) text += " -" + to_string(peer);
            REQUIRE(news.routes.size() == news.members.change.joined.size());
            heard->push_back(text);
          },
          [](const Collect&) {},
          [](const WorkerCourse&) {}};
}

DrainedDesk::behavior_type fake_desk(DrainedDesk::pointer /*self*/, std::vector<Drained>* drained) {
  return {noted(*drained)};
}

/// A steward with two workers, who are members from the start unless a test says otherwise.
struct World {
  std::vector<LeaseGrant> grants;  // of all workers, in order
  std::vector<std::string> heard;  // leases and news
  std::vector<Drained> drained;
  Stage stage;
  std::shared_ptr<ManualClock> clock = stage.clock();
  StewardActor steward;
  Epoch epoch = 0;
  const PeerId first = PeerId::worker(0);
  const PeerId second = PeerId::worker(1);

  explicit World(bool synchronous = false, SampleCount total = 100, std::uint32_t shards = 1,
                 std::optional<StewardView> restored = std::nullopt, bool peers = false) {
    StewardOptions options;
    options.peers = peers;
    options.plan = {
        .synchronous = synchronous, .lease_samples = 10, .total = total, .shards = shards};
    options.restored = restored;
    steward = stage.spawn(data_steward, options, std::shared_ptr<const Clock>(clock),
                          stage.spawn(fake_desk, &drained));
  }
  void join(PeerId peer) {
    Membership membership;
    membership.change.epoch = ++epoch;
    membership.change.joined = {peer};
    membership.routes.emplace_back(peer, stage.spawn(fake_worker, &grants, &heard));
    stage.send(steward, membership);
  }
  void leave(PeerId peer) {
    Membership membership;
    membership.change.epoch = ++epoch;
    membership.change.left = {peer};
    stage.send(steward, membership);
  }
  void request(PeerId peer) { stage.send(steward, LeaseRequest{peer}); }
  void apply(const LeaseGrant& grant, std::uint32_t shard = 0) {
    Applied applied;
    applied.shard = shard;
    applied.lease = grant.lease;
    applied.worker = grant.worker;
    stage.send(steward, applied);
  }
  StewardView view() { return stage.ask<StewardView>(steward, ViewRequest{}); }
};

}  // namespace

TEST_CASE("requests wait for the run to begin, and are then answered in order") {
  World world;
  world.join(world.first);
  world.join(world.second);
  world.request(world.second);
  world.request(world.first);
  CHECK(world.grants.empty());
  world.stage.send(world.steward, HoldAt{100});
  REQUIRE(world.grants.size() == 2);
  CHECK(world.grants[0].worker == world.second);
  CHECK(world.grants[0].lease.position == 0);
  CHECK(world.grants[1].worker == world.first);
  CHECK(world.grants[1].lease.position == 10);
  CHECK(world.drained.empty());
}

TEST_CASE("a request that comes before its worker's membership is answered with the membership") {
  World world;
  world.join(world.first);
  world.stage.send(world.steward, HoldAt{100});
  world.request(world.second);
  CHECK(world.grants.empty());
  world.join(world.second);
  REQUIRE(world.grants.size() == 1);
  CHECK(world.grants[0].worker == world.second);
}

TEST_CASE("a worker that is lost before it was ever a member leaves no trace") {
  World world;
  world.join(world.first);
  world.request(world.second);
  world.leave(world.second);
  world.stage.send(world.steward, HoldAt{100});
  world.request(world.first);
  REQUIRE(world.grants.size() == 1);
  CHECK(world.grants[0].worker == world.first);
}

TEST_CASE("drained is announced once for each cut, when every shard has applied everything") {
  World world(false, 100, 2);
  world.join(world.first);
  world.join(world.second);
  world.stage.send(world.steward, HoldAt{20});
  world.request(world.first);
  world.request(world.second);
  REQUIRE(world.grants.size() == 2);
  world.request(world.first);  // beyond the boundary: waits
  CHECK(world.grants.size() == 2);
  world.apply(world.grants[0], 0);
  world.apply(world.grants[0], 1);
  world.apply(world.grants[1], 1);
  CHECK(world.drained.empty());
  world.apply(world.grants[1], 0);
  REQUIRE(world.drained.size() == 1);
  CHECK(world.drained[0].view.position == 20);
  CHECK(!world.drained[0].view.finished);
  CHECK(world.drained[0].view.counts.applied == 2);
  CHECK(world.drained[0].view.counts.samples_applied == 20);

  world.request(world.second);
  world.stage.send(world.steward, StopLeases{});
  CHECK(world.drained.size() == 1);
}

TEST_CASE("the next boundary sets waiting requests free, and the end is a cut as well") {
  World world(false, 25, 1);
  world.join(world.first);
  world.stage.send(world.steward, HoldAt{10});
  world.request(world.first);
  world.request(world.first);
  REQUIRE(world.grants.size() == 1);
  world.apply(world.grants[0]);
  REQUIRE(world.drained.size() == 1);
  world.stage.send(world.steward, HoldAt{30});
  REQUIRE(world.grants.size() == 2);
  world.apply(world.grants[1]);
  world.request(world.first);
  REQUIRE(world.grants.size() == 3);
  CHECK(world.grants[2].lease.samples == 5);  // only the last lease of a run is short
  world.apply(world.grants[2]);
  REQUIRE(world.drained.size() == 2);
  CHECK(world.drained[1].view.finished);
  CHECK(world.view().counts.issued == 3);
}

TEST_CASE("the leases of a lost worker go to the others, and the ledger says so") {
  const bool synchronous = GENERATE(false, true);
  World world(synchronous, 20);
  world.join(world.first);
  world.join(world.second);
  world.stage.send(world.steward, HoldAt{20});
  world.request(world.first);
  world.request(world.second);
  REQUIRE(world.grants.size() == 2);
  world.apply(world.grants[1]);
  world.leave(world.first);
  world.request(world.second);
  REQUIRE(world.grants.size() == 3);
  CHECK(world.grants[2].worker == world.second);
  CHECK(world.grants[2].lease.id == world.grants[0].lease.id);
  CHECK(world.grants[2].lease.position == world.grants[0].lease.position);
  CHECK(world.drained.empty());
  world.apply(world.grants[2]);
  REQUIRE(world.drained.size() == 1);
  CHECK(world.drained[0].view.finished);
  CHECK(world.view().counts.issued == 2);
  CHECK(world.view().counts.applied == 2);
  CHECK(world.view().counts.reissued == 1);
}

TEST_CASE("when all are lost their leases wait for a newcomer") {
  const bool synchronous = GENERATE(false, true);
  World world(synchronous, 10);
  world.join(world.first);
  world.stage.send(world.steward, HoldAt{10});
  world.request(world.first);
  world.leave(world.first);
  CHECK(world.drained.empty());
  world.join(world.second);
  world.request(world.second);
  REQUIRE(world.grants.size() == 2);
  CHECK(world.grants[1].worker == world.second);
  CHECK(world.grants[1].lease.id == 0);
  world.apply(world.grants[1]);
  CHECK(world.drained.size() == 1);
}

TEST_CASE("after a stop nothing is handed out, and what is out is awaited") {
  World world;
  world.join(world.first);
  world.join(world.second);
  world.stage.send(world.steward, HoldAt{100});
  world.request(world.first);
  world.stage.send(world.steward, StopLeases{});
  world.request(world.second);
  CHECK(world.grants.size() == 1);
  CHECK(world.drained.empty());
  world.apply(world.grants[0]);
  REQUIRE(world.drained.size() == 1);
  CHECK(!world.drained[0].view.finished);
}

TEST_CASE("active time runs from the first lease to the last apply without the pauses at cuts") {
  World world(false, 30);
  world.join(world.first);
  world.clock->pass(seconds(100));
  CHECK(world.view().active == seconds(0));
  world.stage.send(world.steward, HoldAt{10});
  world.clock->pass(seconds(50));  // nobody has asked yet
  world.request(world.first);
  world.clock->pass(seconds(2));
  world.apply(world.grants[0]);
  REQUIRE(world.drained.size() == 1);
  CHECK(world.drained[0].view.active == seconds(2));
  world.clock->pass(seconds(1000));  // an evaluation
  CHECK(world.view().active == seconds(2));
  world.stage.send(world.steward, HoldAt{20});
  CHECK(world.view().active <= seconds(2));
  world.request(world.first);
  world.clock->pass(seconds(3));
  world.apply(world.grants[1]);
  CHECK(world.drained.at(1).view.active == seconds(5));
  world.clock->pass(seconds(1000));
  world.stage.send(world.steward, HoldAt{30});
  world.request(world.first);
  world.clock->pass(seconds(4));
  world.apply(world.grants[2]);
  CHECK(world.drained.at(2).view.active == seconds(9));
  CHECK(world.view().active == seconds(9));
}

TEST_CASE("workers with peers hear who takes part before they get a lease of that epoch") {
  World world(true, 100, 1, std::nullopt, true);
  world.join(world.first);
  world.stage.send(world.steward, HoldAt{100});
  world.request(world.first);
  world.request(world.second);  // is a member only after this
  world.join(world.second);
  const std::string one = to_string(world.first);
  const std::string two = to_string(world.second);
  // A step of two needs both; the one that was planned before is the first worker's alone.
  CHECK(world.heard == std::vector<std::string>{
                           one + " epoch 1 +" + one, one + " lease of 1", one + " epoch 2 +" + two,
                           two + " epoch 2 +" + one + " +" + two, two + " lease of 2"});
  world.heard.clear();
  world.leave(world.second);
  CHECK(world.heard == std::vector<std::string>{one + " epoch 3 -" + two, one + " lease of 2"});
}

TEST_CASE("workers without peers hear nothing, and their leases still name the epoch") {
  World world;
  world.join(world.first);
  world.join(world.second);
  world.stage.send(world.steward, HoldAt{100});
  world.request(world.first);
  CHECK(world.heard == std::vector<std::string>{to_string(world.first) + " lease of 2"});
}

TEST_CASE("a request for a short lease is heeded, also when it came early") {
  World world;
  world.stage.send(world.steward, LeaseRequest{world.first, 3});
  world.join(world.first);
  world.stage.send(world.steward, HoldAt{100});
  REQUIRE(world.grants.size() == 1);
  CHECK(world.grants[0].lease.samples == 3);
}

TEST_CASE("a lease that an algorithm does without counts as done, and as dropped") {
  World world(false, 20);
  world.join(world.first);
  world.stage.send(world.steward, HoldAt{20});
  world.request(world.first);
  world.request(world.first);
  world.apply(world.grants.at(0));
  Applied dropped;
  dropped.lease = world.grants.at(1).lease;
  dropped.worker = world.first;
  dropped.dropped = true;
  world.stage.send(world.steward, dropped);
  REQUIRE(world.drained.size() == 1);
  CHECK(world.drained[0].view.finished);
  CHECK(world.view().counts.applied == 1);
  CHECK(world.view().counts.dropped == 1);
}

TEST_CASE("a resumed run goes on where its checkpoint stood") {
  StewardView restored;
  restored.next_lease = 4;
  restored.next_step = 4;
  restored.position = 40;
  World world(false, 60, 1, restored);
  world.join(world.first);
  world.stage.send(world.steward, HoldAt{60});
  world.request(world.first);
  world.request(world.first);
  REQUIRE(world.grants.size() == 2);
  CHECK(world.grants[0].lease.id == 4);
  CHECK(world.grants[0].lease.position == 40);
  world.apply(world.grants[0]);
  world.apply(world.grants[1]);
  REQUIRE(world.drained.size() == 1);
  CHECK(world.drained[0].view.finished);
  CHECK(world.drained[0].view.counts.applied == 6);
}

TEST_CASE("another algorithm's plan goes on with the next sample, for who asks in its name") {
  World world;
  world.join(world.first);
  world.join(world.second);
  world.request(world.first);
  world.stage.send(world.steward, HoldAt{10});
  REQUIRE(world.grants.size() == 1);
  world.request(world.second);  // waits for the boundary
  world.apply(world.grants[0]);
  REQUIRE(world.drained.size() == 1);
  AlgorithmOptions options;
  options.name = "d-psgd";
  NextCourse next;
  next.course = 1;
  next.algorithm = std::make_shared<const AlgorithmOptions>(options);
  next.leases = {.synchronous = true, .lease_samples = 20, .total = 100, .shards = 1};
  world.heard.clear();
  const PeerId quick = world.first;  // hears of it before the steward does
  world.stage.send(world.steward, LeaseRequest{quick, 0, 1});
  world.stage.send(world.steward, next);
  const std::string all = " epoch 2 +" + to_string(world.first) + " +" + to_string(world.second);
  CHECK(world.heard ==
        std::vector<std::string>{to_string(world.first) + all, to_string(world.second) + all});
  world.stage.send(world.steward, HoldAt{100});
  CHECK(world.grants.size() == 2);  // who waited before asks again
  world.request(world.second);
  CHECK(world.grants.size() == 2);  // said in the name of the algorithm before
  world.stage.send(world.steward, LeaseRequest{world.second, 0, 1});
  REQUIRE(world.grants.size() == 3);
  CHECK(world.grants[1].lease.id == 1);
  CHECK(world.grants[1].lease.position == 10);
  CHECK(world.grants[1].lease.step == 0);
  CHECK(world.grants[1].lease.samples == 20);
  CHECK(world.grants[2].lease.quorum == 2);
  CHECK(world.view().counts.applied == 1);
  CHECK(world.view().counts.issued == 3);
}
