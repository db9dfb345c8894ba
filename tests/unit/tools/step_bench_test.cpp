// Tests of the benchmark of a step: what it computes, not how fast.
#include "tools/murm/step_bench.hpp"

#include <nlohmann/json.hpp>

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tools/murm/bench_command.hpp"

using namespace murm;

TEST_CASE("the benchmark model is the one it is compared with, and its steps learn") {
  BenchedStep step({.model = "mlp", .batch = 8});
  CHECK(step.objective().parameter_count() == 784 * 1024 + 1024 + 1024 * 1024 + 1024 + 10250);
  CHECK(step.batch() == 8);
  CHECK(step.operations() == 3.0 * 8 * 2 * (784 * 1024 + 1024 * 1024 + 10240));
  const double first = step.step();
  CHECK(first == Approx(2.3).margin(0.3));  // log(10)
  double last = first;
  for (int i = 0; i < 31; ++i) last = step.step();
  CHECK(last < first / 2);  // eight batches are soon known by heart
  CHECK(step.steps() == 32);
}

TEST_CASE("equal benchmarks compute equal losses") {
  BenchedStep one({.model = "mlp", .batch = 4});
  BenchedStep two({.model = "mlp", .batch = 4});
  for (int i = 0; i < 3; ++i) CHECK(one.step() == two.step());
}

TEST_CASE("a model that is no benchmark is refused") {
  REQUIRE_THROWS_AS(BenchedStep({.model = "perceptron"}), InputError);
}

TEST_CASE("the report of a benchmark relates its windows to the products of this machine") {
  StepBenchResult result;
  result.parameters = 10;
  result.batch = 4;
  result.samples_per_second = {100, 300, 200};
  result.operations_per_sample = 5e7;
  result.peak_rate = 20e9;
  result.peak_bytes = 1 << 20;
  result.first_losses = {2.5, 2.25};
  result.final_loss = 2;
  const StepBenchOptions options{.model = "mlp", .threads = 2, .bf16 = true};
  const auto json = nlohmann::json::parse(step_bench_json(options, result));
  CHECK(json.at("samples_per_second") == 200);
  CHECK(json.at("min") == 100);
  CHECK(json.at("max") == 300);
  CHECK(json.at("ms_per_step") == 20);
  CHECK(json.at("gflops") == 10);
  CHECK(json.at("peak_gflops") == 20);
  CHECK(json.at("share") == 0.5);
  CHECK(json.at("precision") == "bf16");
  CHECK(json.at("threads") == 2);
  CHECK(json.at("first_losses").size() == 2);
  const std::string text = step_bench_text(options, result);
  for (const char* part : {"200.0 (100.0 to 300.0, 3 windows)", "20.000 ms", "10.0 GFLOP/s of 20.0",
                           "50.0 %", "1.00 MiB", "bf16, 2 threads"}) {
    INFO(part << " in " << text);
    CHECK(text.find(part) != std::string::npos);
  }
}
