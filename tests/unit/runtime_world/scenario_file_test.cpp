#include "runtime/world/scenario_file.hpp"

#include <algorithm>

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

using namespace murm;
using Texts = std::vector<std::string>;

namespace {

/// The sentence with which `text` is refused; fails the test when it is not.
std::string refusal(const std::string& text, const Texts& overrides = {}) {
  try {
    static_cast<void>(parse_scenario(text, "s.toml", overrides));
  } catch (const InputError& error) {
    return error.what();
  }
  FAIL("accepted: " << text);
  return "";
}

Scenario parsed(const std::string& text, const Texts& overrides = {}) {
  return parse_scenario(text, "s.toml", overrides).scenario;
}

const std::string full = R"(
[compute]
distribution = "lognormal"
mean_ms = 20.5
sigma = 1
apply_ms = 0.25
slow = [{worker = 0, factor = 10}, {worker = 2, factor = 0.5, from_s = 1, to_s = 2.5}]

[network]
bandwidth_gbit = 10
loss = 0.01
duplication = 0.02
reordering = 0.03

[regions]
shares = [0.25, 0.75]
latency_ms = [[0.1, 40], [41, 0.2]]
bandwidth_gbit = [[0, 1], [1, 0]]

[detection]
heartbeat_ms = 250

[[partition]]
from_s = 3
to_s = 4
workers = [1, 2]

[[partition]]
workers = [0]

[[churn]]
event = "freeze"
at_s = 5
worker = 1
for_s = 2

[[churn]]
event = "crash"
rate_per_hour = 60
from_s = 10
to_s = inf
)";

}  // namespace

TEST_CASE("a scenario file sets what it names and leaves the defaults") {
  const auto loaded = parse_scenario(full, "s.toml");
  CHECK(loaded.notes.empty());
  const Scenario& s = loaded.scenario;
  CHECK(s.compute.distribution == "lognormal");
  CHECK(s.compute.mean_ms == 20.5);
  CHECK(s.compute.sigma == 1.0);
  CHECK(s.compute.apply_ms == 0.25);
  CHECK(s.compute.alpha == Scenario{}.compute.alpha);
  REQUIRE(s.compute.slow.size() == 2);
  CHECK(s.compute.slow[0].factor == 10.0);
  CHECK(s.compute.slow[0].to_s == forever);
  CHECK(s.compute.slow[1].worker == 2U);
  CHECK(s.compute.slow[1].from_s == 1.0);
  CHECK(s.compute.slow[1].to_s == 2.5);
  CHECK(s.network.bandwidth_gbit == 10.0);
  CHECK(s.network.loss == 0.01);
  CHECK(s.network.duplication == 0.02);
  CHECK(s.network.reordering == 0.03);
  CHECK(s.regions.shares == std::vector<double>{0.25, 0.75});
  CHECK(s.regions.latency_ms == std::vector<std::vector<double>>{{0.1, 40}, {41, 0.2}});
  CHECK(s.regions.bandwidth_gbit == std::vector<std::vector<double>>{{0, 1}, {1, 0}});
  CHECK(s.detection.heartbeat_ms == 250.0);
  REQUIRE(s.partition.size() == 2);
  CHECK(s.partition[0].workers == std::vector<std::uint64_t>{1, 2});
  CHECK(s.partition[0].to_s == 4.0);
  CHECK(s.partition[1].to_s == forever);
  REQUIRE(s.churn.size() == 2);
  CHECK(s.churn[0].event == "freeze");
  CHECK(s.churn[0].at_s == 5.0);
  CHECK(s.churn[0].worker == 1U);
  CHECK(s.churn[0].for_s == 2.0);
  CHECK(s.churn[1].rate_per_hour == 60.0);
  CHECK(s.churn[1].from_s == 10.0);
  CHECK(s.churn[1].to_s == forever);
  CHECK(s.churn[1].for_s == forever);
  CHECK(s.recorded == nullptr);
}

TEST_CASE("a resolved scenario parses back to the same one, without notes") {
  for (const std::string& text : {std::string(), full}) {
    const std::string resolved = to_toml(parsed(text));
    const auto again = parse_scenario(resolved, "again.toml");
    CHECK(to_toml(again.scenario) == resolved);
    CHECK(again.notes.empty());
  }
  const std::string resolved = to_toml(parsed(full));
  CHECK(resolved.find("churn = [\n  {event = \"freeze\", at_s = 5, worker = 1, for_s = 2},\n") !=
        std::string::npos);
  const Scenario again = parsed(resolved);
  CHECK(again.compute.slow[1].to_s == 2.5);
  CHECK(again.compute.slow[0].to_s == forever);
  CHECK(again.churn[1].rate_per_hour == 60.0);
  CHECK(again.partition[0].workers == std::vector<std::uint64_t>{1, 2});
  CHECK(again.regions.latency_ms[1][0] == 41.0);
}

