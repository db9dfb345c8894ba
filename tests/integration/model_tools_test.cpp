// murm model, bench step, evaluate --confusion, sample: what they print, and what they refuse.
#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

std::string said_by(const Trial& trial, const Words& arguments) {
  Program program = trial.start(arguments);
  require_exit(program, 0);
  return program.output();
}

void refuse(const Trial& trial, const Words& arguments, const std::string& text) {
  const std::string before = trial.listing();
  Program program = trial.start(arguments);
  const int code = program.wait();
  INFO(program.errors());
  CHECK(code == 2);
  CHECK(program.says(text));
  CHECK(program.output().empty());
  CHECK(trial.listing() == before);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("model tells layers, operations and bytes of a job, on a page and in a report") {
  const Trial trial;
  const std::string text = said_by(
      trial, {"model", "job.toml", "--set", "training.optimizer=adam", "--report", "model.json"});
  for (const char* part : {"25,450 parameters", "layer1", "operations", "199 KiB", "adam"}) {
    INFO(part << " in " << text);
    CHECK(contains(text, part));
  }
  const auto report = nlohmann::json::parse(content_of(trial / "model.json"));
  CHECK(report.at("parameters") == 784 * 32 + 32 + 320 + 10);
  CHECK(report.at("bytes").at("optimizer") == 2 * 4 * 25450);
  const std::string bowl = said_by(trial, {"model", "job.toml", "--set", "model.kind=quadratic"});
  CHECK(contains(bowl, "1,000 parameters"));
}

TEST_CASE("bench step measures a benchmark model and reports its rate") {
  const Trial trial;
  const std::string text = said_by(
      trial, {"bench", "step", "--model", "mlp", "--batch", "4", "--windows", "2", "--seconds",
              "0.05", "--report", "step.json"});
  CHECK(contains(text, "samples/s"));
  CHECK(contains(text, "GFLOP/s"));
  const auto report = nlohmann::json::parse(content_of(trial / "step.json"));
  CHECK(report.at("samples_per_second").get<double>() > 0);
  CHECK(report.at("windows").size() == 2);
  CHECK(report.at("precision") == "fp32");
  CHECK(report.at("peak_gflops").get<double>() > 0);
}

TEST_CASE("evaluate shows which digits are taken for which") {
  const Trial trial;
  trial.report_of({});
  const std::string text = said_by(trial,
                                   {"evaluate", "run", "--confusion", "--report", "found.json"});
  CHECK(contains(text, "is \\ said"));
  const auto found = nlohmann::json::parse(content_of(trial / "found.json"));
  REQUIRE(found.at("confusion").size() == 10);
  std::uint64_t all = 0;
  std::uint64_t right = 0;
  for (std::size_t i = 0; i < 10; ++i) {
    for (const auto& count : found.at("confusion").at(i)) all += count.get<std::uint64_t>();
    right += found.at("confusion").at(i).at(i).get<std::uint64_t>();
  }
  CHECK(all == found.at("samples"));
  CHECK(static_cast<double>(right) / static_cast<double>(all) ==
        Approx(found.at("accuracy").get<double>()));
}

TEST_CASE("sample goes on with a prompt in the characters of the run's own text") {
  const Trial trial;
  std::string taught;
  while (taught.size() < 4000) taught += "to be, or not to be: ";
  put(trial / "a.txt", taught);
  trial.report_of(set({"model.kind=char-mlp", "data.kind=text", "data.path=a.txt",
                       "model.context=8", "model.embedding=8", "training.optimizer=adam",
                       "training.lr=0.005", "job.samples=24000"}));
  std::filesystem::remove(trial / "a.txt");  // a run can be sampled without its data
  const Words sample{"sample", "run", "--prompt", "to be, or", "--temperature", "0"};
  CHECK(said_by(trial, sample + Words{"--tokens", "11"}) == "to be, or not to be:\n");
  const Words wild{"sample", "run", "--tokens", "60", "--temperature", "3", "--seed"};
  CHECK(said_by(trial, wild + Words{"7"}) == said_by(trial, wild + Words{"7"}));
  CHECK(said_by(trial, wild + Words{"7"}) != said_by(trial, wild + Words{"8"}));
  refuse(trial, {"sample", "run", "--prompt", "Zero"}, "--prompt has the character 'Z'");
  refuse(trial, {"evaluate", "run", "--confusion"}, "--confusion: model.kind = \"char-mlp\"");
}

TEST_CASE("the commands about models show how they are used, and refuse what they cannot do") {
  const Trial trial;
  for (const Words& words : {Words{"model"}, Words{"bench"}, Words{"bench", "step"},
                             Words{"evaluate"}, Words{"sample"}}) {
    Program help = trial.start(words + Words{"--help"});
    require_exit(help, 0);
    CHECK(contains(help.output(), "Example"));
    CHECK(contains(help.output(), "murm " + words.front()));
  }
  for (const Words& words : {Words{"model", "job.toml"}, Words{"bench", "step", "--model", "mlp"},
                             Words{"evaluate", "run"}, Words{"sample", "run"}}) {
    refuse(trial, words + Words{"--fast"}, "--fast");
  }
  refuse(trial, {"model"}, "job is required");
  refuse(trial, {"model", "none.toml"}, "none.toml");
  refuse(trial, {"model", "job.toml", "--set", "model.kind=gptt"}, "did you mean \"gpt\"");
  refuse(trial, {"model", "job.toml", "--report", "nowhere/m.json"}, "there is no folder nowhere");
  refuse(trial, {"bench"}, "subcommand");
  refuse(trial, {"bench", "step"}, "--model is required");
  refuse(trial, {"bench", "step", "--model", "vgg"}, "--model vgg: expected mlp, lenet, gpt or gpt-124m");
  refuse(trial, {"bench", "step", "--model", "mlp", "--precision", "fp8"}, "expected fp32 or bf16");
  refuse(trial, {"bench", "step", "--model", "mlp", "--threads", "0"}, "--threads");
  refuse(trial, {"sample", "nowhere"}, "nowhere is not the folder of a run");
  refuse(trial, {"sample", "nowhere", "--temperature", "-1"}, "--temperature");
  trial.report_of({});
  refuse(trial, {"sample", "run"}, "model.kind = \"mlp\", which has no text to sample");
}
