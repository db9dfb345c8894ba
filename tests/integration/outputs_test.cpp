// What a run leaves in its folder and on the terminal.
#include <cmath>

#include "serialization/safetensors.hpp"
#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

void require_keys(const nlohmann::json& json, const Words& keys) {
  for (const std::string& key : keys) {
    INFO(key);
    REQUIRE(json.contains(key));
  }
}

}  // namespace

TEST_CASE("report.json has every promised key, with values that fit together") {
  const Trial trial;
  const auto report = trial.report_of({"--processes", "2", "--report", "copy.json"});
  require_keys(report, {"schema", "job", "algorithm", "workers", "processes", "updates", "samples",
                        "epochs", "seconds", "samples_per_second", "final", "staleness", "bytes",
                        "ledger", "parameters_hash", "peak_rss_bytes", "per_worker"});
  require_keys(report.at("final"), {"train_loss", "eval_loss", "eval_accuracy"});
  require_keys(report.at("staleness"), {"mean", "max", "histogram"});
  require_keys(report.at("bytes"), {"sent", "received"});
  require_keys(report.at("ledger"), {"issued", "applied", "reissued", "refused_duplicate", "lost",
                                     "samples_skipped", "samples_repeated"});
  REQUIRE(report.at("per_worker").size() == 4);
  for (const auto& worker : report.at("per_worker")) {
    require_keys(
        worker, {"id", "pid", "device", "steps", "samples", "wait_fraction", "data_wait_fraction"});
    CHECK(worker.at("peak_rss_bytes") > 1 << 20);
    CHECK(worker.at("wait_fraction") >= 0);
    CHECK(worker.at("wait_fraction") <= 1);
    CHECK(worker.at("data_wait_fraction") > 0);
    CHECK(worker.at("data_wait_fraction") <= 1);
  }
  CHECK(report.at("epochs") == 2.0);
  CHECK(report.at("updates") == 63);  // 250 leases, four to an update
  CHECK(report.at("final").at("eval_accuracy") > 0.2);
  CHECK(report.at("final").at("eval_accuracy") < 1.0);
  CHECK(report.at("seconds") > 0);
  CHECK(report.at("bytes").at("sent") > 63 * 4 * 25450);
  CHECK(report.at("bytes").at("received") > 63 * 4 * 25450);
  CHECK(report.at("per_worker")[0].at("pid") != report.at("per_worker")[1].at("pid"));
  CHECK(report.at("per_worker")[0].at("pid") == report.at("per_worker")[2].at("pid"));
  CHECK(content_of(trial / "copy.json") == content_of(trial / "run" / "report.json"));
}

TEST_CASE("metrics.csv, loss.svg, job.toml and final.safetensors can be read") {
  const Trial trial;
  const std::string hash = trial.hash_of({});
  const std::string metrics = content_of(trial / "run" / "metrics.csv");
  CHECK(metrics.find("samples") < metrics.find('\n'));
  CHECK(trial.is_under_way());
  const std::string plot = content_of(trial / "run" / "loss.svg");
  CHECK((plot.starts_with("<svg") || plot.starts_with("<?xml")));
  CHECK(plot.find("</svg>") != std::string::npos);
  const std::string bytes = content_of(trial / "run" / "final.safetensors");
  const auto file = murm::read_safetensors(std::as_bytes(std::span<const char>(bytes)));
  REQUIRE(file);
  CHECK(file->tensors.size() == 4);
  CHECK(file->metadata.at("parameters_hash") == hash);
  Program again = trial.start({"train", "run/job.toml", "--out", "again", "--quiet"});
  require_exit(again, 0);
  CHECK(trial.report("again").at("parameters_hash") == hash);
}

TEST_CASE("evaluate gives the accuracy and the hash of the report") {
  const Trial trial;
  const auto report = trial.report_of({});
  Program program = trial.start({"evaluate", "run", "--report", "evaluation.json"});
  require_exit(program, 0);
  const auto evaluation = nlohmann::json::parse(content_of(trial / "evaluation.json"));
  CHECK(evaluation.at("accuracy") == report.at("final").at("eval_accuracy"));
  CHECK(evaluation.at("loss").get<double>() ==
        Approx(report.at("final").at("eval_loss").get<double>()));
  CHECK(evaluation.at("parameters_hash") == report.at("parameters_hash"));
  CHECK(program.output().find("accuracy") != std::string::npos);
}

TEST_CASE("a new run replaces the files of an earlier one and nothing else") {
  const Trial trial;
  trial.report_of(set({"checkpoint.every=1000"}));
  put(trial / "run" / "notes.txt", "mine");
  trial.report_of({"--seed", "5"});
  CHECK(trial.report().at("seed") == 5);
  CHECK(content_of(trial / "run" / "notes.txt") == "mine");
  CHECK_FALSE(std::filesystem::exists(trial / "run" / "checkpoints"));
}

TEST_CASE("without --out a run goes to runs/NAME") {
  const Trial trial;
  Program program = trial.start({"train", "job.toml"});
  require_exit(program, 0);
  CHECK(std::filesystem::exists(trial / "runs" / "trial" / "report.json"));
  CHECK(program.output().find("accuracy") != std::string::npos);
  CHECK(program.says("evaluation at"));
}

