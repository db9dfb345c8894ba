// A coordinator's link between a fake process behind it and worker processes made of a wire each.
// Room: tests.
// Caller: tests/unit/actors/coordinator_link_test.
#pragma once
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "actors/coordinator_link.hpp"
#include "actors/wire_connection.hpp"
#include "tests/catch.hpp"
#include "tests/unit/actors/fake_transport.hpp"
#include "tests/unit/actors/scattered.hpp"
#include "tests/unit/actors/stage.hpp"

namespace murm::link_world {

using std::chrono::milliseconds;

inline constexpr std::uint64_t kRun = 4242;
inline constexpr Epoch kEpoch = 5;
inline constexpr std::uint32_t kShards = 2;
inline constexpr std::uint64_t kParameters = 21;
inline constexpr milliseconds kHeartbeat{100};
inline constexpr PeerId kWorker = PeerId::worker(3);
inline constexpr PeerId kOther = PeerId::worker(4);

struct Heard {  // by the rest of the coordinator's process
  std::vector<JoinRequest> joins;
  std::vector<ProcessLost> lost;
  std::vector<WorkerReport> reports;
  std::vector<Failure> failures;
  std::vector<Drained> drained;
  std::vector<PeerRejected> rejected;
  std::vector<Interrupt> interrupts;
  std::vector<LeaseRequest> requests;
  std::vector<Applied> applied;
  std::vector<Membership> memberships;
  std::vector<HoldAt> holds;
  std::vector<StopLeases> stops;
  std::array<std::vector<Delivery>, kShards> deliveries;
  std::vector<SwitchRequest> switches;
  JoinAnswer answer;  // what the next JoinRequest gets
};

inline CoordinatorActor::behavior_type fake_coordinator(CoordinatorActor::pointer /*self*/,
                                                        Heard* heard) {
  return {noted(heard->drained),
          noted(heard->reports),
          noted(heard->failures),
          noted(heard->rejected),
          noted(heard->lost),
          noted(heard->interrupts),
          [heard](const JoinRequest& request) {
            heard->joins.push_back(request);
            return heard->answer;
          },
          [heard](const SwitchRequest& request) {
            heard->switches.push_back(request);
            return SwitchAnswer{true, "switched"};
          }};
}

inline StewardActor::behavior_type fake_steward(StewardActor::pointer /*self*/, Heard* heard) {
  return {noted(heard->requests),
          noted(heard->applied),
          noted(heard->memberships),
          noted(heard->holds),
          noted(heard->stops),
          [](const NextCourse&) {},
          [](const ViewRequest&) { return StewardView{}; }};
}

inline AggregatorActor::behavior_type fake_aggregator(AggregatorActor::pointer /*self*/,
                                                      Heard* heard, std::uint32_t shard) {
  return {noted(heard->deliveries[shard]), noted(heard->memberships),
          [](const SnapshotRequest&) { return ShardSnapshot{}; },
          [](const CollectRequest&) { return Collected{}; }, [](const NextCourse&) {}};
}

/// The coordinator's process with its link, and worker processes made of nothing but a wire.
struct World {
  Heard heard;
  Stage stage;
  std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>();
  std::vector<AggregatorActor> aggregators;
  CoordinatorLink link;

  explicit World(bool peers = false) {
    for (std::uint32_t shard = 0; shard < kShards; ++shard) {
      aggregators.push_back(stage.spawn(fake_aggregator, &heard, shard));
    }
    CoordinatorLinkOptions options;
    options.heartbeat = kHeartbeat;
    options.aggregators = aggregators;
    options.peers = peers;
    options.replicas = peers;
    options.steward = stage.spawn(fake_steward, &heard);
    options.coordinator = stage.spawn(fake_coordinator, &heard);
    link = stage.spawn(coordinator_link, options, std::shared_ptr<const Clock>(stage.clock()));
    stage.run();
    stage.send(link, AttachTransport{transport});
    heard.answer.welcome = Welcome{"job", "", {{kWorker, 0}, {kOther, 1}}, kShards, kParameters};
    heard.answer.run = kRun;
    heard.answer.epoch = kEpoch;
  }
  std::uint64_t refused(const std::string& fault) {
    const auto counts = stage.ask<LinkCounts>(link, LinkCountsRequest{});
    const auto found = counts.refused.find(fault);
    return found == counts.refused.end() ? 0 : found->second;
  }
};

/// A worker process: what it says and what it is told.
struct Remote {
  World& world;
  ConnectionId id;
  FakeTransport outbox;
  WireConnection wire{outbox, id};
  std::vector<ControlBody> controls;
  std::vector<Routed> routed;

  Remote(World& in, ConnectionId with) : world(in), id(with) {}

  /// Hands over what was sent, both ways.
  void exchange() {
    for (const Outgoing& message : outbox.take()) {
      world.stage.send(world.link, WireFrames{id, message.channel, arrived(message)});
    }
    for (const Outgoing& message : world.transport->take()) {
      if (message.to != id) continue;
      const Frames frames = arrived(message);
      if (message.channel == Channel::control) {
        if (auto body = wire.take_control(frames)) controls.push_back(std::move(*body));
      } else if (auto whole = wire.take_bulk(frames)) {
        routed.push_back(std::move(*whole));
      }
    }
  }
  template <class Body>
  void say(Body body) {
    wire.send(ControlBody(std::move(body)));
    exchange();
  }
  void say(Routed message) {
    wire.send(std::move(message));
    exchange();
  }
  template <class Body>
  std::vector<Body> got() const {
    std::vector<Body> bodies;
    for (const ControlBody& body : controls) {
      if (const auto* found = std::get_if<Body>(&body)) bodies.push_back(*found);
    }
    return bodies;
  }
  void join() {
    say(Hello{"test", 99, {0, 1}});
    REQUIRE(got<Welcome>().size() == 1);
    wire.admit(kRun, kEpoch, {});
  }
  bool gone() const {
    return world.transport->dropped(id) && world.heard.lost.size() == 1 &&
           world.heard.lost[0].connection == id;
  }
};

inline Lease lease_of(LeaseId id) {
  return Lease{.id = id, .step = id, .index = 0, .quorum = 1, .position = id * 8, .samples = 8};
}

inline Routed push_of(PeerId from, const Lease& lease, std::uint32_t shard) {
  Routed routed;
  routed.to = PeerId::aggregator(shard);
  routed.message.kind = MessageKind::push;
  routed.message.from = from;
  routed.message.shard = shard;
  routed.message.lease = lease;
  routed.message.payload = scattered(shard == 0 ? 11 : 10, 1);
  return routed;
}

inline Routed exchange_of(PeerId from, PeerId to) {
  Routed routed;
  routed.to = to;
  routed.message.kind = MessageKind::exchange;
  routed.message.from = from;
  routed.message.round = 17;
  routed.message.payload = scattered(kParameters, 1);
  return routed;
}

inline Routed pull_of(PeerId from, std::uint32_t shard) {
  Routed routed;
  routed.to = PeerId::aggregator(shard);
  routed.message.kind = MessageKind::pull;
  routed.message.from = from;
  routed.message.shard = shard;
  return routed;
}

}  // namespace murm::link_world
