#include "algorithms/lease_plan.hpp"

#include "tests/catch.hpp"

using namespace murm;

namespace {

constexpr PeerId kAnna = PeerId::worker(0);
constexpr PeerId kBert = PeerId::worker(1);
constexpr PeerId kCleo = PeerId::worker(2);

LeasePlan plan_for(bool synchronous, SampleCount total, std::initializer_list<PeerId> workers,
                   std::uint32_t shards = 1) {
  LeasePlan plan({synchronous, 10, total, shards});
  for (const PeerId worker : workers) plan.join(worker);
  return plan;
}

/// The only grant that a request is answered with.
Lease lease_for(LeasePlan& plan, PeerId worker) {
  const std::vector<Grant> grants = plan.request(worker);
  REQUIRE(grants.size() == 1);
  REQUIRE(grants.front().worker == worker);
  return grants.front().lease;
}

}  // namespace

TEST_CASE("asynchronous leases go to who comes first, and count the clock of each worker") {
  LeasePlan plan = plan_for(false, 0, {kAnna, kBert});
  const Lease first = lease_for(plan, kBert);
  const Lease second = lease_for(plan, kBert);
  const Lease third = lease_for(plan, kAnna);
  CHECK(first.id == 0);
  CHECK(second.id == 1);
  CHECK(third.id == 2);
  CHECK(third.position == 20);
  CHECK(third.samples == 10);
  CHECK(third.quorum == 1);
  CHECK(first.step == 0);
  CHECK(second.step == 1);
  CHECK(third.step == 0);
}

TEST_CASE("a synchronous lease is a function of its step and of the rank of its worker") {
  LeasePlan plan = plan_for(true, 0, {kAnna, kBert, kCleo});
  for (Step step = 0; step < 4; ++step) {
    for (const PeerId worker : {kCleo, kAnna, kBert}) {
      const Lease lease = lease_for(plan, worker);
      CHECK(lease.id == step * 3 + worker.ordinal());
      CHECK(lease.step == step);
      CHECK(lease.index == worker.ordinal());
      CHECK(lease.quorum == 3);
      CHECK(lease.position == 10 * lease.id);
      CHECK(lease.requested);
    }
  }
  CHECK(plan.next_step() == 4);
}

TEST_CASE("the last lease of a run is short, and nothing follows it") {
  const bool synchronous = GENERATE(false, true);
  LeasePlan plan = plan_for(synchronous, 25, {kAnna, kBert});
  CHECK(lease_for(plan, kAnna).samples == 10);
  CHECK(lease_for(plan, kBert).samples == 10);
  const Lease last = lease_for(plan, kAnna);
  CHECK(last.samples == 5);
  CHECK(last.quorum == 1);
  CHECK(plan.request(kBert).empty());
  CHECK(plan.request(kAnna).empty());
  CHECK_FALSE(plan.finished());
  for (LeaseId lease = 0; lease < 3; ++lease) CHECK(plan.applied(lease));
  CHECK(plan.finished());
  CHECK(plan.drained());
  CHECK(plan.counts().samples_applied == 25);
}

TEST_CASE("a lease is applied when every shard has applied it") {
  LeasePlan plan = plan_for(false, 10, {kAnna}, 3);
  lease_for(plan, kAnna);
  CHECK_FALSE(plan.applied(0));
  CHECK_FALSE(plan.applied(0));
  CHECK_FALSE(plan.finished());
  CHECK(plan.applied(0));
  CHECK(plan.finished());
}

TEST_CASE("an asynchronous lease of a lost worker goes to the next request, or to one that waits") {
  LeasePlan plan = plan_for(false, 30, {kAnna, kBert});
  lease_for(plan, kAnna);
  lease_for(plan, kBert);
  SECTION("the next request") {
    CHECK(plan.leave(kAnna).empty());
    const Lease again = lease_for(plan, kBert);
    CHECK(again.id == 0);
    CHECK(again.position == 0);
    CHECK(again.requested);
    CHECK(again.step == 1);  // the clock of its new holder
    CHECK(lease_for(plan, kBert).id == 2);
  }
  SECTION("one that waits") {
    lease_for(plan, kBert);
    CHECK(plan.request(kBert).empty());
    const std::vector<Grant> grants = plan.leave(kAnna);
    REQUIRE(grants.size() == 1);
    CHECK(grants[0].worker == kBert);
    CHECK(grants[0].lease.id == 0);
  }
  SECTION("applied after all: nothing is left to hand out again") {
    CHECK(plan.leave(kAnna).empty());
    CHECK(plan.applied(0));
    CHECK(lease_for(plan, kBert).id == 2);
    CHECK(plan.counts().reissued == 0);
    return;
  }
  CHECK(plan.counts().reissued == 1);
  CHECK(plan.counts().issued == 3);
}