TEST_CASE("entries can be written as sections, in a list and with --set") {
  const Scenario sections = parsed("[[compute.slow]]\nworker = 3\nfactor = 2\n");
  const Scenario list = parsed("[compute]\nslow = [{worker = 3, factor = 2}]\n");
  const Scenario set = parsed("", {"compute.slow=[{worker=3, factor=2}]"});
  CHECK(to_toml(sections) == to_toml(list));
  CHECK(to_toml(sections) == to_toml(set));
  const Scenario churn = parsed("", {"churn=[{at_s=5,event=\"crash\",worker=1}]"});
  REQUIRE(churn.churn.size() == 1);
  CHECK(churn.churn[0].event == "crash");
  CHECK(parsed("churn = [{event = \"join\", at_s = 1}]\n").churn.size() == 1);
  CHECK(parsed("", {"partition=[{workers=[0]}]"}).partition.size() == 1);
}

TEST_CASE("a list that is given again replaces the first, with all that was said about it") {
  const auto loaded = parse_scenario("[[churn]]\nevent = \"join\"\nat_s = 1\nfor_s = 3\n", "s.toml",
                                     Texts{"churn=[{event=\"kill\", rate_per_hour=6}]"});
  CHECK(loaded.notes.empty());
  REQUIRE(loaded.scenario.churn.size() == 1);
  CHECK(loaded.scenario.churn[0].event == "kill");
  CHECK(loaded.scenario.churn[0].for_s == forever);
}

TEST_CASE("unknown names in a scenario are refused with their place and the nearest known one") {
  CHECK(refusal("[compute]\nmean = 5\n") ==
        "s.toml:2:1: unknown key compute.mean. HINT: did you mean compute.mean_ms?");
  CHECK(refusal("[computer]\nmean_ms = 5\n") ==
        "s.toml:1:2: unknown section [computer]. HINT: did you mean [compute]?");
  CHECK(refusal("[[churns]]\nat_s = 5\n") ==
        "s.toml:1:3: unknown key churns. HINT: did you mean churn?");
  CHECK(refusal("[zebra]\nx = 1\n") ==
        "s.toml:1:2: unknown section [zebra]. HINT: the sections are \"compute\", \"network\", "
        "\"regions\", \"detection\", \"partition\", \"churn\".");
  CHECK(refusal("[[churn]]\nat_s = 1\n[[churn]]\nevnt = \"crash\"\n") ==
        "s.toml:4:1: unknown key churn[1].evnt. HINT: did you mean event?");
  CHECK(refusal("[[partition]]\nzebra = 1\n") ==
        "s.toml:2:1: unknown key partition[0].zebra. HINT: the keys are \"from_s\", \"to_s\", "
        "\"workers\".");
  CHECK(refusal("", {"compute.meen_ms=1"}) ==
        "--set scenario.compute.meen_ms=1: unknown key compute.meen_ms. HINT: did you mean "
        "compute.mean_ms?");
  CHECK(refusal("", {"compute.mean_ms"}) ==
        "--set scenario.compute.mean_ms: expected scenario.section.key=value. HINT: for example "
        "--set scenario.compute.mean_ms=5.");
  CHECK(refusal("[[churn]]\nat_s = 1\nevent = \"crsh\"\n") ==
        "s.toml:3:1: churn[0].event is \"crsh\", expected one of \"join\", \"leave\", \"kill\", "
        "\"crash\", \"freeze\". HINT: did you mean \"crash\"?");
}

