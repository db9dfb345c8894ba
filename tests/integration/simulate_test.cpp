// murm simulate: the job of `murm train` in virtual time; its report, its files, and how it ends.
#include <csignal>

#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

Program start_simulation(const Trial& trial, const Words& arguments,
                         const std::string& out = "run") {
  return trial.start(Words{"simulate", "job.toml", "--out", out} + arguments);
}

/// The report of a simulation that has to end well.
nlohmann::json simulated(const Trial& trial, const Words& arguments,
                         const std::string& out = "run") {
  Program program = start_simulation(trial, arguments, out);
  require_exit(program, 0);
  return trial.report(out);
}

/// Tests run in the root of the repository, their programs in the trial's folder.
std::string shipped(const std::string& scenario) {
  return std::filesystem::absolute("examples/scenarios/" + scenario + ".toml").string();
}

const Words quadratic = set({"model.kind=quadratic", "model.dim=20", "job.samples=400"});

}  // namespace

TEST_CASE("the report of a simulation has the keys of training, and what only virtual time has") {
  const Trial trial;
  nlohmann::json trained = trial.report_of({}, "trained");
  const auto report = simulated(trial, {"--report", "copy.json"});
  for (const auto& [key, value] : trained.items()) {
    INFO(key);
    REQUIRE(report.contains(key));
    if (key == "data_wait_fraction") {  // in virtual time there is nothing to measure
      CHECK(report.at(key).is_null());
      continue;
    }
    CHECK(report.at(key).type() == value.type());
  }
  CHECK(report.at("schema") == trained.at("schema"));
  CHECK(report.at("status") == "finished");
  CHECK(report.at("updates") == 63);
  CHECK(report.at("gradients") == 250);
  CHECK(report.at("virtual_seconds") == 6.3);
  CHECK(report.at("seconds") == 6.3);
  CHECK(report.at("gradients_per_virtual_second").get<double>() == Approx(250 / 6.3));
  CHECK(report.at("events") > 250);
  CHECK(report.at("events_per_second") > 0);
  CHECK(report.at("trace_hash").get<std::string>().size() == 16);
  CHECK(report.at("time_to_target").is_null());
  CHECK(report.at("consensus").at("contraction_per_round").is_null());
  CHECK(report.at("final").at("eval_accuracy") == trained.at("final").at("eval_accuracy"));
  CHECK(report.at("staleness") == trained.at("staleness"));
  CHECK(report.at("per_worker").size() == 4);
  require_whole_ledger(report, 4000);
  CHECK(content_of(trial / "copy.json") == content_of(trial / "run" / "report.json"));
}

TEST_CASE("bsp in virtual time computes what bsp computes, to the bit, whatever the world") {
  const Trial trial;
  const Words adam = set({"training.optimizer=adam", "training.lr=0.002", "training.clip=1"});
  const std::string hash = trial.hash_of(adam, "trained");
  const auto hash_in = [&](const Words& arguments, const std::string& out) {
    return simulated(trial, adam + arguments, out).at("parameters_hash").get<std::string>();
  };
  CHECK(hash_in({}, "plain") == hash);
  CHECK(hash_in({"--aggregators", "2"}, "sharded") == hash);
  CHECK(hash_in({"--scenario", shipped("heterogeneous")}, "heterogeneous") == hash);
  CHECK(hash_in({"--scenario", shipped("lossy")}, "lossy") == hash);
  CHECK(hash_in(set({"algorithm.name=ssp", "algorithm.staleness=0"}), "ssp") == hash);
  CHECK(hash_in({"--seed", "2"}, "seed") != hash);
}

TEST_CASE("two processes go the same way, and so does one from the files that the first left") {
  const Trial trial;
  const Words arguments = set({"algorithm.name=asp", "scenario.compute.distribution=pareto"}) +
                          Words{"--scenario", shipped("two-regions")};
  const auto first = simulated(trial, arguments, "first");
  const auto second = simulated(trial, arguments, "second");
  Program again = trial.start({"simulate", "first/job.toml", "--scenario", "first/scenario.toml",
                               "--out", "third", "--quiet"});
  require_exit(again, 0);
  CHECK(again.output().empty());
  CHECK(again.errors().empty());
  const auto third = trial.report("third");
  for (const char* key : {"trace_hash", "parameters_hash", "virtual_seconds", "events", "bytes"}) {
    INFO(key);
    CHECK(first.at(key) == second.at(key));
    CHECK(first.at(key) == third.at(key));
  }
  const auto other = simulated(trial, arguments + Words{"--seed", "5"}, "other");
  CHECK(other.at("trace_hash") != first.at("trace_hash"));
}

TEST_CASE("a simulation leaves the files of a run, which evaluate can read") {
  const Trial trial;
  Program program = start_simulation(trial, set({"scenario.compute.mean_ms=5"}));
  require_exit(program, 0);
  for (const char* word : {"trial", "simulated", "virtual second", "trace", "run"}) {
    INFO(word);
    CHECK(program.output().find(word) != std::string::npos);
  }
  CHECK(trial.report().at("virtual_seconds") == 0.315);
  CHECK(content_of(trial / "run" / "scenario.toml").find("mean_ms = 5") != std::string::npos);
  CHECK(content_of(trial / "run" / "job.toml").find("samples = 4000") != std::string::npos);
  CHECK(content_of(trial / "run" / "loss.svg").find("<svg") != std::string::npos);
  CHECK(trial.is_under_way());  // metrics.csv has lines
  Program evaluation = trial.start({"evaluate", "run", "--report", "evaluation.json"});
  require_exit(evaluation, 0);
  CHECK(nlohmann::json::parse(content_of(trial / "evaluation.json")).at("accuracy") ==
        trial.report().at("final").at("eval_accuracy"));

  Program unnamed = trial.start({"simulate", "job.toml", "--phantom", "--quiet"});
  require_exit(unnamed, 0);
  CHECK(std::filesystem::exists(trial / "runs" / "trial-simulated" / "report.json"));
}

