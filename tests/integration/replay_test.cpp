// Runs that are recorded and repeated by the real program.
#include <csignal>

#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

Words with(const std::string& algorithm) {
  return Words{"--record"} + set({"algorithm.name=" + algorithm});
}

/// Repeats the run in "run" and requires that it comes out the same; gives the replay's report.
nlohmann::json require_identical(const Trial& trial) {
  Program replay = trial.start({"replay", "run", "--report", "replayed.json"});
  require_exit(replay, 0);
  CHECK(replay.output().find("identical   parameters hash ") != std::string::npos);
  const auto report = nlohmann::json::parse(content_of(trial / "replayed.json"));
  CHECK(report == nlohmann::json::parse(content_of(trial / "run/replay.json")));
  const auto was = trial.report();
  CHECK(report.at("identical") == true);
  CHECK(report.at("events") > 100);
  CHECK(report.at("bytes_per_event") < 40);
  for (const char* key : {"parameters_hash", "algorithm", "seed", "workers", "updates", "samples",
                          "staleness", "final"}) {
    INFO(key);
    CHECK(report.at(key) == was.at(key));
  }
  for (const char* key : {"issued", "applied", "lost", "refused_duplicate"}) {
    INFO(key);
    CHECK(report.at("ledger").at(key) == was.at("ledger").at(key));
  }
  return report;
}

void change_byte(const std::filesystem::path& file, double place) {
  std::string bytes = content_of(file);
  char& byte = bytes.at(static_cast<std::size_t>(static_cast<double>(bytes.size()) * place));
  byte = static_cast<char>(byte ^ 1);
  put(file, bytes);
}

}  // namespace

TEST_CASE("an asynchronous run of four processes is replayed to the bit") {
  const Trial trial;
  const std::string transport = GENERATE("tcp", "ipc");
  trial.report_of(with("asp") + Words{"--processes", "4", "--transport", transport});
  CHECK(entries_in(trial / "run/trace") == 5);
  require_identical(trial);
}

TEST_CASE("a run of one process with two aggregators is replayed to the bit") {
  const Trial trial;
  const std::string algorithm = GENERATE("asp", "bsp", "ssp");
  INFO(algorithm);
  trial.report_of(with(algorithm) + Words{"--aggregators", "2"} +
                  set({"training.optimizer=adam", "training.lr=0.002", "training.clip=1"}));
  require_identical(trial);
}

TEST_CASE("a run whose worker was killed is replayed to the bit") {
  const Trial trial;
  const std::string algorithm = GENERATE("asp", "bsp", "ssp");
  INFO(algorithm);
  Program program = trial.train(
      with(algorithm) + Words{"--processes", "4"} +
          set({"emulate.step_ms=[10]", "job.samples=5000", "checkpoint.every=1000"}),
      "run");
  require_under_way(trial, program);
  ::kill(program.children().front(), SIGKILL);
  require_exit(program, 0);
  REQUIRE(program.says("1 worker(s) lost"));
  require_identical(trial);
}

TEST_CASE("a run that was interrupted is replayed to the state it reported") {
  const Trial trial;
  Program program = trial.train(
      with("asp") + Words{"--processes", "2"} + set({"emulate.step_ms=[10]", "job.samples=100000"}),
      "run");
  require_under_way(trial, program);
  program.signal(SIGINT);
  require_exit(program, 128 + SIGINT);
  Program replay = trial.start({"replay", "run", "--quiet"});
  require_exit(replay, 0);
  CHECK(replay.output().empty());
  CHECK(nlohmann::json::parse(content_of(trial / "run/replay.json")).at("parameters_hash") ==
        trial.report().at("parameters_hash"));
}

TEST_CASE("a run whose own process was killed leaves traces that can be replayed") {
  const Trial trial;
  Program program = trial.train(
      with("asp") + Words{"--processes", "2"} + set({"emulate.step_ms=[10]", "job.samples=100000"}),
      "run");
  require_under_way(trial, program);
  const auto children = program.children();
  program.signal(SIGKILL);
  require_exit(program, 128 + SIGKILL);
  for (const pid_t child : children) REQUIRE(eventually([&] { return !is_running(child); }));
  Program replay = trial.start({"replay", "run"});
  require_exit(replay, 0);
  CHECK(replay.output().find("the run left no report to compare it with") != std::string::npos);
}

TEST_CASE("a run that ended before its first gradient is replayed, but says nothing about times") {
  const Trial trial;
  trial.report_of(with("asp") + set({"job.samples=800"}));
  std::filesystem::remove(trial / "run/report.json");
  for (const std::uintmax_t size :
       {45U, 60U}) {  // all but the header, and in the middle of a record
    for (const auto& file : std::filesystem::directory_iterator(trial / "run/trace")) {
      if (file.file_size() > size) std::filesystem::resize_file(file, size);
    }
    Program replay = trial.start({"replay", "run"});
    require_exit(replay, 0);
    Program asked = trial.start({"replay", "run", "--against", "bsp"});
    require_exit(asked, 2);
    CHECK(asked.says("HINT: record a longer run"));
  }
}