TEST_CASE("wrong types in a scenario are refused") {
  CHECK(refusal("[churn]\nat_s = 1\n") ==
        "s.toml:1:2: churn must be a list of tables, not a section. HINT: write [[churn]] sections "
        "or a list of {key = value, ...}, strings in double quotes.");
  CHECK(refusal("", {"churn=[{event=crash}]"})
            .starts_with("--set scenario.churn=[{event=crash}]: churn must be a list of tables, "
                         "not a string"));
  CHECK(refusal("", {"churn=[5]"})
            .starts_with("--set scenario.churn=[5]: churn[0] must be a table, not a whole number"));
  CHECK(refusal("[regions]\nlatency_ms = [1, 2]\n") ==
        "s.toml:2:1: regions.latency_ms[0] must be a list of numbers, not a whole number. HINT: "
        "write [a, b].");
  CHECK(refusal("[regions]\nlatency_ms = 1\n")
            .starts_with("s.toml:2:1: regions.latency_ms must be a list of lists of numbers"));
  CHECK(refusal("[[partition]]\nworkers = [0.5]\n")
            .starts_with("s.toml:2:1: partition[0].workers must be a whole number"));
  CHECK(refusal("[network]\nloss = \"1 %\"\n") ==
        "s.toml:2:1: network.loss must be a number, not a string.");
}

TEST_CASE("impossible values in a scenario are refused") {
  const auto key_value = GENERATE(
      "compute.mean_ms=0", "compute.mean_ms=-1", "compute.mean_ms=inf", "compute.mean_ms=nan",
      "compute.sigma=-1", "compute.sigma=6", "compute.alpha=1", "compute.apply_ms=-1",
      "compute.distribution=normal", "compute.distribution=trace", "network.latency_ms=-1",
      "network.bandwidth_gbit=-1", "network.loss=1", "network.loss=-0.1", "network.duplication=1",
      "network.reordering=1", "detection.heartbeat_ms=9", "regions.shares=[0.5, 0.4]",
      "regions.shares=[1, 0]", "regions.shares=[0.4999, 0.5]", "regions.latency_ms=[[1]]",
      "compute.slow=[{worker=0, factor=0}]", "compute.slow=[{worker=0}]",
      "compute.slow=[{factor=2}]", "compute.slow=[{worker=-1, factor=2}]",
      "compute.slow=[{worker=0, factor=2, from_s=2, to_s=2}]",
      "compute.slow=[{worker=0, factor=2, from_s=inf}]", "partition=[{from_s=1}]",
      "partition=[{workers=[0], from_s=2, to_s=1}]", "churn=[{at_s=1}]", "churn=[{event=\"kill\"}]",
      "churn=[{event=\"kill\", at_s=1}]", "churn=[{event=\"freeze\", rate_per_hour=1, for_s=0}]",
      "churn=[{event=\"kill\", at_s=1, worker=0, rate_per_hour=1}]",
      "churn=[{event=\"kill\", rate_per_hour=-1}]",
      "churn=[{event=\"kill\", rate_per_hour=1, from_s=5, to_s=4}]");
  const std::string message = refusal("", {key_value});
  INFO(message);
  CHECK(message.starts_with("--set scenario." + std::string(key_value) + ": "));
}

TEST_CASE("the sentence about an impossible scenario names the place and the remedy") {
  CHECK(refusal("[network]\nloss = 5\n") ==
        "s.toml:2:1: network.loss is 5, expected at least 0 and at most 0.95. HINT: probabilities "
        "are "
        "fractions: 1 % is 0.01.");
  CHECK(refusal("[[churn]]\nevent = \"kill\"\nworker = 0\nat_s = 1\nrate_per_hour = 5\n") ==
        "s.toml:4:1: churn[0] has both at_s and rate_per_hour, expected one of them. HINT: from_s "
        "and to_s say when a rate holds.");
  CHECK(refusal("[regions]\nshares = [0.5, 0.5]\nlatency_ms = [[0, 1], [1]]\n") ==
        "s.toml:3:1: regions.latency_ms must be 2 lists of 2 numbers, one for each of "
        "regions.shares. HINT: row i says what holds from region i to each region.");
  CHECK(refusal("[[partition]]\nworkers = [0]\nfrom_s = 5\nto_s = 4\n") ==
        "s.toml:4:1: partition[0] lasts from 5 to 4 s, expected to_s after from_s.");
  // A resolved scenario still knows its lines.
  const std::string resolved = to_toml(Scenario{});
  const auto line = std::count(resolved.begin(), resolved.end(), '\n') + 1;
  CHECK(refusal(resolved + "[zebra]\n")
            .starts_with("s.toml:" + std::to_string(line) + ":2: unknown section [zebra]"));
}

TEST_CASE("shares of regions may miss 1 by rounding") {
  CHECK(parsed("[regions]\nshares = [0.3333333, 0.3333333, 0.3333334]\n").regions.shares.size() ==
        3);
}

