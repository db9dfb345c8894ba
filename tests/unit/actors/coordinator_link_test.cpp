#include "tests/unit/actors/coordinator_link_world.hpp"

using namespace murm;
using namespace murm::link_world;

TEST_CASE("a worker process says hello, is asked in, and gets its seats") {
  World world;
  Remote remote(world, 1);
  remote.say(Hello{"test", 99, {0, 1}});
  REQUIRE(world.heard.joins.size() == 1);
  const JoinRequest& request = world.heard.joins[0];
  CHECK(request.connection == 1);
  CHECK(request.hello.process_id == 99);
  CHECK(request.hello.slots == std::vector<std::uint32_t>{0, 1});
  REQUIRE(request.workers.size() == 1);
  CHECK(request.workers[0] == WorkerActor(world.link));
  const auto welcomes = remote.got<Welcome>();
  REQUIRE(welcomes.size() == 1);
  CHECK(welcomes[0].bulk_endpoint == "tcp://127.0.0.1:7001");
  CHECK(welcomes[0].seats.size() == 2);
  CHECK(welcomes[0].seats[1].peer == kOther);
  CHECK(remote.wire.last_envelope().run == kRun);
  CHECK(remote.wire.last_envelope().epoch == kEpoch);
  CHECK(world.heard.lost.empty());
}

TEST_CASE("a second hello is not a second process") {
  World world;
  Remote remote(world, 1);
  remote.join();
  remote.say(Hello{"test", 99, {2}});
  CHECK(world.heard.joins.size() == 1);
  CHECK(remote.got<Welcome>().size() == 1);
  CHECK(world.heard.lost.empty());
}

TEST_CASE("a process that is not wanted is told why") {
  World world;
  world.heard.answer = JoinAnswer{std::nullopt, "worker 0 is here already", 0, 0};
  Remote remote(world, 1);
  remote.say(Hello{"test", 99, {0}});
  REQUIRE(remote.got<Refusal>().size() == 1);
  CHECK(remote.got<Refusal>()[0].reason == "worker 0 is here already");
  CHECK(remote.got<Welcome>().empty());
}

TEST_CASE("a process that leaves while it is being admitted is reported as lost") {
  World world;
  Remote remote(world, 1);
  remote.wire.send(Hello{"test", 99, {0}});
  const Frames hello = arrived(remote.outbox.take().at(0));
  caf::anon_send(caf::actor_cast<caf::actor>(world.link), WireFrames{1, Channel::control, hello});
  caf::anon_send(caf::actor_cast<caf::actor>(world.link), WireLost{1, "it ended"});
  world.stage.run();
  CHECK(world.heard.joins.size() == 1);
  REQUIRE(!world.heard.lost.empty());
  for (const ProcessLost& lost : world.heard.lost) CHECK(lost.connection == 1);
}

TEST_CASE("what came before the transport was attached is not lost") {
  World world;
  Heard& heard = world.heard;
  CoordinatorLinkOptions options;
  options.heartbeat = kHeartbeat;
  options.aggregators = world.aggregators;
  options.steward = world.stage.spawn(fake_steward, &heard);
  options.coordinator = world.stage.spawn(fake_coordinator, &heard);
  const CoordinatorLink late = world.stage.spawn(coordinator_link, options,
                                                 std::shared_ptr<const Clock>(world.stage.clock()));
  FakeTransport outbox;
  WireConnection wire(outbox, 9);
  wire.send(Hello{"test", 99, {0}});
  world.stage.send(late, WireFrames{9, Channel::control, arrived(outbox.take().at(0))});
  CHECK(heard.joins.empty());
  world.stage.send(late, AttachTransport{world.transport});
  REQUIRE(heard.joins.size() == 1);
  CHECK(heard.joins[0].connection == 9);
}

