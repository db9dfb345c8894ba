// Ctrl-C and SIGTERM: a clean stop within two seconds, marked in the report.
#include <csignal>

#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

const Words endless = set({"job.samples=10000000", "emulate.step_ms=[10]"});

}  // namespace

TEST_CASE("SIGINT and SIGTERM stop a run within two seconds and leave no child") {
  const Trial trial;
  const int number = GENERATE(SIGINT, SIGTERM);
  const std::string processes = GENERATE("0", "2");
  const std::string name = GENERATE("asp", "bsp");
  Program program = trial.train(
      endless + Words{"--processes", processes} + set({"algorithm.name=" + name}), "run");
  require_under_way(trial, program);
  const auto children = program.children();
  REQUIRE(children.size() == std::stoul(processes));
  program.signal(number);
  require_exit(program, 128 + number, 2s);
  for (const pid_t child : children) CHECK_FALSE(is_running(child));
  const auto report = trial.report();
  CHECK(report.at("interrupted") == true);
  CHECK(report.at("status") == "interrupted");
  require_whole_ledger(report, report.at("samples").get<std::uint64_t>());
  CHECK(std::filesystem::exists(trial / "run" / "final.safetensors"));
}

TEST_CASE("SIGINT stops a run within two seconds in the middle of a step that takes a minute") {
  const Trial trial;
  const std::string processes = GENERATE("0", "2");
  Program program = trial.train(
      Words{"--processes", processes} +
          set({"algorithm.name=asp", "emulate.step_ms=[5, 5, 5, 60000]", "job.samples=10000000"}),
      "run");
  require_under_way(trial, program);
  program.signal(SIGINT);
  require_exit(program, 128 + SIGINT, 2s);
  CHECK(trial.report().at("interrupted") == true);
  CHECK(trial.report().at("ledger").at("lost") == 1);
}

TEST_CASE("SIGINT ends a run that has not begun yet") {
  const Trial trial;
  Program program = trial.start({"coordinator", "job.toml", "--listen", free_endpoint()});
  REQUIRE(eventually([&] { return program.says("waiting for 4 worker(s)"); }));
  program.signal(SIGINT);
  require_exit(program, 128 + SIGINT, 2s);
}

TEST_CASE("a bsp run stopped by SIGINT is continued to the bit from the checkpoint it left") {
  const Trial trial;
  const std::string processes = GENERATE("0", "2");
  const Words job = set({"job.samples=6000", "checkpoint.every=1000000", "training.lr=0.05",
                         "training.optimizer=momentum"}) +
                    Words{"--processes", processes};
  const std::string hash = trial.hash_of(job, "whole");
  Program program = trial.train(job + set({"emulate.step_ms=[10]"}), "run");
  require_under_way(trial, program);
  program.signal(SIGINT);
  require_exit(program, 128 + SIGINT, 2s);
  const auto stopped_at = trial.report().at("samples").get<std::uint64_t>();
  REQUIRE(stopped_at < 6000);
  const auto report = trial.report_of(job + Words{"--resume"});
  CHECK(report.at("parameters_hash") == hash);
  require_whole_ledger(report, 6000);
}
