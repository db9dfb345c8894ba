// bsp gives the same bits however its actors are placed.
#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

const Words momentum = set({"training.optimizer=momentum", "training.lr=0.05"});
const Words short_run = set({"job.samples=2048"});

Words workers(int count, int accumulate) {
  return Words{"--workers", std::to_string(count)} +
         set({"training.accumulate=" + std::to_string(accumulate)});
}

}  // namespace

TEST_CASE("bsp gives the same parameters with one process and with four, over tcp and over ipc") {
  const Trial trial;
  const std::string hash = trial.hash_of(momentum);
  CHECK(trial.hash_of(momentum + Words{"--processes", "4", "--transport", "tcp"}) == hash);
  CHECK(trial.hash_of(momentum + Words{"--processes", "4", "--transport", "ipc"}) == hash);
  CHECK(trial.hash_of(momentum + Words{"--processes", "3", "--transport", "ipc"}) == hash);
}

TEST_CASE("bsp gives the same parameters with one aggregator and with three") {
  const Trial trial;
  const std::string hash = trial.hash_of(momentum);
  CHECK(trial.hash_of(momentum + Words{"--aggregators", "3"}) == hash);
  CHECK(trial.hash_of(momentum + Words{"--aggregators", "3", "--processes", "2"}) == hash);
}

TEST_CASE("bsp gives the same parameters twice in a row, and others with another seed") {
  const Trial trial;
  const std::string hash = trial.hash_of({});
  CHECK(trial.hash_of({}) == hash);
  CHECK(trial.hash_of({"--seed", "2"}) != hash);
}

TEST_CASE("bsp gives the same parameters when a worker is much slower than the others") {
  const Trial trial;
  CHECK(trial.hash_of(short_run + set({"emulate.step_ms=[0, 0, 9, 0]"})) ==
        trial.hash_of(short_run));
}

TEST_CASE("four bsp workers equal one that accumulates four batches") {
  const Trial trial;
  const Words batch = set({"training.batch=32"});
  CHECK(trial.hash_of(batch + short_run + workers(4, 1)) ==
        trial.hash_of(batch + short_run + workers(1, 4)));
  CHECK(trial.hash_of(batch + momentum + workers(4, 1)) ==
        trial.hash_of(batch + momentum + workers(1, 4)));
}

TEST_CASE("ssp with staleness 0 gives the parameters of bsp, with staleness 3 others") {
  const Trial trial;
  const std::string hash = trial.hash_of(momentum);
  const Words ssp = momentum + set({"algorithm.name=ssp"});
  CHECK(trial.hash_of(ssp + set({"algorithm.staleness=0"})) == hash);
  CHECK(trial.hash_of(ssp + set({"algorithm.staleness=0"}) + Words{"--processes", "2"}) == hash);
  CHECK(trial.hash_of(ssp + set({"algorithm.staleness=3"})) != hash);
}
