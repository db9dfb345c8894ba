// murm compare: a table on the terminal, a page and a report in the folder, from simulations side by side.
#include <csignal>

#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

const Words kCompare{"compare", "job.toml", "--seeds", "2"};

nlohmann::json read_json(const std::filesystem::path& file) {
  return nlohmann::json::parse(content_of(file));
}

/// Without what depends on the machine and the moment.
nlohmann::json timeless(nlohmann::json report) {
  report.erase("wall_seconds");
  for (auto& algorithm : report.at("algorithms")) {
    for (auto& run : algorithm.at("runs")) {
      for (const char* key : {"wall_seconds", "events_per_second", "peak_rss_bytes"})
        run.at("report").erase(key);
    }
  }
  return report;
}

const nlohmann::json& only_run(const nlohmann::json& report, std::size_t algorithm,
                               std::size_t seed = 0) {
  return report.at("algorithms").at(algorithm).at("runs").at(seed).at("report");
}

}  // namespace

TEST_CASE("compare leaves a table, a page, a report and the files it was made from") {
  const Trial trial;
  Program program = trial.start(kCompare + Words{"--algorithms", "bsp,asp,ssp:staleness=1",
                                                 "--report", "copy.json", "--set",
                                                 "scenario.compute.mean_ms=5"});
  require_exit(program, 0);
  const auto folder = trial / "runs" / "trial-compare";
  for (const char* word : {"algorithm", "bsp", "asp", "ssp:staleness=1", "gradients/s", "accuracy",
                           "2 seeds, 1 to 2", "compare.html"}) {
    INFO(word);
    CHECK(program.output().find(word) != std::string::npos);
  }
  const std::string page = content_of(folder / "compare.html");
  CHECK(page.starts_with("<!DOCTYPE html>"));
  CHECK(page.find("Loss against virtual time") != std::string::npos);
  CHECK(page.find("--algorithms bsp,asp,ssp:staleness=1") != std::string::npos);
  const auto report = read_json(folder / "report.json");
  CHECK(report.at("schema") == "murmuration.compare/1");
  CHECK(report.at("seeds") == nlohmann::json{1, 2});
  REQUIRE(report.at("algorithms").size() == 3);
  CHECK(only_run(report, 0).at("algorithm") == "bsp");
  CHECK(only_run(report, 0).at("trace_hash") != only_run(report, 1).at("trace_hash"));
  CHECK(only_run(report, 0, 0).at("parameters_hash") !=
        only_run(report, 0, 1).at("parameters_hash"));
  CHECK(report.at("algorithms")[0].at("staleness_mean").at("median") == 0.0);
  CHECK(report.at("algorithms")[1].at("staleness_mean").at("median") > 1.0);
  CHECK(content_of(trial / "copy.json") == content_of(folder / "report.json"));
  CHECK(content_of(folder / "scenario.toml").find("mean_ms = 5") != std::string::npos);
  CHECK(content_of(folder / "job.toml").find("samples = 4000") != std::string::npos);
}

TEST_CASE("the number of simulations at a time changes nothing in the report") {
  const Trial trial;
  const Words arguments = kCompare + Words{"--algorithms", "bsp,asp", "--quiet"};
  for (const std::string jobs : {"1", "2", "9"}) {
    Program program = trial.start(arguments + Words{"--jobs", jobs, "--out", "jobs" + jobs});
    require_exit(program, 0);
    CHECK(program.output().empty());
    CHECK(program.errors().empty());
  }
  const auto alone = timeless(read_json(trial / "jobs1" / "report.json"));
  CHECK(alone == timeless(read_json(trial / "jobs2" / "report.json")));
  CHECK(alone == timeless(read_json(trial / "jobs9" / "report.json")));
}

TEST_CASE("a run of a comparison is the run that simulate gives for its algorithm and seed") {
  const Trial trial;
  Program program = trial.start(
      kCompare + Words{"--algorithms", "asp,ssp:staleness=1", "--quiet", "--out", "both"});
  require_exit(program, 0);
  Program single = trial.start({"simulate", "job.toml", "--set", "algorithm.name=ssp", "--set",
                                "algorithm.staleness=1", "--seed", "2", "--quiet", "--out", "one"});
  require_exit(single, 0);
  const auto report = read_json(trial / "both" / "report.json");
  const auto one = read_json(trial / "one" / "report.json");
  CHECK(only_run(report, 1, 1).at("trace_hash") == one.at("trace_hash"));
  CHECK(only_run(report, 1, 1).at("parameters_hash") == one.at("parameters_hash"));
}