TEST_CASE("a list in a scenario has a limit") {
  const auto list_of = [](const std::string& entry, std::size_t count) {
    std::string text = entry;
    for (std::size_t i = 1; i < count; ++i) text += "," + entry;
    return "[" + text + "]";
  };
  CHECK(refusal("churn = " + list_of("{}", 10001) + "\n") ==
        "s.toml:1:1: churn has 10001 entries, expected at most 10000.");
  CHECK(refusal("[regions]\nshares = " + list_of("0.01", 65) + "\n") ==
        "s.toml:2:1: regions.shares has 65 entries, expected at most 64.");
}

TEST_CASE("a given key that the scenario does not use gets one note") {
  const auto notes = [](const std::string& text) { return parse_scenario(text, "s.toml").notes; };
  CHECK(notes("[compute]\nsigma = 1\n") ==
        Texts{"s.toml:2:1: compute.sigma is not used with compute.distribution = \"constant\""});
  CHECK(notes("[network]\nlatency_ms = 1\n[regions]\nshares = [1]\nlatency_ms = [[2]]\n") ==
        Texts{"s.toml:2:1: network.latency_ms is not used with regions.latency_ms = [[2]]"});
  CHECK(notes("[[churn]]\nevent = \"join\"\nat_s = 1\nfor_s = 2\n") ==
        Texts{"s.toml:4:1: churn[0].for_s is not used with churn[0].event = \"join\""});
  CHECK(notes("[[churn]]\nevent = \"kill\"\nat_s = 1\nworker = 0\nfrom_s = 2\n") ==
        Texts{"s.toml:5:1: churn[0].from_s is not used with churn[0].at_s = 1"});
  CHECK(notes("[[churn]]\nevent = \"kill\"\nrate_per_hour = 1\nworker = 0\n") ==
        Texts{"s.toml:4:1: churn[0].worker is not used with churn[0].rate_per_hour = 1"});
}

TEST_CASE("without a file a scenario has the defaults and the overrides") {
  CHECK(to_toml(load_scenario({}).scenario) == to_toml(Scenario{}));
  CHECK(load_scenario({}, Texts{"compute.mean_ms=5"}).scenario.compute.mean_ms == 5.0);
  CHECK_THROWS_AS(load_scenario("missing/scenario.toml"), InputError);
}

TEST_CASE("values of --set are dealt to the job and the scenario") {
  const auto split = split_overrides(
      Texts{"training.lr=1", " scenario.compute.mean_ms=5", "scenario=1", "scenario.churn=[]"});
  CHECK(split.job == Texts{"training.lr=1", "scenario=1"});
  CHECK(split.scenario == Texts{"compute.mean_ms=5", "churn=[]"});
}

TEST_CASE("a trace brings the times of its file") {
  const test::TemporaryFolder folder;
  const std::string file = (folder / "steps.txt").string();
  const Texts overrides{"compute.distribution=trace", "compute.file=" + file};
  CHECK(refusal("", overrides) ==
        "--set scenario.compute.file=" + file + ": compute.file is \"" + file +
            "\", which does not exist. HINT: the path is relative to the folder in which murm is "
            "started.");
  test::put(file, "0 1\n1 2\n");
  const Scenario scenario = parsed("", overrides);
  REQUIRE(scenario.recorded != nullptr);
  REQUIRE(scenario.recorded->compute.size() == 2);
  CHECK(scenario.recorded->compute[1].front() == std::chrono::milliseconds{2});
  CHECK(scenario.recorded->up.empty());
  CHECK(parse_scenario("", "s.toml", Texts{"compute.file=x"}).notes.size() == 1);
}

TEST_CASE("every example of a scenario loads without a note") {
  const std::string name = GENERATE("uniform", "one-slow", "heterogeneous", "two-regions", "lossy",
                                    "churn", "partition");
  INFO(name);
  const auto loaded = load_scenario("examples/scenarios/" + name + ".toml");
  CHECK(loaded.notes.empty());
  CHECK(to_toml(loaded.scenario) != to_toml(Scenario{}));
  CHECK(to_toml(parsed(to_toml(loaded.scenario))) == to_toml(loaded.scenario));
  // A job of 4 workers has all that are named.
  for (const auto& slow : loaded.scenario.compute.slow) CHECK(slow.worker < 4);
  for (const auto& churn : loaded.scenario.churn) CHECK(churn.worker < 4);
}
