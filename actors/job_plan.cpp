#include "actors/job_plan.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "gpu/host/host_device.hpp"
#include "models/objective_factory.hpp"

namespace murm {

namespace {

constexpr std::size_t kEvaluationBatch = 256;
constexpr SampleCount kEvaluations = 100;         // of a run without epochs, by default
constexpr SampleCount kEvaluationSamples = 1000;  // between them when the run has no known end
constexpr SampleCount kMnistTrain = 60000;
constexpr std::size_t kPictureFeatures = 784;
constexpr std::size_t kPictureClasses = 10;

OptimizerKind optimizer_kind(const std::string& name) {
  if (name == "momentum") return OptimizerKind::momentum;
  if (name == "nesterov") return OptimizerKind::nesterov;
  if (name == "adam") return OptimizerKind::adam;
  if (name == "adamw") return OptimizerKind::adamw;
  return OptimizerKind::sgd;  // the job file's names are checked where it is read
}

SampleCount total_samples(const Job& job, SampleCount epoch) {
  SampleCount total = job.job.samples;
  if (job.job.epochs > 0) {
    const auto by_epochs = static_cast<SampleCount>(
        std::llround(job.job.epochs * static_cast<double>(epoch)));
    total = total == 0 ? by_epochs : std::min(total, by_epochs);
  }
  return total;
}

Schedule make_schedule(const Job& job, SampleCount total, double samples_per_update) {
  Schedule schedule;
  const auto& training = job.training;
  schedule.kind = training.schedule == "cosine" ? ScheduleKind::cosine
                  : training.schedule == "step" ? ScheduleKind::step
                                                : ScheduleKind::constant;
  schedule.clock = training.schedule_clock == "updates" ? ScheduleClock::updates
                                                        : ScheduleClock::samples;
  const double unit = schedule.clock == ScheduleClock::samples ? samples_per_update : 1.0;
  schedule.learning_rate = training.lr;
  schedule.minimum = training.lr_min < 0 ? training.lr / 10 : training.lr_min;
  schedule.factor = training.lr_factor;
  schedule.milestones = training.milestones;
  schedule.warmup = static_cast<double>(training.warmup) * unit;
  schedule.total = static_cast<double>(total) / samples_per_update * unit;
  return schedule;
}

ObjectiveOptions objective_options(const Job& job) {
  return {job.model.kind,      job.model.hidden, job.model.dim,
          job.model.condition, job.model.noise,  job.job.seed};
}

std::uint64_t batch_samples(const Job& job) {
  return needs_data(job.model.kind) ? job.training.batch : 1;
}

std::uint64_t lease_samples(const Job& job) {
  return needs_data(job.model.kind) ? job.training.batch * job.training.accumulate : 1;
}

SampleCount evaluation_interval(const Job& job, SampleCount epoch, SampleCount total) {
  if (job.evaluation.every != 0) return job.evaluation.every;
  if (needs_data(job.model.kind)) return epoch;
  return total == 0 ? kEvaluationSamples : std::max<SampleCount>(1, total / kEvaluations);
}

/// A device and an objective on it, in the order of their lives.
struct DeviceAndObjective {
  std::unique_ptr<Device> device = std::make_unique<HostDevice>();
  std::unique_ptr<Objective> objective;
  DeviceAndObjective(const Job& job, std::size_t features, std::size_t classes, std::size_t batch)
      : objective(make_objective(objective_options(job), features, classes, *device, batch)) {}
};

}  // namespace

std::shared_ptr<const Dataset> load_split(const Job& job, Split split) {
  if (!needs_data(job.model.kind)) return blank_sample();
  return load_split(job.data.kind, job.data.path, job.job.seed, split,
                    split == Split::train ? job.data.train : job.data.test);
}

DataShape data_shape(const Job& job, const Dataset& test) {
  const bool known = needs_data(job.model.kind) && job.data.kind == "digits";
  const SampleCount train = known ? job.data.train : load_split(job, Split::train)->size();
  return DataShape{train, test.features, test.classes};
}

DataShape phantom_shape(const Job& job) {
  if (!needs_data(job.model.kind)) return DataShape{1, 0, 0};
  const SampleCount train = job.data.kind == "mnist" ? std::min(job.data.train, kMnistTrain)
                                                     : job.data.train;
  return DataShape{train, kPictureFeatures, kPictureClasses};
}

JobPlan plan_job(const Job& job, const DataShape& shape) {
  JobPlan plan;
  plan.job = job;
  plan.shape = shape;
  for (const ParameterTensor& tensor : parameter_layout(job, shape))
    plan.parameters += tensor.size();
  if (job.cluster.aggregators > plan.parameters) {
    throw InputError("cluster.aggregators = " + std::to_string(job.cluster.aggregators) +
                     " is more than the model's " + std::to_string(plan.parameters) +
                     " parameters. HINT: one aggregator per million parameters is plenty");
  }
  if (job.job.target_accuracy > 0 && !needs_data(job.model.kind)) {
    throw InputError("job.target_accuracy cannot be reached: model.kind = \"" + job.model.kind +
                     "\" has no accuracy. HINT: use job.target_loss");
  }
  plan.algorithm = worker_algorithm(job);
  AlgorithmOptions& algorithm = plan.algorithm;
  algorithm.parameters = plan.parameters;
  algorithm.shards = static_cast<std::uint32_t>(job.cluster.aggregators);
  algorithm.optimizer = OptimizerOptions{optimizer_kind(job.training.optimizer),
                                         job.training.momentum,
                                         job.training.beta1,
                                         job.training.beta2,
                                         OptimizerOptions{}.epsilon,
                                         job.training.weight_decay};
  const Algorithm& traits = find_algorithm(algorithm);
  const std::uint64_t lease = lease_samples(job);
  const SampleCount total = total_samples(job, shape.train);
  const std::uint64_t leases_per_update = traits.combines ? job.cluster.workers : 1;
  algorithm.schedule = make_schedule(job, total, static_cast<double>(lease * leases_per_update));
  plan.leases = LeasePlanOptions{traits.synchronous, static_cast<std::uint32_t>(lease), total,
                                 algorithm.shards};
  plan.evaluation_every = evaluation_interval(job, shape.train, total);
  return plan;
}

AlgorithmOptions worker_algorithm(const Job& job) {
  AlgorithmOptions options;
  options.name = job.algorithm.name;
  options.staleness = job.algorithm.staleness;
  options.clip = job.training.clip;
  return options;
}

LaneFactory make_lane_factory(const Job& job) {
  struct Shared {
    std::mutex mutex;
    std::shared_ptr<const Dataset> data;
  };
  auto shared = std::make_shared<Shared>();
  return [job, shared] {
    std::shared_ptr<const Dataset> data;
    {
      const std::lock_guard<std::mutex> guard(shared->mutex);
      if (!shared->data) shared->data = load_split(job, Split::train);
      data = shared->data;
    }
    DeviceAndObjective parts(job, data->features, data->classes, batch_samples(job));
    return std::make_unique<GradientLane>(std::move(parts.device), std::move(parts.objective), data,
                                          job.job.seed);
  };
}

std::function<EvaluatorParts()> make_evaluator_factory(const Job& job,
                                                       std::shared_ptr<const Dataset> test) {
  return [job, test = std::move(test)] {
    DeviceAndObjective parts(job, test->features, test->classes, kEvaluationBatch);
    return EvaluatorParts{std::move(parts.device), std::move(parts.objective), test};
  };
}

std::vector<float> initial_parameters(const Job& job, const DataShape& shape) {
  DeviceAndObjective parts(job, shape.features, shape.classes, 1);
  std::vector<float> parameters(parts.objective->parameter_count());
  parts.objective->initialize(job.job.seed, parameters);
  return parameters;
}

std::vector<ParameterTensor> parameter_layout(const Job& job, const DataShape& shape) {
  return objective_layout(objective_options(job), shape.features, shape.classes);
}

bool target_reached(const Job& job, const Evaluation& evaluation) {
  const double accuracy = job.job.target_accuracy;  // compared with NaN, nothing is reached
  const double loss = job.job.target_loss;
  return (accuracy > 0 && evaluation.accuracy >= accuracy) || (loss > 0 && evaluation.loss <= loss);
}

Nanoseconds emulated_step_time(const Job& job, std::uint32_t slot) {
  const std::vector<double>& step_ms = job.emulate.step_ms;
  if (step_ms.empty()) return Nanoseconds{0};
  const double milliseconds = slot < step_ms.size() ? step_ms[slot] : step_ms.back();
  return Nanoseconds(std::llround(milliseconds * 1e6));
}

}  // namespace murm
