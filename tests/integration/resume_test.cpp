// --resume: what it continues from, and what it refuses.
#include <csignal>

#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

const Words with_checkpoints = set({"checkpoint.every=512", "training.lr=0.01"});

std::vector<std::string> checkpoints_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code none_yet;
  for (std::filesystem::directory_iterator entry(folder, none_yet), end; entry != end; ++entry) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with("samples-")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Starts the run, kills it once two checkpoints stand there.
void run_and_kill(const Trial& trial, const Words& job) {
  Program program = trial.train(job + set({"emulate.step_ms=[10]"}), "run");
  REQUIRE(eventually([&] { return checkpoints_in(trial / "run" / "checkpoints").size() >= 2; }));
  program.signal(SIGKILL);
  require_exit(program, 128 + SIGKILL);
}

/// Runs murm, requires exit code 2 and a sentence with `text`; requires that no file has changed.
void require_refused(const Trial& trial, const Words& arguments, const std::string& text) {
  const std::string before = trial.listing();
  Program program = trial.train(arguments, "run");
  const int code = program.wait();
  INFO(program.errors());
  REQUIRE(code == 2);
  CHECK(program.says(text));
  CHECK(trial.listing() == before);
}

}  // namespace

TEST_CASE("a bsp run continued after kill -9 ends with the bits of one that never stopped") {
  const Trial trial;
  const std::string optimizer = GENERATE("momentum", "adam", "lamb");
  const std::string processes = GENERATE("0", "2");
  const Words job = with_checkpoints +
                    set({"training.optimizer=" + optimizer, "training.schedule=cosine",
                         "training.warmup=10"}) +
                    Words{"--processes", processes, "--aggregators", "2"};
  const std::string hash = trial.hash_of(job, "whole");
  run_and_kill(trial, job);
  const auto report = trial.report_of(job + Words{"--resume"});
  CHECK(report.at("parameters_hash") == hash);
  require_whole_ledger(report, 4000);
}

TEST_CASE("asp and ssp runs are continued after kill -9, each sample once") {
  const Trial trial;
  const std::string name = GENERATE("asp", "ssp");
  const Words job = with_checkpoints + set({"algorithm.name=" + name});
  run_and_kill(trial, job);
  require_whole_ledger(trial.report_of(job + Words{"--resume"}), 4000);
}

TEST_CASE("a finished run is not trained further when it is resumed") {
  const Trial trial;
  const std::string hash = trial.hash_of(with_checkpoints);
  CHECK(trial.hash_of(with_checkpoints + Words{"--resume"}) == hash);
}

TEST_CASE("resuming is refused without a checkpoint, with another model or other aggregators") {
  const Trial trial;
  SECTION("no folder at all") { require_refused(trial, {"--resume"}, "no checkpoint"); }
  SECTION("a run without checkpoints") {
    trial.report_of({});
    require_refused(trial, {"--resume"}, "no checkpoint");
  }
  SECTION("another model, other aggregators, another seed") {
    trial.report_of(with_checkpoints);
    const Words resumed = with_checkpoints + Words{"--resume"};
    require_refused(trial, resumed + set({"model.hidden=[16]"}), "HINT");
    require_refused(trial, resumed + Words{"--aggregators", "2"}, "HINT");
    require_refused(trial, resumed + Words{"--seed", "7"}, "HINT");
  }
}

TEST_CASE("a damaged newest checkpoint is passed over for the one before, with a note") {
  const Trial trial;
  const std::string hash = trial.hash_of(with_checkpoints, "whole");
  run_and_kill(trial, with_checkpoints);
  const auto names = checkpoints_in(trial / "run" / "checkpoints");
  const auto shard = trial / "run" / "checkpoints" / names.back() / "shard-0.safetensors";
  std::string bytes = content_of(shard);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  put(shard, bytes);
  Program program = trial.train(with_checkpoints + Words{"--resume"}, "run");
  require_exit(program, 0);
  CHECK(program.says(names.back()));
  CHECK(program.says("rejected"));
  CHECK(trial.report().at("parameters_hash") == hash);
}

TEST_CASE("with every checkpoint damaged resuming is refused") {
  const Trial trial;
  trial.report_of(with_checkpoints);
  for (const std::string& name : checkpoints_in(trial / "run" / "checkpoints")) {
    put(trial / "run" / "checkpoints" / name / "MANIFEST.json", "{}");
  }
  require_refused(trial, with_checkpoints + Words{"--resume"}, "--resume: ");
}
