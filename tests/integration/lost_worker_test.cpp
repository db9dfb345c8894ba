// Worker processes that are killed, frozen or never start.
#include <csignal>

#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

/// 0.8 s of work for four workers.
const Words paced = Words{"--processes", "4"} + set({"emulate.step_ms=[10]", "job.samples=5000"});

/// The first child, once the run is under way.
pid_t victim_of(const Trial& trial, const Program& program) {
  require_under_way(trial, program);
  const auto children = program.children();
  REQUIRE(children.size() == 4);
  return children.front();
}

}  // namespace

TEST_CASE("a run goes on when one worker process is killed, and the others do its leases") {
  const Trial trial;
  const std::string name = GENERATE("asp", "bsp", "ssp");
  const std::string aggregators = GENERATE("1", "2");
  Program program = trial.train(
      paced + set({"algorithm.name=" + name}) + Words{"--aggregators", aggregators}, "run");
  ::kill(victim_of(trial, program), SIGKILL);
  INFO(name << " with " << aggregators << " aggregator(s)");
  require_exit(program, 0);
  CHECK(program.says("1 worker(s) lost"));
  const auto report = trial.report();
  require_whole_ledger(report, 5000);
  CHECK(report.at("ledger").at("reissued") <= 1 + 3);
  CHECK_FALSE(report.at("interrupted").get<bool>());
}

TEST_CASE("the lease of a worker killed within a long step is computed again by another") {
  const Trial trial;
  Program program = trial.train(
      Words{"--processes", "4"} +
          set({"algorithm.name=asp", "job.samples=4000", "emulate.step_ms=[60000, 5, 5, 5]"}),
      "run");
  require_under_way(trial, program);
  for (const pid_t child : program.children()) {
    const std::string line = content_of("/proc/" + std::to_string(child) + "/cmdline");
    if (line.find(std::string("--slots\0", 8) + '0') != std::string::npos) ::kill(child, SIGKILL);
  }
  require_exit(program, 0);
  require_whole_ledger(trial.report(), 4000);
  CHECK(trial.report().at("ledger").at("reissued") == 1);
}

TEST_CASE("a frozen worker process is given up after four heartbeats") {
  const Trial trial;
  const std::string name = GENERATE("asp", "bsp", "ssp");
  Program program = trial.train(paced + set({"algorithm.name=" + name, "cluster.heartbeat_ms=250"}),
                                "run");
  const pid_t victim = victim_of(trial, program);
  ::kill(victim, SIGSTOP);
  INFO(name);
  require_exit(program, 0);
  require_whole_ledger(trial.report(), 5000);
  CHECK_FALSE(is_running(victim));
}

TEST_CASE("a run whose worker processes are all killed ends with one sentence") {
  const Trial trial;
  const std::string name = GENERATE("asp", "bsp");
  Program program = trial.train(paced + set({"algorithm.name=" + name}) + Words{"--quiet"}, "run");
  victim_of(trial, program);
  for (const pid_t child : program.children()) ::kill(child, SIGKILL);
  require_exit(program, 1, 5s);
  CHECK(program.errors() == "murm: all workers were lost\n");
  CHECK(trial.report().at("status") == "failed: all workers were lost");
}

TEST_CASE("a worker process that cannot be started ends the run before it begins") {
  const Trial trial;
  std::filesystem::copy_file(MURM_PROGRAM, trial / "murm");
  // While the pictures of the large test set are drawn, the program's file disappears.
  Program program(
      trial / "murm",
      Words{"train", "job.toml", "--quiet", "--processes", "2"} + set({"data.test=20000"}),
      trial.folder());
  std::filesystem::remove(trial / "murm");
  require_exit(program, 1);
  CHECK(program.says("murm: "));
  CHECK(program.says("cannot"));
}

TEST_CASE("killing murm train leaves no worker process and no socket") {
  const Trial trial;
  const std::string transport = GENERATE("tcp", "ipc");
  Program program = trial.train(paced + Words{"--transport", transport}, "run");
  ::kill(victim_of(trial, program), SIGSTOP);  // this one cannot notice that the connection is gone
  const auto children = program.children();
  program.signal(SIGKILL);
  require_exit(program, 128 + SIGKILL);
  for (const pid_t child : children) CHECK(eventually([&] { return !is_running(child); }, 5s));
  CHECK_FALSE(trial.has_sockets());
}