TEST_CASE("--quiet prints nothing") {
  const Trial trial;
  const std::string processes = GENERATE("0", "2");
  Program program = trial.train({"--quiet", "--processes", processes}, "run");
  require_exit(program, 0);
  CHECK(program.output().empty());
  CHECK(program.errors().empty());
}

TEST_CASE("a known key that the algorithm does not use gets one note") {
  const Trial trial;
  Program program = trial.train(set({"algorithm.staleness=5"}), "run");
  require_exit(program, 0);
  CHECK(program.says("note: "));
  CHECK(program.says("algorithm.staleness"));
}

TEST_CASE("a model without data trains, is evaluated and reported without an accuracy") {
  const Trial trial;
  const std::string processes = GENERATE("0", "2");
  Program program = trial.train(
      Words{"--processes", processes} +
          set({"model.kind=\"quadratic\"", "model.dim=100", "model.noise=0.1", "training.lr=0.2",
               "data.kind=\"mnist\"", "data.path=\"/no/such/folder\""}),
      "run");
  require_exit(program, 0);
  CHECK(program.says("evaluation at 4000 samples: loss 0."));
  CHECK(program.output().find("accuracy") == std::string::npos);
  CHECK(program.output().find("nan") == std::string::npos);
  const auto report = trial.report();
  CHECK(report.at("updates") == 1000);  // four steps to an update
  CHECK(report.at("final").at("eval_accuracy").is_null());
  CHECK(report.at("final").at("eval_loss") < 0.1);
  CHECK(report.at("evaluations").size() == 100);
  require_whole_ledger(report, 4000);
  CHECK(content_of(trial / "run" / "loss.svg").find("evaluated loss") != std::string::npos);
  CHECK(content_of(trial / "run" / "metrics.csv").find("nan") == std::string::npos);
  Program evaluate = trial.start({"evaluate", "run", "--report", "evaluation.json"});
  require_exit(evaluate, 0);
  const auto evaluation = nlohmann::json::parse(content_of(trial / "evaluation.json"));
  CHECK(evaluation.at("accuracy").is_null());
  CHECK(evaluation.at("loss") == report.at("final").at("eval_loss"));
  CHECK(evaluate.output().starts_with("loss 0."));
}

TEST_CASE("a model of characters learns a made-up text and a file, and tells its perplexity") {
  const Trial trial;
  const std::string processes = GENERATE("0", "2");
  const Words job = set({"model.kind=char-mlp", "data.kind=text", "model.context=8",
                         "model.embedding=8", "training.optimizer=adam", "training.lr=0.005",
                         "job.samples=32000", "data.train=32000"});
  const auto report = trial.report_of(Words{"--processes", processes} + job);
  const auto& final = report.at("final");
  CHECK(final.at("eval_loss") < 2.4);  // log(27) = 3.30
  CHECK(final.at("eval_perplexity").get<double>() ==
        Approx(std::exp(final.at("eval_loss").get<double>())));
  require_whole_ledger(report, 32000);
  Program evaluate = trial.start({"evaluate", "run", "--report", "evaluation.json"});
  require_exit(evaluate, 0);
  CHECK(evaluate.output().find(", perplexity ") != std::string::npos);
  const auto evaluation = nlohmann::json::parse(content_of(trial / "evaluation.json"));
  CHECK(evaluation.at("perplexity") == final.at("eval_perplexity"));
  CHECK(evaluation.at("parameters_hash") == report.at("parameters_hash"));
  CHECK(trial.hash_of(Words{"--processes", "0"} + job, "again") == report.at("parameters_hash"));
  std::string text;
  while (text.size() < 5000) text += "to be, or not to be: ";
  put(trial / "a.txt", text);
  const auto known = trial.report_of(job + set({"data.path=a.txt"}), "file");
  CHECK(known.at("final").at("eval_loss") < 0.1);  // it always says the same
}

TEST_CASE("the target loss ends a run at the evaluation that reaches it") {
  const Trial trial;
  const auto report = trial.report_of(
      set({"job.target_loss=2", "job.samples=100000", "evaluation.every=1000"}));
  CHECK(report.at("status") == "target reached");
  CHECK(report.at("samples") < 100000);
  CHECK(report.at("final").at("eval_loss") <= 2);
}

TEST_CASE("the target accuracy ends a run at the evaluation that reaches it") {
  const Trial trial;
  const auto report = trial.report_of(
      set({"job.target_accuracy=0.3", "job.samples=100000", "evaluation.every=1000"}));
  CHECK(report.at("status") == "target reached");
  CHECK(report.at("samples") < 100000);
  CHECK(report.at("final").at("eval_accuracy") >= 0.3);
  require_whole_ledger(report, report.at("samples").get<std::uint64_t>());
}

TEST_CASE("a loss that is not finite ends the run, naming worker, step and learning rate") {
  const Trial trial;
  const std::string processes = GENERATE("0", "2");
  const std::string name = GENERATE("asp", "bsp");
  Program program = trial.train(
      Words{"--quiet", "--processes", processes} +
          set({"training.lr=1000000", "training.weight_decay=1", "algorithm.name=" + name}),
      "run");
  require_exit(program, 1);
  INFO(program.errors());
  CHECK(program.says("the loss is not finite at worker "));
  CHECK(program.says("step "));
  CHECK(program.says("lr 1e+06"));
  CHECK(program.children().empty());
  CHECK(trial.report().at("status").get<std::string>().starts_with("failed"));
}
