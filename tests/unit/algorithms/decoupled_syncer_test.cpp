// When the syncer of decoupled DiLoCo merges: a quorum, a grace window, and nobody who holds the others up.
#include <cmath>

#include "algorithms/forwarding_context.hpp"
#include "algorithms/local_update/decoupled_syncer.hpp"
#include "tests/catch.hpp"
#include "tests/unit/algorithms/problem.hpp"

using namespace murm;
using namespace murm::test;

namespace {

constexpr std::size_t kLength = 8;

/// Keeps what the machine asks for, and has the arithmetic that it needs.
class Desk final : public ForwardingContext {
 public:
  PeerId self() const override { return PeerId::aggregator(0); }
  std::chrono::nanoseconds now() const override { return time; }
  void set_timer(std::chrono::nanoseconds delay, std::uint64_t cookie) override {
    timers.emplace_back(delay, cookie);
  }
  bool admit(const Lease& /*lease*/) override { return true; }
  void applied(const Message& /*push*/, Version staleness) override {
    stalenesses.push_back(staleness);
  }
  Tensor initial_parameters() override { return make_tensor(kLength); }
  Tensor allocate(std::size_t length) override { return make_tensor(length); }
  Tensor snapshot(const Tensor& source) override { return copy_of(source); }
  void copy(const Tensor& to, const Tensor& from) override {
    std::ranges::copy(host_span(from), host_span(to).begin());
  }
  void optimizer_step(const OptimizerStep& step, const Tensor& x, const Tensor& gradient,
                      std::span<const Tensor> state) override {
    test::optimizer_step(step, host_span(x), host_span(gradient), state);
  }
  Tensor encode(Codec& codec, const Tensor& values) override {
    const Tensor payload = make_tensor(codec.encoded_length());
    codec.encode(host_span(values), host_span(payload));
    return payload;
  }
  void send(PeerId to, Message message) override { sent.emplace_back(to, std::move(message)); }
  void reject(const Message& /*message*/, std::string why) override { rejected.push_back(why); }

  std::chrono::nanoseconds time{0};
  std::vector<std::pair<std::chrono::nanoseconds, std::uint64_t>> timers;
  std::vector<Version> stalenesses;
  std::vector<std::pair<PeerId, Message>> sent;
  std::vector<std::string> rejected;
};

struct Scene {
  Desk desk;
  DecoupledSyncer syncer;

  explicit Scene(std::uint64_t learners, std::uint64_t quorum, double grace_ms)
      : syncer(outer(), Fragments{kLength, 2}, {quorum, grace_ms, 1}) {
    syncer.on_start(desk);
    for (std::uint64_t i = 0; i < learners; ++i) pull(i);
    desk.sent.clear();
  }
  static ShardOptions outer() {
    ShardOptions options;
    options.length = kLength;
    options.schedule.learning_rate = 1;
    return options;
  }
  void pull(std::uint64_t worker) {
    Message message;
    message.kind = MessageKind::pull;
    message.from = PeerId::worker(worker);
    syncer.on_message(message, desk);
  }
  Message report_of(std::uint64_t worker, std::uint64_t round, float value = 1) {
    Message push;
    push.kind = MessageKind::push;
    push.from = PeerId::worker(worker);
    push.lease.samples = 1;
    push.round = round;
    push.weight = 1;
    push.payload = make_tensor(kLength / 2);
    std::ranges::fill(host_span(push.payload), value);
    return push;
  }
  void report(std::uint64_t worker, std::uint64_t round, float value = 1) {
    syncer.on_message(report_of(worker, round, value), desk);
  }
  std::uint64_t rounds() const {
    MachineState state;
    syncer.save(state);
    return state.number("version");
  }
  Numbers parameters() const {
    MachineState state;
    syncer.save(state);
    const auto span = host_span(state.tensor("parameters"));
    return {span.begin(), span.end()};
  }
};

}  // namespace

TEST_CASE("a merge waits for its quorum, then for the grace window, and for nobody beyond that") {
  Scene scene(4, 2, 50);
  scene.report(0, 0);
  CHECK(scene.desk.timers.empty());
  CHECK(scene.rounds() == 0);
  scene.report(1, 0);
  REQUIRE(scene.desk.timers.size() == 1);
  CHECK(scene.desk.timers[0].first == std::chrono::milliseconds(50));
  CHECK(scene.rounds() == 0);
  scene.report(2, 0);  // within the window: counted, no second timer
  CHECK(scene.desk.timers.size() == 1);
  scene.syncer.on_timer(scene.desk.timers[0].second, scene.desk);
  CHECK(scene.rounds() == 1);
  CHECK(scene.desk.sent.size() == 4);  // the fourth is told, too
  for (const auto& [peer, message] : scene.desk.sent) {
    CHECK(message.payload.length() == kLength / 2);
    CHECK(message.round == 1);
  }
  CHECK(scene.parameters() == Numbers{-1, -1, -1, -1, 0, 0, 0, 0});
  scene.syncer.on_timer(0, scene.desk);  // of a round that is over
  CHECK(scene.rounds() == 1);
}

