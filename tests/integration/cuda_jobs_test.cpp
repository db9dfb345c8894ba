// Jobs whose workers compute on a CUDA device: the whole program, with the fake CUDA in the place of the real one.
#include <cstdlib>
#include <optional>

#include "tests/catch.hpp"
#include "tests/integration/trial.hpp"

using namespace murm::test;

namespace {

/// Of the children that a test starts.
class Environment {
 public:
  Environment(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~Environment() { ::unsetenv(name_); }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
};

Program start(const Trial& trial, const Words& arguments) {
  return Program(MURM_WITH_FAKE_CUDA, arguments, trial.folder());
}

const Words mixed{"train",     "job.toml", "--out",    "run",
                  "--workers", "3",        "--device", "[\"cuda:0\", \"cpu\", \"cpu\"]"};

}  // namespace

TEST_CASE("murm devices measures a CUDA device that can be used") {
  const Trial trial;
  Program listing = start(trial, {"devices", "--report", "devices.json"});
  require_exit(listing, 0);
  const auto devices = nlohmann::json::parse(content_of(trial / "devices.json")).at("devices");
  REQUIRE(devices.size() == 2);
  CHECK(devices[1].at("name") == "cuda:0");
  CHECK(devices[1].at("usable") == true);
  CHECK(devices[1].at("gflops_fp32") > 0);
  CHECK(devices[1].at("gflops_bf16") > 0);
  CHECK(devices[1].at("copies_gb_per_second") > 0);
}

TEST_CASE("murm bench step computes on a CUDA device, and its losses are the processor's") {
  const Trial trial;
  const Words words{"bench", "step",      "--model", "mlp",       "--batch",
                    "2",     "--windows", "1",       "--seconds", "0.01"};
  const auto losses_on = [&](const std::string& device) {
    Program bench = start(trial, words + Words{"--device", device, "--report", "step.json"});
    require_exit(bench, 0);
    const auto report = nlohmann::json::parse(content_of(trial / "step.json"));
    CHECK(report.at("device") == device);
    return report.at("first_losses").get<std::vector<double>>();
  };
  const auto near = losses_on("cpu");
  const auto far = losses_on("cuda:0");
  REQUIRE(far.size() >= 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(far.at(i) == Approx(near.at(i)).epsilon(1e-3));
}

TEST_CASE("a job computes on the processor and on a CUDA device at once, and its ledger is whole") {
  const std::string processes = GENERATE("0", "3");
  const std::string algorithm = GENERATE("asp", "bsp");
  const Trial trial;
  Program program = start(
      trial, mixed + Words{"--processes", processes} + set({"algorithm.name=" + algorithm}));
  require_exit(program, 0);
  require_whole_ledger(trial.report(), 4000);
  CHECK(trial.report().at("final").at("eval_accuracy") > 0.4);  // who guesses has 0.1
  const auto report = trial.report();
  for (const auto& worker : report.at("per_worker")) CHECK(worker.at("steps") > 0);
  CHECK(report.at("per_worker")[0].at("device") == "cuda:0");
  CHECK(report.at("per_worker")[1].at("device") == "cpu");
}

TEST_CASE("auto takes the CUDA device, and a synchronous run ends where the processor's does") {
  const Trial trial;
  const Words words{"train", "job.toml", "--workers", "2"};
  Program far = start(trial, words + Words{"--out", "far", "--device", "auto"});
  require_exit(far, 0);
  Program near = start(trial, words + Words{"--out", "near"});
  require_exit(near, 0);
  const auto loss = [&](const std::string& out) {
    return trial.report(out).at("final").at("eval_loss").get<double>();
  };
  CHECK(loss("far") == Approx(loss("near")).epsilon(1e-3));
  CHECK(trial.report("far").at("parameters_hash") != trial.report("near").at("parameters_hash"));
}

TEST_CASE("a CUDA device that is lost takes one worker with it, and the others do its leases") {
  const Environment environment("FAKE_CUDA_CALLS_UNTIL_LOST", "500");
  const std::string processes = GENERATE("0", "3");
  const Trial trial;
  Program program = start(trial, mixed + Words{"--processes", processes} +
                                     set({"algorithm.name=asp", "emulate.step_ms=[5]"}));
  require_exit(program, 0);
  INFO(program.errors());
  CHECK(program.says("unspecified launch failure"));
  CHECK(program.says("1 worker(s) lost"));
  require_whole_ledger(trial.report(), 4000);
}

TEST_CASE("a worker process whose device is lost leaves at once, while the others go on") {
  const Environment environment("FAKE_CUDA_CALLS_UNTIL_LOST", "500");
  const Trial trial;
  Program program = start(trial, mixed + Words{"--processes", "3"} +
                                     set({"algorithm.name=asp", "emulate.step_ms=[20]"}));
  REQUIRE(eventually([&] { return program.says("1 worker(s) lost"); }));
  CHECK(eventually([&] { return program.children().size() == 2; }));
  CHECK(program.wait(0s) == still_running);
  require_exit(program, 0);
  require_whole_ledger(trial.report(), 4000);
}

TEST_CASE("a device whose memory is too small for the model ends the run before it begins") {
  const Environment environment("FAKE_CUDA_MEMORY_BYTES", "60000");
  const std::string processes = GENERATE("0", "3");
  const Trial trial;
  Program program = start(trial, mixed + Words{"--processes", processes});
  require_exit(program, 1);
  INFO(program.errors());
  CHECK(program.says("worker 0: "));
  CHECK(program.says("memory is full"));
}

TEST_CASE("what only a processor can compute is refused on a CUDA device, and auto knows it") {
  const Trial trial;
  const Words quadratic = set({"model.kind=quadratic", "model.hidden=[]", "data.kind=digits"});
  Program refused = start(trial, Words{"train", "job.toml", "--device", "cuda:0"} + quadratic);
  require_exit(refused, 2);
  CHECK(refused.says("can be computed on processors alone"));
  Program absent = start(trial, {"train", "job.toml", "--device", "cuda:1"});
  require_exit(absent, 2);
  CHECK(absent.says("there is only cuda:0"));
}
