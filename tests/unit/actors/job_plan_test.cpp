// Tests of what a job means in numbers.
#include "actors/job_plan.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "algorithms/compression/codec.hpp"
#include "models/objective_factory.hpp"
#include "runtime/algorithm_keys.hpp"
#include "runtime/job_keys.hpp"
#include "runtime/model_keys.hpp"
#include "tests/catch.hpp"
#include "tests/unit/runtime/temporary_folder.hpp"

using namespace murm;

namespace {

Job quadratic() {
  Job job;
  job.model.kind = "quadratic";
  job.model.dim = 50;
  job.job.samples = 5000;
  job.data.kind = "mnist";  // ignored, with its folder
  job.data.path = "/no/such/folder";
  return job;
}

}  // namespace

TEST_CASE("a model without data reads none: one sample is a step and an epoch") {
  Job job = quadratic();
  job.model.kind = GENERATE(as<std::string>{}, "quadratic", "consensus");
  job.training.batch = 32;
  job.training.accumulate = 2;
  const auto test = load_split(job, Split::test);
  const DataShape shape = data_shape(job, *test);
  CHECK(shape.train == 1);
  CHECK(shape.sample.features == 0);
  CHECK(shape.sample.classes == 0);
  const JobPlan plan = plan_job(job, shape);
  CHECK(plan.parameters == 50);
  CHECK(plan.leases.lease_samples == 1);
  CHECK(plan.leases.total == 5000);
  CHECK(plan.evaluation_every == 50);
  const auto lane = make_lane_factory(job)();
  CHECK(lane->objective().parameter_count() == 50);
  CHECK(lane->objective().batch_max() == 1);
  const std::vector<float> initial = initial_parameters(job, shape);
  const EvaluatorParts parts = make_evaluator_factory(job, test)();
  const Evaluation found = evaluate(parts, initial);
  CHECK((found.loss > 0) == (job.model.kind == "quadratic"));
  CHECK(std::isnan(found.accuracy));
}

TEST_CASE("without data epochs are samples, and evaluations come a hundred times") {
  Job job = quadratic();
  SECTION("epochs") {
    job.job.samples = 0;
    job.job.epochs = 700;
    CHECK(plan_job(job, phantom_shape(job)).leases.total == 700);
    CHECK(plan_job(job, phantom_shape(job)).evaluation_every == 7);
  }
  SECTION("a short run") {
    job.job.samples = 20;
    CHECK(plan_job(job, phantom_shape(job)).evaluation_every == 1);
  }
  SECTION("no known end") {
    job.job.samples = 0;
    job.job.target_loss = 0.1;
    CHECK(plan_job(job, phantom_shape(job)).leases.total == 0);
    CHECK(plan_job(job, phantom_shape(job)).evaluation_every == 1000);
  }
  SECTION("a key of the job") {
    job.evaluation.every = 3;
    CHECK(plan_job(job, phantom_shape(job)).evaluation_every == 3);
  }
}

TEST_CASE("the phantom's shape is the one the job says") {
  Job job;
  job.job.epochs = 2;
  job.data.train = 80000;
  CHECK(phantom_shape(job).train == 80000);
  CHECK(phantom_shape(job).sample.features == 784);
  CHECK(phantom_shape(job).sample.classes == 10);
  CHECK(plan_job(job, phantom_shape(job)).leases.lease_samples == 32);
  CHECK(plan_job(job, phantom_shape(job)).evaluation_every == 80000);
  job.data.kind = "mnist";
  job.data.path = "/no/such/folder";
  CHECK(phantom_shape(job).train == 60000);
  job.data.train = 1000;
  CHECK(phantom_shape(job).train == 1000);
}

TEST_CASE("a job of made-up data has the same plan with its data and without") {
  Job job;
  job.data.kind = GENERATE("digits", "text");
  if (job.data.kind == "text") job.model.kind = "char-mlp";
  job.job.epochs = 2;
  job.data.train = 300;
  job.data.test = 20;
  const DataShape real = data_shape(job, *load_split(job, Split::test));
  const DataShape phantom = phantom_shape(job);
  CHECK(real.train == phantom.train);
  CHECK(real.sample.features == phantom.sample.features);
  CHECK(real.sample.classes == phantom.sample.classes);
  CHECK(plan_job(job, real).parameters == plan_job(job, phantom).parameters);
  CHECK(plan_job(job, real).parameters == initial_parameters(job, real).size());
}

TEST_CASE("a phantom of a text knows its alphabet") {
  const test::TemporaryFolder folder;
  test::put(folder / "a.txt", "abracadabra");
  Job job;
  job.model.kind = "char-mlp";
  job.model.context = 3;
  job.data.kind = "text";
  job.data.path = folder.path().string();
  job.job.epochs = 1;
  const DataShape phantom = phantom_shape(job);
  const DataShape real = data_shape(job, *load_split(job, Split::test));
  CHECK(phantom.train == 9);
  CHECK(phantom.sample.features == 3);
  CHECK(phantom.sample.classes == 5);
  CHECK(real.train == 9);
  CHECK(plan_job(job, phantom).parameters == initial_parameters(job, real).size());
}

TEST_CASE("a model of any size is planned without its memory") {
  Job job = quadratic();
  job.model.dim = std::uint64_t{1} << 50;
  CHECK(plan_job(job, phantom_shape(job)).parameters == std::uint64_t{1} << 50);
  job.model.kind = "mlp";
  job.model.hidden = {std::uint64_t{1} << 25, std::uint64_t{1} << 25};
  CHECK(plan_job(job, phantom_shape(job)).parameters > std::uint64_t{1} << 50);
}