TEST_CASE("what is no regular file in the folder of traces is not read") {
  const Trial trial;
  trial.report_of(with("asp") + set({"job.samples=800"}));
  std::filesystem::create_directory(trial / "run/trace/folder.trace");
  std::filesystem::create_symlink("/dev/zero", trial / "run/trace/zero.trace");
  require_identical(trial);
}

TEST_CASE("a replay whose report cannot be written still gives its answer") {
  const Trial trial;
  trial.report_of(with("asp") + set({"job.samples=800"}));
  std::filesystem::create_directory(trial / "run/replay.json");
  Program replay = trial.start({"replay", "run"});
  require_exit(replay, 1);
  CHECK(replay.output().find("identical   parameters hash ") != std::string::npos);
  CHECK(replay.says("replay.json"));
  Program early = trial.start({"replay", "run", "--report", "nowhere/replayed.json"});
  require_exit(early, 2);
  CHECK(early.says("there is no folder nowhere"));
}

TEST_CASE("a run that has not ended is not replayed") {
  const Trial trial;
  Program program = trial.train(with("asp") + set({"emulate.step_ms=[10]", "job.samples=100000"}),
                                "run");
  require_under_way(trial, program);
  Program replay = trial.start({"replay", "run"});
  require_exit(replay, 2);
  CHECK(replay.says("is in use by a run that has not ended"));
  program.signal(SIGINT);
  require_exit(program, 128 + SIGINT);
}

TEST_CASE("a changed byte of a trace never passes as the same run") {
  const Trial trial;
  trial.report_of(with("asp") + set({"job.samples=800"}));
  const std::string machine = GENERATE("aggregator-0", "worker-2-0");
  const double place = GENERATE(0.0, 0.1, 0.5, 0.9);
  change_byte(trial / ("run/trace/" + machine + ".trace"), place);
  Program replay = trial.start({"replay", "run"});
  const int code = replay.wait();
  INFO(replay.errors());
  CHECK((code == 1 || code == 2));
  CHECK(replay.says(machine));
}

TEST_CASE("a shortened trace names the machine that waits and the one that is silent") {
  const Trial trial;
  trial.report_of(with("asp") + set({"job.samples=800"}));
  const auto file = trial / "run/trace/worker-1-0.trace";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  Program replay = trial.start({"replay", "run"});
  require_exit(replay, 1);
  CHECK(replay.says("the replay differs: aggregator-0, event "));
  CHECK(replay.says("the trace of worker-1-0 ends before it sent this"));
  CHECK(nlohmann::json::parse(content_of(trial / "run/replay.json")).at("identical") == false);
}

TEST_CASE("a job that is not the recorded one differs at the first event that shows it") {
  const Trial trial;
  trial.report_of(with("asp") + set({"job.samples=800"}));
  Program replay = trial.start(Words{"replay", "run"} + set({"training.lr=0.2"}));
  require_exit(replay, 1);
  CHECK(replay.says("event 2 at "));
  CHECK(replay.says("learning rate recorded 0.1, replayed 0.2"));
  Program other = trial.start(Words{"replay", "run"} + set({"model.hidden=[31]"}));
  require_exit(other, 2);
  CHECK(other.says("which is not what job.toml says"));
}

TEST_CASE("a run without a recording cannot be replayed, and one cannot be begun in the middle") {
  const Trial trial;
  trial.report_of(set({"job.samples=800", "checkpoint.every=400"}));
  Program replay = trial.start({"replay", "run"});
  require_exit(replay, 2);
  CHECK(replay.says("HINT: record a run with `murm train --record`"));
  Program nowhere = trial.start({"replay", "nothing"});
  require_exit(nowhere, 2);
  Program resumed = trial.train({"--record", "--resume"}, "run");
  require_exit(resumed, 2);
  CHECK(resumed.says("--record and --resume do not go together"));
}

TEST_CASE("a new run in a folder leaves no trace of the one before") {
  const Trial trial;
  trial.report_of(with("asp") + set({"job.samples=800"}));
  require_identical(trial);
  trial.report_of(set({"job.samples=800"}));
  CHECK_FALSE(std::filesystem::exists(trial / "run/trace"));
  CHECK_FALSE(std::filesystem::exists(trial / "run/replay.json"));
}

TEST_CASE("another algorithm is asked how it would have done in the recorded times") {
  const Trial trial;
  trial.report_of(with("asp") + set({"job.samples=2000", "emulate.step_ms=[3, 3, 3, 12]"}));
  Program asked = trial.start({"replay", "run", "--against", "bsp", "--report", "against.json"});
  require_exit(asked, 0);
  CHECK(asked.output().find("staleness") != std::string::npos);
  const auto report = nlohmann::json::parse(content_of(trial / "against.json"));
  CHECK(report.at("algorithm") == "bsp");
  CHECK(report.at("samples") == 2000);
  CHECK(report.at("staleness").at("mean") == 0);
  // 31 full steps that each wait for the slow worker, and a last one.
  CHECK(report.at("seconds") > 31 * 0.012);
  Program unknown = trial.start({"replay", "run", "--against", "nobody"});
  require_exit(unknown, 2);
}
