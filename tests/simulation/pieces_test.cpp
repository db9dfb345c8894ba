// Pieces of the simulator, each alone: the order of events, the post, the spread of replicas, the books of the laws.
#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "actors/virtual/laws.hpp"
#include "actors/virtual/post.hpp"
#include "actors/virtual/replica_spread.hpp"
#include "tests/catch.hpp"
#include "tests/simulation/tampered.hpp"

using namespace murm;
using namespace murm::test;
using namespace std::chrono_literals;

namespace {

struct NoOffice : WorkerOffice {
  Nanoseconds now() const override { return Nanoseconds{0}; }
  void set_timer(PeerId /*machine*/, Nanoseconds /*delay*/, std::uint64_t /*cookie*/) override {}
  void request_lease(VirtualWorker& /*worker*/, std::uint32_t /*samples*/) override {}
  void balanced(VirtualWorker& /*worker*/, double /*before*/, double /*created*/) override {}
  void begin_step(VirtualWorker& /*worker*/, std::span<const Tensor> /*parameters*/) override {}
  void send(VirtualWorker& /*worker*/, PeerId /*to*/, Message /*message*/) override {}
  void rejected(VirtualWorker& /*worker*/, const std::string& /*why*/) override {}
};

AlgorithmOptions one_shard() {
  AlgorithmOptions options;
  options.parameters = 1000;
  return options;
}

/// A post with two workers, and what arrives there.
struct PostOffice {
  explicit PostOffice(const Scenario& scenario) : network(scenario, 2, 5), post(queue, network) {
    for (std::uint32_t i = 0; i < 2; ++i) {
      workers.push_back(
          std::make_unique<VirtualWorker>(VirtualCourse{&registered("asp"), one_shard(), 0},
                                          PeerId::worker(i), i, nullptr, nullptr, office));
    }
  }

  /// Messages are told apart by the lease they carry.
  void send(std::uint32_t worker, bool up, bool bulk, LeaseId number, Nanoseconds at) {
    const std::uint32_t parcel = post.create();
    post[parcel].kind = ParcelKind::algorithm;
    post[parcel].up = up;
    post[parcel].bulk = bulk;
    post[parcel].message.lease.id = number;
    post.send(*workers[worker], parcel, at);
  }

  void run() {
    while (!queue.empty()) {
      const EventKey event = queue.pop();
      REQUIRE(event.time_ns >= now.count());
      now = Nanoseconds(event.time_ns);
      if (static_cast<EventKind>(event.kind) == EventKind::card) {
        post.at_card(event.content, now);
        continue;
      }
      VirtualWorker& at = *workers[post[event.content].worker];
      for (const std::uint32_t parcel : post.arrived(at, event.content)) {
        const Parcel& each = post[parcel];
        arrived[{each.worker, each.up, each.bulk}].push_back(each.message.lease.id);
        order.push_back(each.message.lease.id);
        post.discard(parcel);
      }
    }
  }

  NoOffice office;
  EventQueue queue;
  NetworkModel network;
  Post post;
  std::vector<std::unique_ptr<VirtualWorker>> workers;
  std::map<std::tuple<std::uint32_t, bool, bool>, std::vector<LeaseId>> arrived;
  std::vector<LeaseId> order;  // of arrival, on whatever channel
  Nanoseconds now{0};
};

Lease lease_of(LeaseId id, Step step, std::uint32_t index, std::uint32_t quorum) {
  Lease lease;
  lease.id = id;
  lease.step = step;
  lease.index = index;
  lease.quorum = quorum;
  lease.position = id;
  lease.samples = 1;
  return lease;
}

/// Books that a shard keeps and the laws that judge it: each lease is applied by a step of its own.
struct Books {
  explicit Books(std::uint64_t staleness)
      : laws({.synchronous = true, .combines = false, .staleness = staleness, .shards = 1}) {}