TEST_CASE("optimizers that take norms know the model's tensors, and that biases do not adapt") {
  Job job;
  job.job.epochs = 1;
  job.model.hidden = {5};
  job.training.optimizer = GENERATE(as<std::string>{}, "lars", "lamb");
  const JobPlan plan = plan_job(job, phantom_shape(job));
  const std::vector<OptimizerBlock> expected{
      {0, 3920, true}, {3920, 5, false}, {3925, 50, true}, {3975, 10, false}};
  CHECK(plan.algorithm.optimizer.blocks == expected);
  job.training.optimizer = "adam";
  CHECK(plan_job(job, phantom_shape(job)).algorithm.optimizer.blocks.empty());
  job.training.optimizer = "lars";
  REQUIRE_THROWS_AS(plan_job(job, DataShape{100, 1000, 10}), InputError);
  Job bowl = quadratic();
  bowl.training.optimizer = "lamb";
  CHECK(plan_job(bowl, phantom_shape(bowl)).algorithm.optimizer.blocks ==
        std::vector<OptimizerBlock>{{0, 50, true}});
}

TEST_CASE("each optimizer has its own epsilon unless one is given") {
  const auto epsilon = [](const char* name, double given) {
    Job job = quadratic();
    job.training.optimizer = name;
    job.training.epsilon = given;
    return plan_job(job, phantom_shape(job)).algorithm.optimizer.epsilon;
  };
  CHECK(epsilon("adam", 0) == 1e-8);
  CHECK(epsilon("adagrad", 0) == 1e-10);
  CHECK(epsilon("lamb", 0) == 1e-6);
  CHECK(epsilon("lamb", 0.5) == 0.5);
}

TEST_CASE("the rate is scaled by the workers where one step combines all their gradients") {
  Job job = quadratic();
  job.cluster.workers = 9;
  job.training.schedule = "cosine";
  job.training.lr = 0.1;
  job.algorithm.name = GENERATE(as<std::string>{}, "bsp", "asp", "ssp", "ssp0");
  const bool combines = job.algorithm.name == "bsp" || job.algorithm.name == "ssp0";
  if (job.algorithm.name == "ssp0") {
    job.algorithm.name = "ssp";
    job.algorithm.staleness = 0;
  }
  const auto plan = [&job](const char* scaling) {
    job.training.scaling = scaling;
    return plan_job(job, phantom_shape(job)).algorithm.schedule;
  };
  CHECK(plan("none").learning_rate == 0.1);
  if (!combines) {
    REQUIRE_THROWS_AS(plan("linear"), InputError);
    REQUIRE_THROWS_AS(plan("sqrt"), InputError);
    return;
  }
  CHECK(plan("linear").learning_rate == Approx(0.9));
  CHECK(plan("linear").minimum == Approx(0.09));
  CHECK(plan("sqrt").learning_rate == Approx(0.3));
}

TEST_CASE("an accuracy cannot be the target of a model without one") {
  Job job = quadratic();
  job.job.target_accuracy = 0.9;
  REQUIRE_THROWS_AS(plan_job(job, phantom_shape(job)), InputError);
}

TEST_CASE("a target is reached by an accuracy not below it or a loss not above it") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  Job job;
  CHECK_FALSE(target_reached(job, {0, 1}));
  job.job.target_accuracy = 0.9;
  CHECK(target_reached(job, {1, 0.9}));
  CHECK_FALSE(target_reached(job, {0, 0.89}));
  CHECK_FALSE(target_reached(job, {0, nan}));
  job.job.target_loss = 0.1;
  CHECK(target_reached(job, {0.1, nan}));
  CHECK_FALSE(target_reached(job, {0.11, nan}));
  CHECK_FALSE(target_reached(job, {nan, nan}));
}

TEST_CASE("job files know every algorithm and every code, and no others") {
  std::vector<std::string_view> known = algorithm_names();
  std::vector<std::string_view> accepted(std::begin(algorithm_keys::names),
                                         std::end(algorithm_keys::names));
  std::sort(known.begin(), known.end());
  std::sort(accepted.begin(), accepted.end());
  CHECK(known == accepted);
  const auto codes = codec_names();
  const auto choices = find_job_key("compression.name")->choices;
  CHECK(std::equal(codes.begin(), codes.end(), choices.begin(), choices.end()));
}

TEST_CASE("job files know every model, and which of them need data") {
  const std::vector<std::string_view> known = objective_names();
  CHECK(std::equal(known.begin(), known.end(), std::begin(model_keys::names),
                   std::end(model_keys::names)));
  Job job;
  for (const std::string_view name : known) {
    job.model.kind = name;
    CHECK(trains_on_data(job) == needs_data(job.model.kind));
  }
}

TEST_CASE("options that do not go together are refused with a hint") {
  Job job;
  job.job.epochs = 1;
  const auto refusal = [](const Job& wrong) -> std::string {
    try {
      plan_algorithm(wrong, 1000, 1000);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  job.algorithm.name = "ad-psgd";
  CHECK(refusal(job).empty());
  job.compression.name = "top-k";
  CHECK(refusal(job).find("choco compresses gossip") != std::string::npos);
  job.algorithm.name = "asp";
  CHECK(refusal(job).empty());
  job.robust.name = "krum";
  CHECK(refusal(job).find("do not combine several contributions") != std::string::npos);
  job.algorithm.name = "bsp";
  CHECK(refusal(job).empty());
  job.algorithm.name = "choco";
  job.robust.name = "mean";
  job.algorithm.topology = "random-matching";
  CHECK(refusal(job).find("neighbours that stay") != std::string::npos);
  job = Job{};
  job.algorithm.name = "dssp";
  job.algorithm.staleness = 0;
  CHECK(refusal(job).find("expected at least 1") != std::string::npos);
}
