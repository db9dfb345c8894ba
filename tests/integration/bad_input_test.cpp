// Wrong input: exit code 2, one clear sentence, and nothing left behind.
#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

TEST_CASE("an unknown key is refused with its file, its line and the nearest key") {
  const Trial trial;
  put(trial / "bad.toml", "[job]\nepochs = 1\n\n[training]\nmomentun = 0.9\n");
  require_refused(trial, {"train", "bad.toml"}, {"bad.toml", "5", "momentun", "training.momentum"});
}

TEST_CASE(
    "a wrong type, an impossible value and a file that is no TOML are refused with the line") {
  const Trial trial;
  put(trial / "type.toml", "[job]\nepochs = \"two\"\n");
  require_refused(trial, {"train", "type.toml"}, {"type.toml:2", "job.epochs"});
  put(trial / "value.toml", "[job]\nepochs = 1\n[cluster]\nworkers = -3\n");
  require_refused(trial, {"train", "value.toml"}, {"value.toml:4", "cluster.workers"});
  put(trial / "text.toml", "[job\nepochs = 1\n");
  require_refused(trial, {"train", "text.toml"}, {"text.toml:1"});
  put(trial / "endless.toml", "[job]\nname = \"x\"\n");
  require_refused(trial, {"train", "endless.toml"}, {"endless.toml", "job.epochs"});
}

TEST_CASE("a missing job file or data set is refused by name") {
  const Trial trial;
  require_refused(trial, {"train", "none.toml"}, {"none.toml"});
  require_refused(trial, Words{"train", "job.toml"} + set({"data.kind=mnist", "data.path=nowhere"}),
                  {"nowhere"});
  require_refused(trial, Words{"train", "job.toml"} + set({"data.kind=mnist"}), {"data.path"});
}

TEST_CASE("a foreign folder or a file is not taken for the output") {
  const Trial trial;
  std::filesystem::create_directory(trial / "foreign");
  put(trial / "foreign" / "thesis.txt", "years of work");
  require_refused(trial, {"train", "job.toml", "--out", "foreign"}, {"foreign", "not empty"});
  require_refused(trial, {"train", "job.toml", "--out", "job.toml"}, {"job.toml", "is a file"});
}

TEST_CASE("a bad --set is refused") {
  const Trial trial;
  const Words train{"train", "job.toml"};
  require_refused(trial, train + set({"nonsense"}), {"--set nonsense"});
  require_refused(trial, train + set({"training.lr=fast"}), {"training.lr"});
  require_refused(trial, train + set({"trainig.lr=1"}), {"trainig.lr", "training.lr"});
  require_refused(trial, train + Words{"--workers", "0"}, {"cluster.workers"});
  require_refused(trial, train + Words{"--processes", "5"}, {"cluster.processes"});
  require_refused(trial, train + Words{"--transport", "pigeon"}, {"cluster.transport"});
}

TEST_CASE("a bad endpoint is refused, and one beyond loopback without --insecure") {
  const Trial trial;
  const Words coordinator{"coordinator", "job.toml", "--listen"};
  require_refused(trial, coordinator + Words{"localhost:70"}, {"--listen"});
  require_refused(trial, coordinator + Words{"tcp://127.0.0.1:99999"}, {"--listen"});
  require_refused(trial, {"worker", "--join", "udp://127.0.0.1:70"}, {"--join"});
  const std::string free = free_endpoint();
  const std::string open = "tcp://0.0.0.0" + free.substr(free.rfind(':'));
  require_refused(trial, coordinator + Words{open}, {"--insecure"});
}

TEST_CASE("a port in use is refused") {
  const Trial trial;
  const std::string endpoint = free_endpoint();
  const Words listen{"coordinator", "job.toml", "--listen", endpoint, "--out"};
  Program first = trial.start(listen + Words{"one"});
  REQUIRE(eventually([&] { return first.says("waiting for 4 worker(s)"); }));
  Program second = trial.start(listen + Words{"two"});
  require_exit(second, 2, 5s);
  CHECK(second.says(endpoint));
}

TEST_CASE("unknown flags and commands are refused, help and version are not") {
  const Trial trial;
  require_refused(trial, {}, {"subcommand"});
  require_refused(trial, {"trian", "job.toml"}, {"subcommand"});
  require_refused(trial, {"train", "job.toml", "--fast"}, {"--fast"});
  require_refused(trial, {"train"}, {"job"});
  const std::string before = trial.listing();
  for (const Words& words : {Words{"--version"}, Words{"--help"}, Words{"train", "--help"}}) {
    Program program = trial.start(words);
    require_exit(program, 0, 5s);
    CHECK(program.errors().empty());
    CHECK_FALSE(program.output().empty());
  }
  CHECK(trial.listing() == before);
}

TEST_CASE("evaluating what is no run is refused") {
  const Trial trial;
  require_refused(trial, {"evaluate", "."}, {"not the folder of a run"});
  require_refused(trial, {"evaluate", "nowhere"}, {"nowhere"});
}

TEST_CASE("a folder that another run is using is refused") {
  const Trial trial;
  Program first = trial.train(set({"job.samples=1000000", "emulate.step_ms=[10]"}), "run");
  require_under_way(trial, first);
  Program second = trial.train({}, "run");
  require_exit(second, 2, 5s);
  CHECK(second.says("in use"));
}