TEST_CASE("a worker's words reach whom they are for, and the answers reach the worker") {
  World world;
  Remote remote(world, 1);
  remote.join();
  remote.say(LeaseRequest{kWorker});
  remote.say(WorkerReport{kOther, 1, 2, 3, 4, 5, 6, 7});
  remote.say(Failure{kWorker, "the loss is not finite"});
  REQUIRE(world.heard.requests.size() == 1);
  CHECK(world.heard.requests[0].worker == kWorker);
  REQUIRE(world.heard.reports.size() == 1);
  CHECK(world.heard.reports[0].peak_rss_bytes == 7);
  REQUIRE(world.heard.failures.size() == 1);

  world.stage.send(world.link, LeaseGrant{kWorker, lease_of(0)});
  remote.say(push_of(kWorker, lease_of(0), 0));
  remote.say(push_of(kWorker, lease_of(0), 1));
  remote.say(pull_of(kOther, 1));
  REQUIRE(remote.got<LeaseGrant>().size() == 1);
  CHECK(remote.got<LeaseGrant>()[0].lease.id == 0);
  REQUIRE(world.heard.deliveries[0].size() == 1);
  REQUIRE(world.heard.deliveries[1].size() == 2);
  CHECK(world.heard.deliveries[0][0].message.payload.length() == 11);
  CHECK(world.heard.deliveries[1][1].message.from == kOther);

  Message parameters;
  parameters.kind = MessageKind::parameters;
  parameters.from = PeerId::aggregator(1);
  parameters.shard = 1;
  parameters.payload = scattered(10, 1);
  world.stage.send(world.link, Delivery{kOther, parameters});
  remote.exchange();
  REQUIRE(remote.routed.size() == 1);
  CHECK(remote.routed[0].to == kOther);
  CHECK(world.heard.lost.empty());
}

TEST_CASE("control words in another worker's name are not passed on") {
  World world;
  Remote remote(world, 1);
  remote.join();
  const PeerId stranger = PeerId::worker(77);
  remote.say(LeaseRequest{stranger});
  remote.say(WorkerReport{stranger, 1, 2, 3, 4, 5, 6, 7});
  remote.say(Failure{stranger, "boo"});
  CHECK(world.heard.requests.empty());
  CHECK(world.heard.reports.empty());
  CHECK(world.heard.failures.empty());
}