  void apply(const Lease& lease) {
    ledger.admit(lease.id);
    ledger.applied();
    ShardEffects effects;
    effects.applied.push_back({.lease = lease, .from = {}, .read = version});
    content += Provenance::of(lease.id).set;
    effects.steps.push_back({Provenance::of(lease.id), 1, content});
    laws.settle(0, effects, ledger);
    ++version;
  }

  /// The law that it breaks to apply `lease`; empty: none.
  std::string broken_by(const Lease& lease) {
    try {
      apply(lease);
    } catch (const LawBroken& law) {
      return law.what();
    }
    return {};
  }

  Laws laws;
  Ledger ledger;
  Version version = 0;
  std::uint64_t content = 0;
};

}  // namespace

TEST_CASE("events come out by time, class, place and then in the order they were put in") {
  std::mt19937 random(3);
  const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  EventQueue queue;
  using Expected = std::tuple<std::int64_t, std::uint32_t, std::uint32_t, std::uint32_t>;
  std::vector<Expected> expected;  // the last one: the order of pushing, which is their content
  const auto by_key = [](const Expected& a, const Expected& b) {
    const auto key = [](const Expected& e) {
      return std::tuple(std::get<0>(e), std::get<1>(e), std::get<2>(e));
    };
    return key(a) < key(b);
  };
  std::int64_t now = 0;
  for (std::uint32_t pushed = 0; pushed < 20000; ++pushed) {
    const Expected event{now + below(50), below(3), below(4), pushed};
    queue.push(Nanoseconds(std::get<0>(event)), static_cast<std::uint8_t>(std::get<1>(event)),
               std::get<2>(event), 0, pushed);
    expected.push_back(event);
    if (pushed % 3 != 0) continue;
    std::stable_sort(expected.begin(), expected.end(), by_key);
    const EventKey first = queue.pop();
    REQUIRE(first.time_ns == std::get<0>(expected.front()));
    REQUIRE(first.content == std::get<3>(expected.front()));
    now = first.time_ns;
    expected.erase(expected.begin());
    if (expected.size() > 300) {  // keeps sorting cheap
      while (expected.size() > 20) {
        REQUIRE(queue.pop().content == std::get<3>(expected.front()));
        now = std::get<0>(expected.front());
        expected.erase(expected.begin());
      }
    }
  }
  REQUIRE(queue.size() == expected.size());
}

TEST_CASE("what is sent on a channel arrives once and in order, whatever the weather") {
  Scenario scenario;
  scenario.network.latency_ms = 5;
  scenario.network.bandwidth_gbit = GENERATE(0.0, 0.1);
  scenario.network.loss = 0.2;
  scenario.network.duplication = 0.3;
  scenario.network.reordering = 0.5;
  PostOffice office(scenario);
  std::vector<LeaseId> all;
  for (LeaseId i = 0; i < 300; ++i) {
    all.push_back(i);
    for (const std::uint32_t worker : {0U, 1U}) {
      for (const bool up : {false, true}) {
        for (const bool bulk : {false, true}) {
          office.send(worker, up, bulk, i, std::chrono::microseconds(100 * i));
        }
      }
    }
  }
  office.run();
  REQUIRE(office.arrived.size() == 8);
  for (const auto& [channel, numbers] : office.arrived) CHECK(numbers == all);
  CHECK(office.post.duplicates() > 400);  // of 2400, 30 %
  CHECK(office.post.duplicates() < 1000);
  // A fifth of all tries is lost: a quarter more than would be needed.
  const double once = 600 * (64 + 128);
  CHECK(static_cast<double>(office.post.bytes_up()) == Approx(1.25 * once).epsilon(0.1));
  CHECK(static_cast<double>(office.post.bytes_down()) == Approx(1.25 * once).epsilon(0.1));
}

TEST_CASE("control messages do not wait behind tensors") {
  Scenario scenario;
  scenario.network.bandwidth_gbit = 0.001;  // a message without a payload: 1.024 ms
  PostOffice office(scenario);
  office.send(0, true, true, 1, 0ms);
  office.send(0, true, false, 2, 0ms);
  office.run();
  CHECK(office.order == std::vector<LeaseId>{2, 1});
  CHECK(office.now == 1024us);
}

