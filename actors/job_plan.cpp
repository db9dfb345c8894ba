#include "actors/job_plan.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>

#include "gpu/device_factory.hpp"
#include "models/objective_factory.hpp"
#include "runtime/edge_list_file.hpp"
#include "runtime/job_keys.hpp"

namespace murm {

namespace {

constexpr std::size_t kEvaluationBatch = 256;
constexpr SampleCount kEvaluations = 100;         // of a run without epochs, by default
constexpr SampleCount kEvaluationSamples = 1000;  // between them when the run has no known end
constexpr std::size_t kPictureFeatures = 784;

OptimizerKind optimizer_kind(const std::string& name) {
  if (name == "momentum") return OptimizerKind::momentum;
  if (name == "nesterov") return OptimizerKind::nesterov;
  if (name == "adam") return OptimizerKind::adam;
  if (name == "adamw") return OptimizerKind::adamw;
  if (name == "adagrad") return OptimizerKind::adagrad;
  if (name == "lars") return OptimizerKind::lars;
  if (name == "lamb") return OptimizerKind::lamb;
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
  schedule.learning_rate = scaled_learning_rate(job);
  schedule.minimum = training.lr_min < 0 ? schedule.learning_rate / 10 : training.lr_min;
  schedule.factor = training.lr_factor;
  schedule.milestones = training.milestones;
  schedule.warmup = static_cast<double>(training.warmup) * unit;
  schedule.total = static_cast<double>(total) / samples_per_update * unit;
  return schedule;
}

ObjectiveOptions objective_options(const Job& job) {
  const auto& model = job.model;
  ObjectiveOptions options;
  options.kind = model.kind;
  options.hidden = model.hidden;
  options.dim = model_dim(job);
  options.condition = model.condition;
  options.noise = model.noise;
  options.seed = job.job.seed;
  options.embedding = model.embedding;
  options.layers = model.layers;
  options.heads = model.heads;
  options.dropout = model.dropout;
  options.tied = model.tied;
  options.blocks = model.blocks;
  options.width = model.width;
  options.normalization = model.normalization;
  options.path = model.path;
  options.input_shape = model.input_shape;
  options.checkpointing = job.training.checkpointing;
  return options;
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

AlgorithmOptions named_options(const Job& job) {
  const auto& from = job.algorithm;
  AlgorithmOptions to;
  to.name = from.name;
  to.staleness = from.staleness;
  to.staleness_max = from.staleness_max;
  to.staleness_weight = from.staleness_weight;
  to.threshold = from.threshold;
  to.buffer = from.buffer;
  to.backups = from.backups;
  to.correction = from.correction;
  to.lambda = from.lambda;
  to.elasticity = from.elasticity;
  to.local_steps = from.local_steps;
  to.switch_at = from.switch_at;
  to.outer = from.outer;
  to.outer_lr = from.outer_lr;
  to.outer_momentum = from.outer_momentum;
  to.overlap = from.overlap;
  to.fragments = from.fragments;
  to.mixing = from.mixing;
  to.quorum = from.quorum;
  to.grace_ms = from.grace_ms;
  to.regions = from.regions;
  to.chunk = from.chunk;
  to.keep = from.keep;
  to.decay = from.decay;
  to.topology = from.topology;
  to.degree = from.degree;
  if (from.topology == "file") {
    if (from.edges.empty()) {
      throw InputError(
          "algorithm.topology = \"file\" needs algorithm.edges, a list of edges. HINT: a text file "
          "with two workers a line, numbered from 0");
    }
    const auto workers = static_cast<std::uint32_t>(job.cluster.workers);
    to.edges = read_edge_list(from.edges, workers).edges;
  }
  to.order = from.order;
  to.period = from.period;
  to.probability = from.probability;
  to.group = from.group;
  to.consensus_step = from.consensus_step;
  return to;
}

/// The tensors of the model. Those of one dimension (biases) do not adapt, as in the papers' experiments.
std::vector<OptimizerBlock> optimizer_blocks(const Job& job, std::uint64_t parameters) {
  std::vector<OptimizerBlock> blocks;
  std::uint64_t total = 0;
  for (const ParameterTensor& tensor : parameter_layout(job, phantom_shape(job))) {
    const bool alone = !needs_data(job.model.kind);  // a research objective is one vector
    blocks.push_back({tensor.offset, tensor.size(), alone || tensor.shape.size() > 1});
    total += tensor.size();
  }
  if (total == parameters) return blocks;
  throw InputError("training.optimizer = \"" + job.training.optimizer +
                   "\" has to know the model's tensors, but the pictures of data.path are not of " +
                   std::to_string(kPictureFeatures) + " pixels. HINT: take another optimizer");
}

OptimizerOptions optimizer_options(const Job& job, std::uint64_t parameters) {
  const auto& training = job.training;
  OptimizerOptions options;
  options.kind = optimizer_kind(training.optimizer);
  options.momentum = training.momentum;
  options.beta1 = training.beta1;
  options.beta2 = training.beta2;
  options.epsilon = training.epsilon > 0 ? training.epsilon : default_epsilon(options.kind);
  options.weight_decay = training.weight_decay;
  options.trust = training.trust;
  if (takes_norms(options.kind)) options.blocks = optimizer_blocks(job, parameters);
  return options;
}

CompressionOptions compression_options(const Job& job) {
  const auto& from = job.compression;
  CompressionOptions to;
  to.name = from.name;
  to.ratio = from.ratio;
  to.bits = static_cast<unsigned>(from.bits);
  to.rank = static_cast<unsigned>(from.rank);
  to.momentum = from.momentum;
  to.warm_up = from.warm_up;
  if (from.error_feedback != "default") to.error_feedback = from.error_feedback == "on";
  return to;
}

/// Matrices as the codes see them: the first dimension by all others.
std::vector<CodecBlock> codec_blocks(const Job& job) {
  std::vector<CodecBlock> blocks;
  for (const ParameterTensor& tensor : parameter_layout(job, phantom_shape(job))) {
    const bool matrix = tensor.shape.size() > 1;
    const std::size_t rows = matrix ? tensor.shape.front() : 1;
    blocks.push_back({tensor.offset, rows, tensor.size() / rows});
  }
  return blocks;
}

RobustOptions robust_options(const Job& job) {
  const auto& from = job.robust;
  RobustOptions to;
  to.rule = robust_rule_named(from.name).value_or(RobustRule::mean);
  to.tolerated = static_cast<std::uint32_t>(from.tolerated);
  to.selected = static_cast<std::uint32_t>(from.selected);
  to.clip_radius = from.radius;
  to.iterations = static_cast<std::uint32_t>(from.iterations);
  to.smoothing = from.smoothing;
  to.bucket = static_cast<std::uint32_t>(from.bucket);
  to.seed = job.job.seed;
  return to;
}

/// Of the worker in this slot, as it asked for it. Some models can be computed on processors alone.
std::string device_name(const Job& job, std::uint64_t slot) {
  const std::vector<std::string>& named = job.cluster.device;
  const std::string& name = named[named.size() == 1 ? 0 : slot % named.size()];
  if (name != "auto") return name;
  return on_any_device(job.model.kind) ? best_device(slot) : "cpu";
}

void check_device_names(const Job& job) {
  for (const std::string& name : job.cluster.device) {
    const auto named = parse_device_name(name);
    if (!named) {
      throw InputError("cluster.device names \"" + name +
                       "\", expected \"auto\", \"cpu\" or \"cuda:N\". HINT: `murm devices` lists "
                       "what is there");
    }
    if (named->kind == DeviceName::Kind::cuda && !on_any_device(job.model.kind)) {
      throw InputError("cluster.device names \"" + name + "\", but model.kind = \"" +
                       job.model.kind +
                       "\" can be computed on processors alone. HINT: \"cpu\", or \"auto\"");
    }
  }
}

std::unique_ptr<Device> make_device(const Job& job, const std::string& name) {
  return make_device(DeviceOptions{
      .name = name, .threads = job.training.threads, .bf16 = job.training.precision == "bf16"});
}

/// Samples that an evaluation computes at a time. Models with large activations take no more than a step of training.
std::size_t evaluation_batch(const Job& job) {
  const std::string& kind = job.model.kind;
  const bool large = kind == "lenet" || kind == "resnet" || kind == "gpt";
  return large ? std::min<std::size_t>(kEvaluationBatch, job.training.batch) : kEvaluationBatch;
}

}  // namespace

std::vector<PlannedSwitch> planned_switches(const Job& job, SampleCount epoch) {
  std::vector<PlannedSwitch> planned;
  for (const AlgorithmSwitch& change : job.algorithm.switches) {
    const double position = change.epoch * static_cast<double>(epoch);
    planned.push_back({static_cast<SampleCount>(std::llround(position)), change.to});
  }
  return planned;
}

bool needs_one_process(const Job& job) {
  for (std::size_t done = 0; done <= job.algorithm.switches.size(); ++done) {
    if (find_algorithm({.name = job_after(job, done).algorithm.name}).one_process) return true;
  }
  return false;
}

Job job_after(const Job& job, std::size_t done) {
  Job after = job;
  if (done > 0) after.algorithm.name = job.algorithm.switches.at(done - 1).to;
  return after;
}

JobPlan plan_job(const Job& job, const DataShape& shape) {
  JobPlan plan;
  plan.job = job;
  plan.shape = shape;
  check_device_names(job);
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
  if (augmentation_options(job).any() && shape.sample.picture.features() == 0) {
    throw InputError(
        "data.augment wants pictures, but the samples of data.path have no height and "
        "width. HINT: leave data.augment out");
  }
  const SampleCount total = total_samples(job, shape.train);
  plan.algorithm = plan_algorithm(job, plan.parameters, total);
  plan.leases.synchronous = find_algorithm(plan.algorithm).synchronous;
  plan.leases.lease_samples = plan.algorithm.batch;
  plan.leases.total = total;
  plan.leases.shards = plan.algorithm.shards;
  if (const auto adapt = find_algorithm(plan.algorithm).plan_leases; adapt != nullptr) {
    adapt(plan.algorithm, plan.leases);
  }
  plan.evaluation_every = evaluation_interval(job, shape.train, total);
  for (std::size_t done = 1; done <= job.algorithm.switches.size(); ++done) {
    plan_algorithm(job_after(job, done), plan.parameters, total);  // that it can be done
  }
  return plan;
}

AlgorithmOptions plan_algorithm(const Job& job, std::uint64_t parameters, SampleCount total) {
  AlgorithmOptions options = named_options(job);
  options.seed = job.job.seed;
  options.workers = job.cluster.workers;
  options.parameters = parameters;
  options.shards = static_cast<std::uint32_t>(job.cluster.aggregators);
  options.batch = static_cast<std::uint32_t>(lease_samples(job));
  options.clip = job.training.clip;
  options.compression = compression_options(job);
  if (options.compression.name != "none") options.blocks = codec_blocks(job);
  options.robust = robust_options(job);
  options.optimizer = optimizer_options(job, parameters);
  check_options(options);
  const Algorithm& traits = find_algorithm(options);
  const bool one_update = traits.combines && (traits.plain_gradients || traits.replicas);
  if (job.training.scaling != "none" && !one_update) {
    throw InputError(
        "training.scaling = \"" + job.training.scaling + "\" does not fit algorithm.name = \"" +
        options.name +
        "\", which does not combine the gradients of all workers into one step. HINT: leave "
        "training.scaling out and choose training.lr");
  }
  const std::uint64_t gradients = one_update ? job.cluster.workers : 1;
  options.schedule = make_schedule(job, total, static_cast<double>(options.batch * gradients));
  return options;
}

void require_devices(const Job& job) {
  for (const std::string& name : job.cluster.device) require_device(name);
}

ModelParts make_model(const Job& job, const DataShape& shape, std::size_t batch,
                      const std::string& device) {
  ModelParts parts;
  parts.device = make_device(job, device);
  parts.objective = make_objective(objective_options(job), shape.sample, *parts.device, batch);
  return parts;
}

std::function<LaneFactory(std::uint32_t slot)> make_lane_factories(const Job& job) {
  struct Shared {
    std::mutex mutex;
    std::shared_ptr<const Dataset> data;
  };
  auto shared = std::make_shared<Shared>();
  const auto make = [job, shared](std::uint32_t slot) {
    std::shared_ptr<const Dataset> data;
    {
      const std::lock_guard<std::mutex> guard(shared->mutex);
      if (!shared->data) shared->data = load_split(job, Split::train);
      data = shared->data;
    }
    ModelParts parts = make_model(job, {data->size(), data->shape()}, batch_samples(job),
                                  device_name(job, slot));
    const Augmentation augmentation(augmentation_options(job), data->shape().picture, job.job.seed);
    return std::make_unique<GradientLane>(std::move(parts.device), std::move(parts.objective), data,
                                          job.job.seed, augmentation);
  };
  return [make](std::uint32_t slot) { return [make, slot] { return make(slot); }; };
}

LaneFactory make_lane_factory(const Job& job) { return make_lane_factories(job)(0); }

std::function<EvaluatorParts()> make_evaluator_factory(const Job& job,
                                                       std::shared_ptr<const Dataset> test) {
  return [job, test = std::move(test)] {
    ModelParts parts = make_model(job, {test->size(), test->shape()}, evaluation_batch(job));
    return EvaluatorParts{std::move(parts.device), std::move(parts.objective), test};
  };
}

std::vector<float> initial_parameters(const Job& job, const DataShape& shape) {
  const ModelParts parts = make_model(job, shape, 1);
  std::vector<float> parameters(parts.objective->parameter_count());
  parts.objective->initialize(job.job.seed, parameters);
  return parameters;
}

std::vector<ParameterTensor> parameter_layout(const Job& job, const DataShape& shape) {
  return objective_layout(objective_options(job), shape.sample);
}

bool target_reached(const Job& job, const Evaluation& evaluation) {
  const double accuracy = job.job.target_accuracy;  // compared with NaN, nothing is reached
  const double loss = job.job.target_loss;
  return (accuracy > 0 && evaluation.accuracy >= accuracy) || (loss > 0 && evaluation.loss <= loss);
}

std::optional<Attack> emulated_attack(const Job& job, std::uint64_t slot) {
  for (const ByzantineWorker& byzantine : job.emulate.byzantine) {
    if (byzantine.worker != slot) continue;
    return Attack(*attack_named(byzantine.attack), job.job.seed, slot);
  }
  return std::nullopt;
}

Nanoseconds emulated_step_time(const Job& job, std::uint32_t slot) {
  const std::vector<double>& step_ms = job.emulate.step_ms;
  if (step_ms.empty()) return Nanoseconds{0};
  const double milliseconds = slot < step_ms.size() ? step_ms[slot] : step_ms.back();
  return Nanoseconds(std::llround(milliseconds * 1e6));
}

}  // namespace murm