TEST_CASE("a merge to which everybody has contributed waits for nothing") {
  Scene scene(3, 2, 1e6);
  for (std::uint64_t worker = 0; worker < 3; ++worker) scene.report(worker, 0);
  CHECK(scene.rounds() == 1);
  Scene alone(1, 5, 1e6);  // a quorum that cannot be
  alone.report(0, 0);
  CHECK(alone.rounds() == 1);
}

TEST_CASE("by default the grace window is a step of the slowest of the quorum") {
  Scene scene(3, 2, -1);
  scene.desk.time = std::chrono::milliseconds(10);
  scene.report(0, 0);
  scene.desk.time = std::chrono::milliseconds(30);
  scene.report(1, 0);
  REQUIRE(scene.desk.timers.size() == 1);
  CHECK(scene.desk.timers[0].first == std::chrono::milliseconds(30));
}

TEST_CASE("who comes just after a merge has made an offer, but does not hurry the next one") {
  Scene scene(4, 2, 0);
  scene.report(0, 0);
  scene.report(1, 0);
  REQUIRE(scene.rounds() == 1);
  scene.report(2, 1, 3);  // the windows of round 0: late by a moment
  scene.report(3, 1, 3);
  CHECK(scene.rounds() == 1);
  scene.report(0, 1, 3);
  CHECK(scene.rounds() == 1);
  scene.report(1, 1, 3);
  CHECK(scene.rounds() == 2);
  CHECK(scene.parameters() == Numbers{-1, -1, -1, -1, -3, -3, -3, -3});
}

TEST_CASE("learners that are far behind make a quorum as soon as they are the only ones left") {
  Scene scene(4, 2, 0);
  for (std::uint64_t round = 0; round < 10; ++round) {
    scene.report(0, round);
    scene.report(1, round);
  }
  REQUIRE(scene.rounds() == 10);
  scene.syncer.on_membership({2, {}, {PeerId::worker(0), PeerId::worker(1)}}, scene.desk);
  scene.report(2, 10);
  scene.report(3, 10);
  scene.report(2, 10);
  scene.report(3, 10);
  CHECK(scene.rounds() == 11);
}

TEST_CASE(
    "an offer for a round that is over is left out; a later one stands in for an earlier one") {
  Scene scene(3, 2, 0);
  scene.report(0, 0, 5);
  scene.report(0, 0, 1);
  scene.report(1, 0, 1);
  CHECK(scene.parameters()[0] == -1);
  scene.report(2, 0, 100);
  CHECK(scene.rounds() == 1);
  CHECK(scene.parameters()[0] == -1);
  CHECK(scene.desk.stalenesses.size() == 4);  // every lease was taken
  CHECK(scene.desk.stalenesses.back() == 1);
}

TEST_CASE("a quorum is complete when those it lacks have left") {
  Scene scene(3, 3, 0);
  scene.report(0, 0);
  scene.report(1, 0);
  CHECK(scene.rounds() == 0);
  scene.syncer.on_membership({2, {}, {PeerId::worker(2)}}, scene.desk);
  CHECK(scene.rounds() == 1);
  scene.report(0, 1);
  scene.syncer.on_membership({3, {}, {PeerId::worker(0)}}, scene.desk);  // its offer stays
  CHECK(scene.rounds() == 2);
}

TEST_CASE("what is not a fragment, has no weight or comes from nowhere is rejected") {
  Scene scene(2, 1, 0);
  Message push = scene.report_of(0, 0);
  push.payload = make_tensor(3);
  scene.syncer.on_message(push, scene.desk);
  push = scene.report_of(0, 0);
  push.weight = std::nan("");
  scene.syncer.on_message(push, scene.desk);
  scene.report(7, 0);
  CHECK(scene.desk.rejected.size() == 3);
  CHECK(scene.rounds() == 0);
  CHECK(scene.desk.stalenesses.empty());
}

TEST_CASE("the state of a syncer goes on where it was") {
  Scene scene(2, 2, 0);
  scene.report(0, 0);
  scene.report(1, 0);
  MachineState state;
  scene.syncer.save(state);
  Scene other(2, 2, 0);
  other.syncer.load(state, other.desk);
  CHECK(other.parameters() == scene.parameters());
  CHECK(other.rounds() == 1);
}