TEST_CASE("a process that pushes what it may not is dropped, reported and counted") {
  World world;
  Remote remote(world, 1);
  remote.join();
  world.stage.send(world.link, LeaseGrant{kWorker, lease_of(0)});
  remote.exchange();
  std::string fault = "bad_field";
  std::size_t delivered = 0;
  SECTION("a lease that was not granted") { remote.say(push_of(kWorker, lease_of(1), 0)); }
  SECTION("a lease that was granted to its neighbour") {
    remote.say(push_of(kOther, lease_of(0), 0));
  }
  SECTION("a granted lease with other samples") {
    Lease changed = lease_of(0);
    changed.samples = 9;
    remote.say(push_of(kWorker, changed, 0));
  }
  SECTION("a granted lease with another place") {
    Lease changed = lease_of(0);
    changed.quorum = 2;
    remote.say(push_of(kWorker, changed, 0));
  }
  SECTION("twice for one shard") {
    remote.say(push_of(kWorker, lease_of(0), 0));
    remote.say(push_of(kWorker, lease_of(0), 0));
    delivered = 1;
  }
  SECTION("once more after every shard has it") {
    remote.say(push_of(kWorker, lease_of(0), 0));
    remote.say(push_of(kWorker, lease_of(0), 1));
    remote.say(push_of(kWorker, lease_of(0), 1));
    delivered = 2;
  }
  SECTION("in a stranger's name") { remote.say(push_of(PeerId::worker(77), lease_of(0), 0)); }
  SECTION("to a shard that is not there") { remote.say(push_of(kWorker, lease_of(0), 2)); }
  SECTION("a pull in a stranger's name") { remote.say(pull_of(PeerId::worker(77), 0)); }
  SECTION("as an aggregator") {
    Routed routed;
    routed.to = kWorker;
    routed.message.kind = MessageKind::parameters;
    routed.message.from = PeerId::aggregator(0);
    routed.message.payload = scattered(11, 1);
    remote.say(std::move(routed));
  }
  SECTION("numbers for a far longer shard") {
    Routed routed = push_of(kWorker, lease_of(0), 0);
    routed.message.payload = scattered(12 + payload_slack_elements, 1);
    remote.say(std::move(routed));
  }
  SECTION("damaged numbers") {
    remote.wire.send(push_of(kWorker, lease_of(0), 0));
    const Frames frames = arrived(remote.outbox.take().at(0));
    const_cast<std::byte&>(frames.frames[1].data[3]) ^= std::byte{1};
    world.stage.send(world.link, WireFrames{1, Channel::bulk, frames});
    fault = "bad_payload";
  }
  SECTION("out of order") {
    remote.wire.send(push_of(kWorker, lease_of(0), 0));
    remote.outbox.take();
    remote.say(push_of(kWorker, lease_of(0), 1));
    fault = "bad_sequence";
  }
  CHECK(remote.gone());
  CHECK(world.refused(fault) == 1);
  CHECK(world.heard.deliveries[0].size() + world.heard.deliveries[1].size() == delivered);

  // Nobody speaks through it any more, in either direction.
  remote.say(LeaseRequest{kWorker});
  remote.say(push_of(kWorker, lease_of(0), 1));
  world.stage.send(world.link, LeaseGrant{kWorker, lease_of(5)});
  world.stage.send(world.link, StopWorker{kWorker});
  CHECK(world.heard.requests.empty());
  CHECK(world.heard.deliveries[0].size() + world.heard.deliveries[1].size() == delivered);
  CHECK(world.transport->take().empty());
  CHECK(world.heard.failures.empty());
  CHECK(world.refused(fault) >= 1);  // the link itself lives on
}

TEST_CASE("tensors before admission cost the connection") {
  World world;
  world.heard.answer = JoinAnswer{std::nullopt, "no", 0, 0};
  Remote remote(world, 1);
  remote.say(Hello{"test", 99, {0}});
  remote.wire.admit(kRun, kEpoch, {});
  remote.say(push_of(kWorker, lease_of(0), 0));
  CHECK(remote.gone());
  CHECK(world.heard.lost.at(0).reason == "it sent tensors before it had joined");
  CHECK(world.heard.deliveries[0].empty());
}

TEST_CASE("tensors of a connection nobody knows are ignored") {
  World world;
  Remote remote(world, 1);
  remote.wire.admit(kRun, kEpoch, {});
  remote.say(push_of(kWorker, lease_of(0), 0));
  CHECK(world.heard.lost.empty());
  CHECK(world.heard.deliveries[0].empty());
}

TEST_CASE("a process is lost after four heartbeats of silence, not before") {
  World world;
  Remote remote(world, 1);
  remote.join();
  world.stage.pass(4 * kHeartbeat, kHeartbeat);
  CHECK(world.heard.lost.empty());
  remote.exchange();
  CHECK(remote.got<Heartbeat>().size() >= 3);
  SECTION("silent") {
    world.stage.pass(kHeartbeat, kHeartbeat);
    CHECK(remote.gone());
    CHECK(world.heard.lost[0].reason == "no sign of life for 4 heartbeats");
    world.stage.pass(20 * kHeartbeat, kHeartbeat);
    CHECK(world.heard.lost.size() == 1);
  }
  SECTION("alive") {
    for (int i = 0; i < 20; ++i) {
      remote.say(Heartbeat{});
      world.stage.pass(2 * kHeartbeat, kHeartbeat);
    }
    CHECK(world.heard.lost.empty());
  }
}

