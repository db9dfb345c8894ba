#include <limits>
#include <vector>

#include "algorithms/ledger.hpp"
#include "algorithms/parameter_server/gate.hpp"
#include "algorithms/partition.hpp"
#include "algorithms/tensor.hpp"
#include "tests/catch.hpp"
#include "tests/unit/algorithms/problem.hpp"

using namespace murm;

TEST_CASE("a ledger admits each lease once and counts what it refuses") {
  Ledger ledger;
  for (const LeaseId lease : {0U, 63U, 64U, 1000U}) CHECK(ledger.admit(lease));
  for (const LeaseId lease : {0U, 63U, 64U, 1000U}) CHECK_FALSE(ledger.admit(lease));
  CHECK(ledger.admit(65));
  CHECK(ledger.admitted_count() == 5);
  CHECK(ledger.refused_count() == 4);
  CHECK(ledger.applied_count() == 0);
  ledger.applied();
  CHECK(ledger.applied_count() == 1);
}

TEST_CASE("a restored ledger refuses exactly the leases of its checkpoint") {
  Ledger ledger;
  ledger.admit(500);
  ledger.restore(130);
  CHECK(ledger.admitted_count() == 130);
  CHECK(ledger.applied_count() == 130);
  CHECK_FALSE(ledger.admit(0));
  CHECK_FALSE(ledger.admit(129));
  CHECK(ledger.admit(130));
  CHECK(ledger.admit(500));
}

TEST_CASE("a gate releases in the order of arrival who may pass, and forgets the lost") {
  Gate gate;
  std::vector<std::uint64_t> released;
  const auto reply = [&](PeerId peer) { released.push_back(peer.ordinal()); };
  gate.pass(PeerId::worker(3), 5, 3, reply);
  gate.pass(PeerId::worker(1), 4, 3, reply);
  gate.pass(PeerId::worker(2), 5, 3, reply);
  gate.pass(PeerId::worker(4), 6, 3, reply);
  CHECK(released.empty());
  gate.forget(PeerId::worker(2));
  gate.pass(PeerId::worker(5), 9, 5, reply);
  CHECK(released == std::vector<std::uint64_t>{3, 1});
  CHECK(gate.size() == 2);
  gate.pass(PeerId::worker(6), 2, 5, reply);
  CHECK(released == std::vector<std::uint64_t>{3, 1, 6});
  gate.pass(PeerId::worker(7), 6, 6, reply);
  CHECK(released == std::vector<std::uint64_t>{3, 1, 6, 4, 7});
  gate.pass(PeerId::worker(8), 0, std::numeric_limits<Step>::max(), reply);
  CHECK(released == std::vector<std::uint64_t>{3, 1, 6, 4, 7, 5, 8});
  CHECK(gate.size() == 0);
}

TEST_CASE("shard ranges cover all parameters in order and differ by at most one") {
  for (const std::size_t parameters : {0U, 1U, 7U, 64U, 1001U}) {
    for (std::size_t shards = 1; shards <= 9; ++shards) {
      std::size_t next = 0;
      for (std::size_t shard = 0; shard < shards; ++shard) {
        const Range range = shard_range(parameters, shards, shard);
        CHECK(range.offset == next);
        CHECK(range.length >= parameters / shards);
        CHECK(range.length <= (parameters + shards - 1) / shards);
        next += range.length;
      }
      CHECK(next == parameters);
    }
  }
}

TEST_CASE("a slice of a slice reads the numbers it names, over the borders of runs as well") {
  class TwoRuns final : public HostStorage {
   public:
    std::span<const Run> runs() const override { return runs_; }

   private:
    std::vector<float> first_{0, 1, 2};
    std::vector<float> second_{3, 4, 5, 6};
    std::vector<Run> runs_{{first_.data(), 3}, {second_.data(), 4}};
  };
  const Tensor whole(std::make_shared<TwoRuns>(), 0, 7);
  const Tensor middle = whole.slice(1, 5).slice(1, 3);  // 2 3 4
  std::vector<float> seen;
  std::vector<std::size_t> offsets;
  for_each_run(middle, [&](const float* data, std::size_t offset, std::size_t length) {
    seen.insert(seen.end(), data, data + length);
    offsets.push_back(offset);
  });
  CHECK(seen == std::vector<float>{2, 3, 4});
  CHECK(offsets == std::vector<std::size_t>{0, 1});
  CHECK(host_span(whole.slice(3, 2))[1] == 4.0F);
}