TEST_CASE("a target of one algorithm alone is one to reach") {
  const Trial trial;
  Program program = trial.start(
      kCompare + Words{"--algorithms", "asp:job.target_loss=100,bsp", "--out", "target"});
  require_exit(program, 0);
  CHECK(program.output().find("to target") != std::string::npos);
  const auto report = read_json(trial / "target" / "report.json");
  CHECK(report.at("algorithms")[0].at("time_to_target").at("median") > 0);
  CHECK(report.at("algorithms")[1].at("time_to_target").at("median").is_null());
}

TEST_CASE("a phantom comparison ends at its virtual time and draws no loss") {
  const Trial trial;
  Program program = trial.start(Words{"compare", "job.toml", "--algorithms", "bsp,asp", "--seeds",
                                      "1", "--phantom", "--until", "2s", "--workers", "16", "--out",
                                      "phantom"});
  require_exit(program, 0);
  const std::string page = content_of(trial / "phantom" / "compare.html");
  CHECK(page.find("A phantom run computes no gradients") != std::string::npos);
  CHECK(page.find("Loss against") == std::string::npos);
  const auto report = read_json(trial / "phantom" / "report.json");
  CHECK(report.at("phantom") == true);
  CHECK(report.at("until_seconds") == 2.0);
  CHECK(report.at("workers") == 16);
  CHECK(report.at("algorithms")[0].at("virtual_seconds").at("max") <= 2.0);
}

TEST_CASE("a diverged run is a line of the table, not the end of the comparison") {
  const Trial trial;
  Program program = trial.start(
      kCompare + Words{"--algorithms", "bsp:training.lr=1000000+training.weight_decay=1,asp",
                       "--out", "mixed"});
  require_exit(program, 0);
  CHECK(program.output().find("diverged") != std::string::npos);
  const auto report = read_json(trial / "mixed" / "report.json");
  CHECK(report.at("algorithms")[0].at("diverged") == 2);
  CHECK(report.at("algorithms")[0].at("runs")[0].at("report").is_null());
  CHECK(report.at("algorithms")[1].at("diverged") == 0);
  const std::string page = content_of(trial / "mixed" / "compare.html");
  CHECK(page.find("the loss is not finite at worker ") != std::string::npos);
}

TEST_CASE("a comparison that cannot be is refused before anything runs") {
  const Trial trial;
  const std::string before = trial.listing();
  const auto refuse = [&](const Words& arguments, const std::string& text) {
    Program program = trial.start(Words{"compare", "job.toml"} + arguments);
    const int code = program.wait();
    INFO(program.errors());
    CHECK(code == 2);
    CHECK(program.says(text));
    CHECK(program.output().empty());
    CHECK(trial.listing() == before);
  };
  refuse({}, "--algorithms");
  refuse({"--algorithms", "asp,bps"}, "bps");
  refuse({"--algorithms", "asp,asp"}, "is there twice");
  refuse({"--algorithms", "ssp:stalenes=8"}, "algorithm.staleness");
  refuse({"--algorithms", "asp", "--seeds", "0"}, "--seeds");
  refuse({"--algorithms", "asp", "--jobs", "257"}, "--jobs 257: expected at most 256");
  refuse({"--algorithms", "asp", "--until", "soon"}, "--until");
  refuse({"--algorithms", "asp", "--scenario", "nowhere.toml"}, "nowhere.toml");
  refuse({"--algorithms", "asp", "--set", "scenario.compute.mean=5"}, "compute.mean");
  refuse({"--algorithms", "asp", "--report", "nowhere/copy.json"}, "nowhere");
  refuse({"--algorithms", "asp", "--out", "job.toml"}, "is a file");
}

TEST_CASE("an interrupt ends a comparison soon, with the code of its signal") {
  const Trial trial;
  Program program = trial.start(kCompare + Words{"--algorithms", "bsp,asp", "--out", "long"} +
                                set({"job.samples=100000000"}));
  REQUIRE(eventually([&] { return std::filesystem::exists(trial / "long" / "scenario.toml"); }));
  program.signal(SIGINT);
  CHECK(program.wait(5s) == 128 + SIGINT);
  CHECK_FALSE(std::filesystem::exists(trial / "long" / "compare.html"));
}

TEST_CASE("a comparison replaces the files of an earlier run in its folder") {
  const Trial trial;
  const Words arguments = kCompare +
                          Words{"--algorithms", "asp", "--phantom", "--quiet", "--out", "run"};
  Program program = trial.start(arguments);
  require_exit(program, 0);
  CHECK(std::filesystem::exists(trial / "run" / "compare.html"));
  trial.report_of({});
  CHECK_FALSE(std::filesystem::exists(trial / "run" / "compare.html"));
  CHECK_FALSE(std::filesystem::exists(trial / "run" / "scenario.toml"));
  Program again = trial.start(arguments);
  require_exit(again, 0);
  CHECK_FALSE(std::filesystem::exists(trial / "run" / "final.safetensors"));
}