TEST_CASE("a phantom run goes the same way, and has no numbers") {
  const Trial trial;
  const Words arguments{"--scenario", shipped("one-slow"), "--set", "algorithm.name=asp"};
  const auto numeric = simulated(trial, arguments, "numeric");
  const auto phantom = simulated(trial, arguments + Words{"--phantom"}, "phantom");
  CHECK(phantom.at("trace_hash") == numeric.at("trace_hash"));
  CHECK(phantom.at("staleness") == numeric.at("staleness"));
  CHECK(phantom.at("final").at("eval_loss").is_null());
  CHECK(phantom.at("final").at("train_loss").is_null());
  CHECK(phantom.at("parameters_hash") == "");
  CHECK(phantom.at("evaluations").empty());
  CHECK(phantom.at("per_worker")[0].at("device") == "phantom");
  CHECK_FALSE(std::filesystem::exists(trial / "phantom" / "final.safetensors"));
}

TEST_CASE("a job without an end ends at its virtual time") {
  const Trial trial;
  put(trial / "job.toml", "[model]\nkind = \"logistic\"\n[algorithm]\nname = \"asp\"\n");
  const auto report = simulated(trial, {"--phantom", "--until", "10s", "--workers", "3"});
  CHECK(report.at("status") == "time is up");
  CHECK(report.at("interrupted") == false);
  CHECK(report.at("virtual_seconds") == 10.0);
  CHECK(report.at("gradients") == 300);
  CHECK(report.at("workers") == 3);
  require_refused(trial, {"simulate", "job.toml", "--phantom"}, {"job.toml", "job.epochs"});
}

TEST_CASE("objectives without data are simulated, and a target ends them") {
  const Trial trial;
  const auto bsp = simulated(trial, set({"model.kind=consensus", "model.dim=50"}), "consensus");
  CHECK(bsp.at("consensus").at("contraction_per_round") == 0.0);
  CHECK(bsp.at("parameters") == 50);
  const auto reached = simulated(
      trial, quadratic + set({"job.target_loss=0.5", "model.condition=2", "training.lr=0.5"}));
  CHECK(reached.at("status") == "target reached");
  CHECK(reached.at("time_to_target") > 0);
  CHECK(reached.at("time_to_target") <= reached.at("virtual_seconds"));
  CHECK(reached.at("final").at("eval_loss") <= 0.5);
  CHECK(reached.at("final").at("eval_accuracy").is_null());
  CHECK(reached.at("samples") < 400);
}

TEST_CASE("a run that diverges ends with one sentence and exit code 1") {
  const Trial trial;
  Program program = start_simulation(trial,
                                     quadratic + set({"training.lr=100000"}) + Words{"--quiet"});
  require_exit(program, 1);
  const std::string said = program.errors();
  CHECK(said.starts_with("murm: the loss is not finite at worker "));
  CHECK(std::count(said.begin(), said.end(), '\n') == 1);
  CHECK(program.output().empty());
}

TEST_CASE("workers that are lost for good end the run with one sentence and exit code 1") {
  const Trial trial;
  Program program = start_simulation(trial,
                                     Words{"--phantom", "--quiet", "--workers", "1", "--set",
                                           "scenario.churn=[{at_s=1, event=\"crash\", worker=0}]"});
  require_exit(program, 1);
  CHECK(program.says("no worker came back within 30 s"));
}

TEST_CASE("ctrl-C ends a simulation with a report that says so") {
  const Trial trial;
  Program program = start_simulation(
      trial, {"--phantom", "--until", "100000h", "--quiet", "--set", "job.samples=1000000000"});
  REQUIRE(eventually([&] { return std::filesystem::exists(trial / "run" / "job.toml"); }));
  program.signal(SIGINT);
  require_exit(program, 128 + SIGINT, 5s);
  CHECK(trial.report().at("interrupted") == true);
  CHECK(trial.report().at("status") == "interrupted");
}

TEST_CASE("a world or a time that cannot be is refused, and nothing is left behind") {
  const Trial trial;
  put(trial / "bad.toml", "[compute]\nmean_ms = 5\n\n[network]\nlatncy_ms = 1\n");
  put(trial / "value.toml", "[network]\nloss = 1.5\n");
  const auto with = [](const Words& words) { return Words{"simulate", "job.toml"} + words; };
  require_refused(trial, with({"--scenario", "bad.toml"}), {"bad.toml:5", "network.latency_ms"});
  require_refused(trial, with({"--scenario", "value.toml"}), {"value.toml:2", "network.loss"});
  require_refused(trial, with({"--scenario", "none.toml"}), {"none.toml"});
  require_refused(trial, with(set({"scenario.compute.men_ms=5"})), {"compute.mean_ms"});
  require_refused(trial, with(set({"scenario.compute.mean_ms=soon"})), {"compute.mean_ms"});
  require_refused(trial, with({"--until", "soon"}), {"soon", "duration"});
  require_refused(trial, with({"--until", "-5s"}), {"-5s", "duration"});
  require_refused(trial, with({"--scenario"}), {"--scenario"});
  require_refused(trial, {"simulate", "none.toml"}, {"none.toml"});
}
