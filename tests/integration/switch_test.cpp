// Changes of algorithm while a job runs: planned ones, and `murm switch`.
#include <csignal>
#include <fstream>

#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

/// The program's own words, after it has ended with this code.
std::string words_of(const Trial& trial, const Words& arguments, int code) {
  Program program = trial.start(arguments);
  require_exit(program, code);
  return program.output() + program.errors();
}

/// Samples of the newest checkpoint; 0: none yet.
std::uint64_t newest_checkpoint(const Trial& trial) {
  const std::string prefix = "samples-";
  std::uint64_t newest = 0;
  std::error_code none_yet;
  for (std::filesystem::directory_iterator entry(trial / "run" / "checkpoints", none_yet), end;
       entry != end; ++entry) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    newest = std::max<std::uint64_t>(newest, std::stoull(name.substr(prefix.size())));
  }
  return newest;
}

}  // namespace

TEST_CASE("planned changes run through all families, every lease applied once") {
  const Trial trial;
  const std::string processes = GENERATE("0", "2");
  const auto report = trial.report_of(
      Words{"--processes", processes, "--aggregators", "2"} +
      set({"algorithm.local_steps=4", "training.lr=0.05",
           "algorithm.switches=[{epoch=0.25,to=\"asp\"},{epoch=0.5,to=\"ad-psgd\"},"
           "{epoch=0.75,to=\"diloco\"}]"}));
  require_whole_ledger(report, 4000);
  REQUIRE(report.at("changes").size() == 3);
  CHECK(report.at("changes").at(1).at("to") == "ad-psgd");
  CHECK(report.at("final").at("eval_loss").get<double>() <
        report.at("evaluations").at(0).at("loss").get<double>());
}

TEST_CASE("a change to the same algorithm leaves the bits of the run, also when it is resumed") {
  const Trial trial;
  const Words job = set({"training.optimizer=adam", "training.lr=0.01", "checkpoint.every=512",
                         "algorithm.staleness=0"});
  const std::string hash = trial.hash_of(job, "whole");
  const Words switched = job + set({"algorithm.switches=[{epoch=0.3,to=\"ssp\"}]"});
  CHECK(trial.hash_of(switched, "switched") == hash);
  Program program = trial.train(switched + set({"emulate.step_ms=[10]"}), "run");
  REQUIRE(eventually([&] { return newest_checkpoint(trial) > 1500; }));
  program.signal(SIGKILL);
  require_exit(program, 128 + SIGKILL);
  CHECK(trial.hash_of(switched + Words{"--resume"}) == hash);
}

TEST_CASE("murm switch changes a run under way, and its job file says so") {
  const Trial trial;
  const std::string processes = GENERATE("0", "2");
  Program program = trial.train(
      Words{"--processes", processes} + set({"job.samples=10000000", "emulate.step_ms=[2]"}),
      "run");
  require_under_way(trial, program);
  CHECK(
      words_of(trial, {"switch", "run", "ad-psgd"}, 0).starts_with("switched from bsp to ad-psgd"));
  CHECK(words_of(trial, {"switch", "run", "asp"}, 0).starts_with("switched from ad-psgd to asp"));
  CHECK(words_of(trial, {"switch", "run", "asp"}, 2).find("runs already") != std::string::npos);
  CHECK(words_of(trial, {"switch", "run", "nonsense"}, 2).find("not known") != std::string::npos);
  std::ifstream file(trial / "run" / "job.toml");
  const std::string job{std::istreambuf_iterator<char>(file), {}};
  CHECK(job.find("to = \"asp\"") != std::string::npos);
  program.signal(SIGINT);
  require_exit(program, 128 + SIGINT);
  CHECK(trial.report().at("changes").size() == 2);
  CHECK(words_of(trial, {"switch", "run", "bsp"}, 2).find("not under way") != std::string::npos);
}

TEST_CASE("murm switch says in a sentence when it cannot reach a run") {
  const Trial trial;
  CHECK(words_of(trial, {"switch", "nowhere", "asp"}, 2).find("HINT") != std::string::npos);
  CHECK(words_of(trial, {"switch", free_endpoint(), "asp"}, 2).find("nobody answers") !=
        std::string::npos);
}