TEST_CASE("a sender that dies takes along what has not left its card, but for its goodbye") {
  Scenario scenario;
  scenario.network.latency_ms = 10;
  scenario.network.bandwidth_gbit = 0.001;
  PostOffice office(scenario);
  for (LeaseId i = 0; i < 5; ++i) office.send(0, true, true, i, 0ms);  // one leaves each 1.024 ms
  for (LeaseId i = 0; i < 5; ++i) office.send(1, true, true, i, 0ms);
  office.workers[0]->died = 3ms;
  const std::uint32_t goodbye = office.post.create();
  office.post[goodbye].kind = ParcelKind::goodbye;
  office.post[goodbye].bulk = false;
  office.post.send(*office.workers[0], goodbye, 3ms);
  office.send(0, false, true, 9, 1ms);  // for a dead one: whoever reads it decides
  office.run();
  CHECK(office.arrived[{0, true, true}] == std::vector<LeaseId>{0, 1});
  CHECK(office.arrived[{1, true, true}] == std::vector<LeaseId>{0, 1, 2, 3, 4});
  CHECK(office.arrived[{0, true, false}].size() == 1);
  CHECK(office.arrived[{0, false, true}] == std::vector<LeaseId>{9});
}

TEST_CASE("what is sent into a partition without an end never arrives") {
  Scenario scenario;
  scenario.partition = {{.from_s = 1, .workers = {0}}};
  PostOffice office(scenario);
  office.send(0, true, true, 1, 500ms);
  office.send(0, true, true, 2, 1500ms);
  office.send(1, true, true, 3, 1500ms);
  office.run();
  CHECK(office.arrived[{0, true, true}] == std::vector<LeaseId>{1});
  CHECK(office.arrived[{1, true, true}] == std::vector<LeaseId>{3});
}

TEST_CASE("the spread of replicas is the norm of what is left without their mean") {
  CHECK(ReplicaSpread::norm({}) == 0);
  CHECK(ReplicaSpread::norm({{3, 4}}) == 0);
  CHECK(ReplicaSpread::norm({{1, 5}, {1, 5}, {1, 5}}) == 0);
  CHECK(ReplicaSpread::norm({{0, 0}, {2, 0}}) == Approx(std::sqrt(2)));
  CHECK(ReplicaSpread::norm({{1, 0}, {0, 1}, {-1, -1}}) == Approx(2));
  // In double precision: the mean of numbers far from zero costs no digits.
  CHECK(ReplicaSpread::norm({{16777216.0F}, {16777218.0F}}) == Approx(std::sqrt(2)));
}

TEST_CASE("contraction is the mean ratio over the second half of the rounds above a floor") {
  ReplicaSpread spread;
  CHECK_FALSE(spread.begun());
  CHECK(std::isnan(spread.contraction_per_round()));
  spread.add_round(8);
  CHECK(spread.begun());
  CHECK(spread.rounds() == 0);
  CHECK(std::isnan(spread.contraction_per_round()));
  SECTION("exact averaging is 0") {
    spread.add_round(0);
    CHECK(spread.contraction_per_round() == 0);
    spread.add_round(0);
    CHECK(spread.contraction_per_round() == 0);
  }
  SECTION("no averaging is 1") {
    for (int i = 0; i < 5; ++i) spread.add_round(8);
    CHECK(spread.contraction_per_round() == Approx(1));
  }
  SECTION("how it begins does not count, nor does what rounding leaves") {
    double norm = 8;
    for (int i = 0; i < 4; ++i) spread.add_round(norm *= 0.9);
    for (int i = 0; i < 4; ++i) spread.add_round(norm *= 0.25);
    CHECK(spread.rounds() == 8);
    CHECK(spread.contraction_per_round() == Approx(0.25));
    for (int i = 0; i < 9; ++i) spread.add_round(8e-6);
    CHECK(spread.contraction_per_round() == Approx(0.25));
  }
}

