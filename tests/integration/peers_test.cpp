// Algorithms whose workers have replicas of their own: local updates and gossip, by the real program.
#include <csignal>

#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

Words algorithm(const std::string& name) { return set({"algorithm.name=" + name}); }

const Words recorded{"--record"};

nlohmann::json replayed(const Trial& trial) {
  Program replay = trial.start({"replay", "run", "--report", "replayed.json"});
  require_exit(replay, 0);
  CHECK(replay.output().find("identical   parameters hash ") != std::string::npos);
  return nlohmann::json::parse(content_of(trial / "replayed.json"));
}

}  // namespace

TEST_CASE("workers that talk to each other learn the digits in four processes") {
  const Trial trial;
  const std::string processes = GENERATE("0", "4");
  const auto report = trial.report_of(
      algorithm("ad-psgd") + Words{"--processes", processes} +
      set({"job.samples=40000", "data.train=20000", "model.hidden=[128]", "training.lr=0.4"}));
  require_whole_ledger(report, 40000);
  CHECK(report.at("final").at("eval_accuracy") > 0.9);
  CHECK(report.at("updates") == 2500);
  CHECK(report.at("ledger").at("refused_duplicate") == 0);
}

TEST_CASE("runs with replicas are replayed to the bit") {
  const Trial trial;
  const std::string name = GENERATE("local-sgd", "diloco", "ad-psgd");
  const std::string processes = GENERATE("0", "4");
  INFO(name << " in " << processes << " processes");
  const auto report = trial.report_of(
      recorded + algorithm(name) + Words{"--processes", processes, "--aggregators", "2"} +
      set({"job.samples=6000", "evaluation.every=1500", "training.lr=0.05"}));
  require_whole_ledger(report, 6000);
  const auto again = replayed(trial);
  for (const char* key : {"parameters_hash", "updates", "samples", "staleness", "final"}) {
    INFO(key);
    CHECK(again.at(key) == report.at(key));
  }
}

TEST_CASE("a run with replicas goes on when a worker process is killed, and is replayed") {
  const Trial trial;
  const std::string name = GENERATE("local-sgd", "ad-psgd");
  INFO(name);
  Program program = trial.train(
      recorded + algorithm(name) + Words{"--processes", "4"} +
          set({"emulate.step_ms=[10]", "job.samples=5000", "evaluation.every=1000"}),
      "run");
  require_under_way(trial, program);
  ::kill(program.children().front(), SIGKILL);
  require_exit(program, 0);
  REQUIRE(program.says("1 worker(s) lost"));
  require_whole_ledger(trial.report(), 5000);
  CHECK(replayed(trial).at("parameters_hash") == trial.report().at("parameters_hash"));
}

TEST_CASE("an interrupted gossip run keeps the mean of its replicas, and is continued from it") {
  const Trial trial;
  const std::string processes = GENERATE("0", "2");
  const Words job = algorithm("ad-psgd") + Words{"--processes", processes} +
                    set({"checkpoint.every=512", "job.samples=8000", "training.lr=0.4"});
  Program program = trial.train(job + set({"emulate.step_ms=[10]"}), "run");
  REQUIRE(eventually([&] { return std::filesystem::exists(trial / "run/checkpoints"); }));
  REQUIRE(eventually([&] { return entries_in(trial / "run/checkpoints") > 0; }));
  program.signal(SIGINT);
  require_exit(program, 128 + SIGINT);
  const double before = trial.report().at("final").at("train_loss");
  const auto report = trial.report_of(job + Words{"--resume"});
  require_whole_ledger(report, 8000);
  CHECK(report.at("final").at("train_loss") < 0.8 * before);
}

TEST_CASE("the workers of hogwild all take part, and it ends") {
  const Trial trial;
  const auto report = trial.report_of(
      algorithm("hogwild") +
      set({"job.samples=6000", "evaluation.every=1500", "training.lr=0.05"}));
  require_whole_ledger(report, 6000);
  for (const auto& worker : report.at("per_worker")) CHECK(worker.at("steps") > 0);
}
