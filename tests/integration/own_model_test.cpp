// A whole murm with a model of its own: examples/own_model.
#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

const Words factors = Words{"train", "job.toml", "--out", "run"} + set({"model.kind=factors"});

Program own_model(const Trial& trial, const Words& arguments) {
  return Program(MURM_OWN_MODEL, arguments, trial.folder());
}

}  // namespace

TEST_CASE("a model of one's own learns, and its processes and files know it") {
  const Trial trial;
  constexpr std::uint64_t samples = 16000;
  Program training = own_model(
      trial, factors + Words{"--processes", "2"} + set({"job.samples=" + std::to_string(samples)}));
  require_exit(training, 0);
  const nlohmann::json report = trial.report();
  const double loss = report.at("final").at("eval_loss").get<double>();
  CHECK(loss < 0.8);  // 2.3 is a guess
  CHECK(report.at("final").at("eval_accuracy").get<double>() > 0.75);
  require_whole_ledger(report, samples);

  Program evaluation = own_model(trial, {"evaluate", "run", "--report", "again.json"});
  require_exit(evaluation, 0);
  CHECK(nlohmann::json::parse(content_of(trial / "again.json")).at("loss") == loss);
}

TEST_CASE("the model of one program is a word that the other does not know") {
  const Trial trial;
  require_refused(trial, factors, {"model.kind", "\"factors\"", "\"mlp\""});
  Program free = own_model(trial, factors + set({"model.embedding=4", "job.samples=64"}));
  require_exit(free, 0);
  CHECK_FALSE(free.says("is not used"));  // a model of one's own may read every key of its section
}