TEST_CASE("the laws: leases follow each other, and all are applied in the end") {
  Laws laws({.synchronous = false, .combines = false, .staleness = 0, .shards = 1});
  laws.granted(lease_of(0, 0, 0, 1), PeerId::worker(1));
  laws.begins(lease_of(0, 0, 0, 1), PeerId::worker(1));
  CHECK_THROWS_AS(laws.begins(lease_of(0, 0, 0, 1), PeerId::worker(2)), LawBroken);
  CHECK_THROWS_AS(laws.begins(lease_of(1, 0, 0, 1), PeerId::worker(1)), LawBroken);
  laws.granted(lease_of(0, 0, 0, 1), PeerId::worker(2));  // taken over
  laws.begins(lease_of(0, 0, 0, 1), PeerId::worker(2));
  CHECK_THROWS_AS(laws.begins(lease_of(0, 0, 0, 1), PeerId::worker(1)), LawBroken);
  Lease gap = lease_of(1, 1, 0, 1);
  gap.position = 2;
  CHECK_THROWS_AS(laws.granted(gap, PeerId::worker(1)), LawBroken);
  CHECK_THROWS_AS(laws.at_end(1, true), LawBroken);
  laws.at_end(1, false);  // a run that was stopped leaves something over
}

TEST_CASE("the laws: versions of a shard only grow, each shard by itself") {
  const Laws laws({.synchronous = false, .combines = false, .staleness = 0, .shards = 2});
  WorkerReads received;
  Message message;
  message.payload = VirtualTensors::wrap(Tensor(), 1, Provenance{});
  message.version = 5;
  laws.parameters_received(received, message);
  laws.parameters_received(received, message);
  message.shard = 1;
  message.version = 3;
  laws.parameters_received(received, message);
  message.shard = 0;
  message.version = 4;
  CHECK_THROWS_AS(laws.parameters_received(received, message), LawBroken);
}

TEST_CASE("the laws: clocks are at most staleness + 1 apart, and get as many gradients as leases") {
  Books books(1);
  books.apply(lease_of(0, 0, 0, 2));
  books.apply(lease_of(2, 1, 0, 2));
  SECTION("two ahead of the slowest") {
    CHECK(books.broken_by(lease_of(4, 2, 0, 2)) == "clocks are 3 apart, at most 2 are allowed");
  }
  SECTION("more than were planned") {
    books.apply(lease_of(3, 1, 1, 2));
    CHECK(books.broken_by(lease_of(5, 1, 2, 2)) == "clock 1 got more gradients than leases");
  }
  SECTION("one of a clock that all have left behind") {
    books.apply(lease_of(1, 0, 1, 2));
    CHECK(books.broken_by(lease_of(6, 0, 0, 2)) ==
          "lease 6 of clock 0 is applied though all of that clock were");
  }
  SECTION("a ledger that says otherwise") {
    books.ledger.applied();
    CHECK(books.broken_by(lease_of(1, 0, 1, 2)) != "");
  }
}

TEST_CASE("fingerprints tell a gradient that is missing, doubled or added out of turn") {
  const auto sum = [](const std::vector<LeaseId>& leases) {
    Provenance total = Provenance::of(leases.front());
    for (std::size_t i = 1; i < leases.size(); ++i) total.add(Provenance::of(leases[i]));
    return total;
  };
  CHECK(sum({4, 5, 6}) == sum({4, 5, 6}));
  CHECK(sum({4, 5, 6}).set == sum({6, 4, 5}).set);
  CHECK(sum({4, 5, 6}).sequence != sum({6, 4, 5}).sequence);
  CHECK(sum({4, 5, 6}).sequence != sum({4, 6, 5}).sequence);
  CHECK(sum({4, 5, 6}).set != sum({4, 6}).set);
  CHECK(sum({4, 5, 6}).set != sum({4, 5, 5}).set);
  CHECK(sum({0, 1}).set != sum({0, 0}).set);
}