TEST_CASE("one process falls silent, another goes on") {
  World world;
  Remote first(world, 1);
  first.join();
  world.heard.answer.welcome->seats = {{PeerId::worker(8), 2}};
  Remote second(world, 2);
  second.join();
  for (int i = 0; i < 10; ++i) {
    second.say(Heartbeat{});
    world.stage.pass(kHeartbeat, kHeartbeat);
  }
  CHECK(first.gone());
  second.say(LeaseRequest{PeerId::worker(8)});
  CHECK(world.heard.requests.size() == 1);
}

TEST_CASE("a process that leaves, or whose connection breaks, is lost once") {
  World world;
  Remote remote(world, 1);
  remote.join();
  SECTION("leaves") {
    remote.say(Leave{99});
    CHECK(world.heard.lost.at(0).reason == "it left");
  }
  SECTION("breaks") {
    world.stage.send(world.link, WireLost{1, "connection reset"});
    CHECK(world.heard.lost.at(0).reason == "connection reset");
  }
  CHECK(remote.gone());
  world.stage.send(world.link, WireLost{1, "connection reset"});
  CHECK(world.heard.lost.size() == 1);
}

TEST_CASE("one stop ends a process, however many workers it has") {
  World world;
  Remote remote(world, 1);
  remote.join();
  world.stage.send(world.link, StopWorker{kWorker});
  world.stage.send(world.link, StopWorker{kOther});
  world.stage.send(world.link, StopWorker{kWorker});
  remote.exchange();
  CHECK(remote.got<Stop>().size() == 1);
  remote.say(WorkerReport{kWorker, 9, 0, 0, 0, 0, 0, 0});  // its last words are still heard
  CHECK(world.heard.reports.size() == 1);
}

TEST_CASE("a process of another protocol version is told so before it is dropped") {
  World world;
  Remote remote(world, 1);
  remote.wire.send(Hello{"test", 99, {0}});
  Outgoing hello = remote.outbox.take().at(0);
  hello.header[4] = std::byte{protocol_version + 1};
  world.stage.send(world.link, WireFrames{1, Channel::control, arrived(hello)});
  remote.exchange();
  CHECK(remote.got<Refusal>().size() == 1);
  CHECK(remote.gone());
  CHECK(world.heard.joins.empty());
  CHECK(world.refused("unknown_version") == 1);
}

TEST_CASE("what a worker writes to a worker of another process is passed on uncopied") {
  World world(true);
  Remote first(world, 1);
  first.join();
  const PeerId far = PeerId::worker(8);
  world.heard.answer.welcome->seats = {{far, 2}};
  Remote second(world, 2);
  second.join();

  first.wire.send(exchange_of(kWorker, far));
  const Frames came = arrived(first.outbox.take().at(0));
  world.stage.send(world.link, WireFrames{1, Channel::bulk, came});
  const auto passed_on = world.transport->take();
  REQUIRE(passed_on.size() == 1);
  CHECK(passed_on[0].to == 2);
  CHECK(passed_on[0].channel == Channel::bulk);
  CHECK(static_cast<const void*>(passed_on[0].payload) == came.frames.at(1).data);
  const auto routed = second.wire.take_bulk(arrived(passed_on[0]));
  REQUIRE(routed.has_value());
  CHECK(routed->to == far);
  CHECK(routed->message.from == kWorker);
  CHECK(routed->message.round == 17);
  CHECK(values_of(routed->message.payload) == values_of(scattered(kParameters, 1)));
  for (const auto& deliveries : world.heard.deliveries) CHECK(deliveries.empty());
  CHECK(world.stage.ask<LinkCounts>(world.link, LinkCountsRequest{}).relayed == 1);
}