TEST_CASE("synchronous leases of a lost worker go at once to those with the least to do") {
  LeasePlan plan = plan_for(true, 0, {kAnna, kBert, kCleo});
  lease_for(plan, kAnna);
  lease_for(plan, kBert);  // the lease of the third worker is planned, but never asked for
  const std::vector<Grant> grants = plan.leave(kCleo);
  REQUIRE(grants.size() == 1);
  CHECK(grants[0].lease.id == 2);
  CHECK_FALSE(grants[0].lease.requested);
  CHECK(plan.counts().issued == 3);
  CHECK(plan.counts().reissued == 0);

  const PeerId loaded = grants[0].worker;
  const PeerId other = loaded == kAnna ? kBert : kAnna;
  const std::vector<Grant> both = plan.leave(loaded);
  REQUIRE(both.size() == 2);
  for (const Grant& grant : both) CHECK(grant.worker == other);
  CHECK(plan.counts().reissued == 2);

  // With nobody left they wait for the next worker, who also gets its own lease, of the next step.
  CHECK(plan.leave(other).empty());
  CHECK_FALSE(plan.has_workers());
  const PeerId late = PeerId::worker(3);
  plan.join(late);
  const std::vector<Grant> all = plan.request(late);
  REQUIRE(all.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(all[i].lease.id == i);
    CHECK(all[i].lease.requested == (i == 3));
  }
  CHECK(all[3].lease.step == 1);
  CHECK(all[3].lease.quorum == 1);
}

TEST_CASE("a lost worker's lease goes past a busy worker to an idle one") {
  LeasePlan plan = plan_for(true, 0, {kAnna, kBert, kCleo});
  lease_for(plan, kAnna);
  lease_for(plan, kCleo);
  const std::vector<Grant> grants = plan.leave(kCleo);
  REQUIRE(grants.size() == 1);
  CHECK(grants[0].worker == kBert);
  CHECK(plan.counts().reissued == 1);
}

TEST_CASE("a worker that joins takes part from the first step not yet planned") {
  LeasePlan plan = plan_for(true, 0, {kAnna, kBert});
  lease_for(plan, kAnna);
  plan.join(kCleo);
  CHECK(lease_for(plan, kBert).quorum == 2);
  const Lease joined = lease_for(plan, kCleo);
  CHECK(joined.step == 1);
  CHECK(joined.quorum == 3);
}

TEST_CASE("after stop nothing new is planned and what was planned is still handed out") {
  LeasePlan plan = plan_for(true, 0, {kAnna, kBert});
  lease_for(plan, kAnna);
  plan.stop();
  CHECK_FALSE(plan.drained());
  CHECK(lease_for(plan, kBert).id == 1);
  CHECK(plan.request(kAnna).empty());
  plan.applied(0);
  plan.applied(1);
  CHECK(plan.drained());
}

TEST_CASE("requests are kept at a boundary and answered in order when it moves") {
  const bool synchronous = GENERATE(false, true);
  LeasePlan plan = plan_for(synchronous, 0, {kAnna, kBert});
  CHECK(plan.hold_at(20).empty());
  lease_for(plan, kAnna);
  lease_for(plan, kBert);
  CHECK(plan.request(kBert).empty());
  CHECK(plan.request(kAnna).empty());
  CHECK_FALSE(plan.drained());
  plan.applied(0);
  plan.applied(1);
  CHECK(plan.drained());
  const std::vector<Grant> grants = plan.hold_at(40);
  REQUIRE(grants.size() == 2);
  CHECK(grants[0].worker == kBert);
  CHECK(grants[1].worker == kAnna);
}

TEST_CASE("a lost worker's waiting request is forgotten") {
  LeasePlan plan = plan_for(false, 0, {kAnna, kBert});
  plan.hold_at(10);
  lease_for(plan, kAnna);
  CHECK(plan.request(kBert).empty());
  CHECK(plan.leave(kBert).empty());
  CHECK(plan.request(kBert).empty());
  CHECK(plan.hold_at(0).empty());
}

TEST_CASE("a restored plan continues with the next lease, step and sample") {
  LeasePlan plan({true, 10, 0, 1});
  plan.restore(6, 3, 60);
  plan.join(kAnna);
  plan.join(kBert);
  const Lease lease = lease_for(plan, kBert);
  CHECK(lease.id == 7);
  CHECK(lease.step == 3);
  CHECK(lease.position == 70);
  CHECK(plan.counts().applied == 6);
  CHECK(plan.counts().samples_applied == 60);
}
