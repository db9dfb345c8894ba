// Coordinator and workers started by hand, in any order, coming late and leaving early.
#include <csignal>

#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

const Words paced = set({"cluster.workers=2", "emulate.step_ms=[10]", "job.samples=2400"});

std::string endpoint_for(const Trial& trial, const std::string& transport) {
  return transport == "ipc" ? "ipc://" + (trial / "c").string() : free_endpoint();
}

Program coordinate(const Trial& trial, const std::string& endpoint, const Words& arguments) {
  return trial.start(Words{"coordinator", "job.toml", "--out", "run", "--listen", endpoint} +
                     arguments);
}

Program join(const Trial& trial, const std::string& endpoint) {
  return trial.start({"worker", "--join", endpoint});
}

}  // namespace

TEST_CASE("workers started before their coordinator wait for it, and say so") {
  const Trial trial;
  const std::string transport = GENERATE("tcp", "ipc");
  const std::string endpoint = endpoint_for(trial, transport);
  Program first = join(trial, endpoint);
  Program second = join(trial, endpoint);
  REQUIRE(eventually([&] { return first.says("waiting for a coordinator at " + endpoint); }));
  REQUIRE(eventually([&] { return second.says("waiting for a coordinator"); }));
  Program coordinator = coordinate(trial, endpoint, {"--workers", "2"});
  require_exit(coordinator, 0);
  require_exit(first, 0, 5s);
  require_exit(second, 0, 5s);
  CHECK(first.says("the run is over"));
  require_whole_ledger(trial.report(), 4000);
  CHECK_FALSE(trial.has_sockets());
}

TEST_CASE("a run by hand gives the bits of the same run in one process") {
  const Trial trial;
  const std::string hash = trial.hash_of({"--workers", "2"}, "one");
  const std::string endpoint = free_endpoint();
  Program coordinator = coordinate(trial, endpoint, {"--workers", "2"});
  REQUIRE(eventually([&] { return coordinator.says("waiting for 2 worker(s)"); }));
  Program first = join(trial, endpoint);
  Program second = join(trial, endpoint);
  require_exit(coordinator, 0);
  CHECK(trial.report().at("parameters_hash") == hash);
}

TEST_CASE("a late worker takes part in a run under way") {
  const Trial trial;
  const std::string name = GENERATE("bsp", "asp", "ssp");
  const std::string endpoint = free_endpoint();
  Program coordinator = coordinate(trial, endpoint,
                                   paced + set({"algorithm.name=" + name, "job.samples=4000"}));
  Program first = join(trial, endpoint);
  Program second = join(trial, endpoint);
  require_under_way(trial, coordinator);
  Program third = join(trial, endpoint);
  INFO(name);
  require_exit(coordinator, 0);
  require_exit(third, 0, 5s);
  const auto report = trial.report();
  require_whole_ledger(report, 4000);
  REQUIRE(report.at("per_worker").size() == 3);
  CHECK(report.at("per_worker")[2].at("steps") > 0);
}

TEST_CASE("a worker that leaves by SIGINT is not missed") {
  const Trial trial;
  const std::string name = GENERATE("bsp", "asp", "ssp");
  const std::string endpoint = free_endpoint();
  Program coordinator = coordinate(trial, endpoint, paced + set({"algorithm.name=" + name}));
  Program first = join(trial, endpoint);
  Program second = join(trial, endpoint);
  require_under_way(trial, coordinator);
  first.signal(SIGINT);
  require_exit(first, 128 + SIGINT, 2s);
  INFO(name);
  require_exit(coordinator, 0);
  require_whole_ledger(trial.report(), 2400);
}

TEST_CASE("a run whose only worker was killed goes on when another comes") {
  const Trial trial;
  const std::string endpoint = free_endpoint();
  Program coordinator = coordinate(trial, endpoint,
                                   paced + set({"cluster.workers=1", "job.samples=1600"}));
  {
    Program first = join(trial, endpoint);
    require_under_way(trial, coordinator);
  }
  REQUIRE(eventually([&] { return coordinator.says("lost"); }));
  Program second = join(trial, endpoint);
  require_exit(coordinator, 0);
  require_whole_ledger(trial.report(), 1600);
}

TEST_CASE("workers end with a sentence when their coordinator is killed") {
  const Trial trial;
  const std::string transport = GENERATE("tcp", "ipc");
  const std::string endpoint = endpoint_for(trial, transport);
  Program coordinator = coordinate(trial, endpoint, paced);
  Program first = join(trial, endpoint);
  Program second = join(trial, endpoint);
  require_under_way(trial, coordinator);
  coordinator.signal(SIGKILL);
  require_exit(coordinator, 128 + SIGKILL);
  require_exit(first, 1, 5s);
  require_exit(second, 1, 5s);
  CHECK(first.says("lost its coordinator"));
  // The next one takes the same endpoint, whatever file the killed one has left there.
  Program next = coordinate(trial, endpoint, {"--workers", "1"});
  Program worker = join(trial, endpoint);
  require_exit(next, 0);
}

TEST_CASE("a worker that cannot read the data ends with a sentence, and so does the run") {
  const Trial trial;
  // Two samples of 2 x 2 for each set; the worker, in another folder, does not find them.
  std::filesystem::create_directory(trial / "data");
  for (const std::string set_name : {"train", "t10k"}) {
    put(trial / "data" / (set_name + "-images-idx3-ubyte"),
        std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x02\0\0\0\x02", 16) + "abcdefgh");
    put(trial / "data" / (set_name + "-labels-idx1-ubyte"),
        std::string("\0\0\x08\x01\0\0\0\x02\x00\x01", 10));
  }
  const std::string endpoint = free_endpoint();
  Program coordinator = coordinate(
      trial, endpoint,
      Words{"--workers", "1"} +
          set({"data.kind=mnist", "data.path=data", "data.train=2", "data.test=2"}));
  std::filesystem::create_directory(trial / "elsewhere");
  Program worker(MURM_PROGRAM, {"worker", "--join", endpoint}, trial / "elsewhere");
  require_exit(coordinator, 1, 5s);
  CHECK(coordinator.says("worker 0"));
  CHECK(worker.wait(5s) != still_running);
}