TEST_CASE("what is for a worker that is lost or unknown goes nowhere, and is counted") {
  World world(true);
  Remote remote(world, 1);
  remote.join();
  remote.say(exchange_of(kWorker, PeerId::worker(8)));
  remote.say(LeaseRequest{kWorker});  // its sender lives on
  CHECK(world.heard.requests.size() == 1);
  CHECK(world.heard.lost.empty());
  CHECK(world.stage.ask<LinkCounts>(world.link, LinkCountsRequest{}).undeliverable == 1);
  CHECK(world.refused("bad_field") == 0);
}

TEST_CASE(
    "workers may write to each other only where the algorithm has it, and in their own names") {
  const bool peers = GENERATE(false, true);
  World world(peers);
  Remote remote(world, 1);
  remote.join();
  if (peers) {
    remote.say(exchange_of(PeerId::worker(77), kOther));
  } else {
    Routed replica = pull_of(kWorker, 0);
    replica.message.kind = MessageKind::replica;
    replica.message.payload = scattered(11, 1);
    remote.say(GENERATE(false, true) ? exchange_of(kWorker, kOther) : replica);
  }
  CHECK(remote.gone());
  CHECK(world.heard.deliveries[0].empty());
  CHECK(world.refused("bad_field") == 1);
}

TEST_CASE("news of members and the wish for a replica reach the worker they are for") {
  World world(true);
  Remote remote(world, 1);
  remote.join();
  const PeerNews news{{kOther, {9, {kWorker, kOther}, {PeerId::worker(2)}}}, {}};
  world.stage.send(world.link, news);
  world.stage.send(world.link, LeaseGrant{kOther, lease_of(0)});
  world.stage.send(world.link, Collect{kWorker});
  world.stage.send(world.link, Collect{PeerId::worker(77)});
  remote.exchange();
  REQUIRE(remote.controls.size() == 4);  // the welcome first
  const auto members = std::get<Members>(remote.controls[1]);
  CHECK(members.worker == kOther);
  CHECK(members.change.epoch == 9);
  CHECK(members.change.joined == std::vector<PeerId>{kWorker, kOther});
  CHECK(members.change.left == std::vector<PeerId>{PeerId::worker(2)});
  CHECK(std::get<LeaseGrant>(remote.controls[2]).worker == kOther);
  CHECK(std::get<Collect>(remote.controls[3]).worker == kWorker);
}

TEST_CASE("what comes of the algorithm before a change is dropped without judgement") {
  World world;
  Remote remote(world, 1);
  remote.join();
  const auto named = [](const std::string& name) {
    AlgorithmOptions options;
    options.name = name;
    return std::make_shared<const AlgorithmOptions>(options);
  };
  world.stage.send(world.link, WorkerCourse{{kWorker, 1, "ad-psgd"}, named("ad-psgd")});
  remote.exchange();
  REQUIRE(remote.got<Course>().size() == 1);
  CHECK(remote.got<Course>()[0].to == "ad-psgd");
  remote.say(push_of(kWorker, lease_of(5), 0));  // of a lease it never had: from before
  CHECK(!remote.gone());
  CHECK(world.heard.deliveries[0].empty());
  Routed now = exchange_of(kWorker, kOther);
  now.message.course = 1;
  remote.say(now);
  CHECK(!remote.gone());
  CHECK(remote.routed.size() == 1);
  SECTION("and what comes of one that is to be ends the connection") {
    now.message.course = 2;
    remote.say(now);
    CHECK(remote.gone());
  }
}

TEST_CASE("a stranger that asks for another algorithm gets an answer, and no seat") {
  World world;
  Remote remote(world, 1);
  remote.say(SwitchRequest{"bsp"});
  REQUIRE(world.heard.switches.size() == 1);
  CHECK(world.heard.switches[0].to == "bsp");
  remote.exchange();
  REQUIRE(remote.got<SwitchAnswer>().size() == 1);
  CHECK(remote.got<SwitchAnswer>()[0].done);
  CHECK(world.heard.joins.empty());
  remote.say(Hello{"test", 99, {0}});
  CHECK(world.heard.joins.empty());
}
