// Tests of what a job means in numbers.
#include "actors/job_plan.hpp"

#include <cmath>
#include <limits>

#include "tests/catch.hpp"

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
  CHECK(shape.features == 0);
  CHECK(shape.classes == 0);
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
  const Evaluation found = evaluate(*parts.objective, *parts.data, initial);
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
  CHECK(phantom_shape(job).features == 784);
  CHECK(phantom_shape(job).classes == 10);
  CHECK(plan_job(job, phantom_shape(job)).leases.lease_samples == 32);
  CHECK(plan_job(job, phantom_shape(job)).evaluation_every == 80000);
  job.data.kind = "mnist";
  job.data.path = "/no/such/folder";
  CHECK(phantom_shape(job).train == 60000);
  job.data.train = 1000;
  CHECK(phantom_shape(job).train == 1000);
}

TEST_CASE("a digits job has the same plan with its data and without") {
  Job job;
  job.job.epochs = 2;
  job.data.train = 300;
  job.data.test = 20;
  const DataShape real = data_shape(job, *load_split(job, Split::test));
  const DataShape phantom = phantom_shape(job);
  CHECK(real.train == phantom.train);
  CHECK(plan_job(job, real).parameters == plan_job(job, phantom).parameters);
  CHECK(plan_job(job, real).parameters == initial_parameters(job, real).size());
}

TEST_CASE("a model of any size is planned without its memory") {
  Job job = quadratic();
  job.model.dim = std::uint64_t{1} << 50;
  CHECK(plan_job(job, phantom_shape(job)).parameters == std::uint64_t{1} << 50);
  job.model.kind = "mlp";
  job.model.hidden = {std::uint64_t{1} << 25, std::uint64_t{1} << 25};
  CHECK(plan_job(job, phantom_shape(job)).parameters > std::uint64_t{1} << 50);
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
