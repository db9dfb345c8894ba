#include "actors/virtual/lease_book.hpp"

#include "tests/catch.hpp"

using namespace murm;

namespace {

constexpr LeasePlanOptions kAsynchronous{false, 10, 95, 1};
constexpr LeasePlanOptions kSynchronous{true, 10, 95, 1};

Lease lease(LeaseId id, Step step, std::uint32_t index, std::uint32_t quorum) {
  return {id, step, index, quorum, id * 10, id == 9 ? 5U : 10U, true};
}

}  // namespace

TEST_CASE("leases that a plan hands out are accepted, also again and in any order") {
  LeaseBook book(kSynchronous);
  for (int round = 0; round < 2; ++round) {
    for (const LeaseId id : {5U, 3U, 4U, 0U, 2U, 1U}) {
      CHECK(book.objection(lease(id, id / 3, static_cast<std::uint32_t>(id % 3), 3)).empty());
    }
  }
  CHECK(book.objection(lease(9, 3, 0, 1)).empty());  // the last one is shorter
  LeaseBook other(kAsynchronous);
  CHECK(other.objection(lease(4, 17, 0, 1)).empty());
  CHECK(other.objection(lease(4, 3, 0, 1)).empty());  // again, at another clock of another worker
}

TEST_CASE("a lease of other samples than its number says is not accepted") {
  LeaseBook book(kAsynchronous);
  Lease odd = lease(4, 0, 0, 1);
  odd.position = 41;
  CHECK_FALSE(book.objection(odd).empty());
  odd = lease(4, 0, 0, 1);
  odd.samples = 9;
  CHECK_FALSE(book.objection(odd).empty());
  CHECK_FALSE(book.objection(lease(10, 0, 0, 1)).empty());
  LeaseBook endless({false, 10, 0, 1});
  CHECK_FALSE(endless.objection(lease(LeaseId{1} << 30U, 0, 0, 1)).empty());
}

TEST_CASE("synchronous leases that would share a place in a step are not accepted") {
  LeaseBook book(kSynchronous);
  REQUIRE(book.objection(lease(3, 1, 0, 3)).empty());
  CHECK_FALSE(book.objection(lease(4, 1, 0, 3)).empty());  // place taken
  CHECK_FALSE(book.objection(lease(4, 1, 1, 4)).empty());  // another quorum
  CHECK_FALSE(book.objection(lease(2, 0, 2, 4)).empty());  // its step runs into the next
  CHECK_FALSE(book.objection(lease(5, 2, 0, 3)).empty());  // its step begins in the one before
  CHECK_FALSE(book.objection(lease(6, 2, 3, 3)).empty());  // no such place
  CHECK_FALSE(book.objection(lease(1, 0, 2, 3)).empty());  // begins before the first
}
