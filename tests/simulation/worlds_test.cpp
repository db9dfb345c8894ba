#include "tests/catch.hpp"
#include "tests/simulation/random_world.hpp"

using namespace murm;

namespace {

constexpr std::uint64_t kWorlds = 500;

}  // namespace

TEST_CASE("every law holds in a fixed set of random worlds, and each goes the same way twice") {
  std::uint64_t reissued = 0;
  for (std::uint64_t seed = 1; seed <= kWorlds; ++seed) {
    const SimulationOptions world = test::random_world(seed);
    const test::WorldOutcome outcome = test::live_through(world);
    INFO("make sim SEED=" << seed << ": " << test::describe(world));
    REQUIRE(outcome.fault == "");
    reissued += outcome.report.ledger.reissued;
  }
  CHECK(reissued > kWorlds);  // the worlds are not harmless
}
