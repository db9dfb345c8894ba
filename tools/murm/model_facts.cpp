#include "tools/murm/model_facts.hpp"

#include <algorithm>

#include "actors/job_plan.hpp"
#include "algorithms/compression/codec.hpp"

namespace murm {
namespace {

// Measured with mlps of 0.2 to 6 million parameters, within about 10 %: what processes hold besides their data.
constexpr std::uint64_t kProgram = std::uint64_t{21} << 20;  // program, libraries, stacks
constexpr double kPushingWorker =
    4.5;  // models: parameters, gradient, and both in frames on their way
constexpr double kSteppingWorker = 7;  // where a worker takes steps of its own, before their state
constexpr double kReplicaWorker = 10;  // where replicas travel between workers, likewise
constexpr double kCoordinator = 6;     // models: parameters, snapshot, evaluator, files at the end
constexpr double kForEachWorker = 2;   // models: frames that come and go

double worker_models(const Algorithm& traits) {
  if (traits.replicas) return kReplicaWorker;
  return traits.plain_gradients ? kPushingWorker : kSteppingWorker;
}

std::uint64_t times(double models, std::uint64_t bytes) {
  return static_cast<std::uint64_t>(models * static_cast<double>(bytes));
}

constexpr std::uint64_t kTestSamples = 10'000;  // where the job does not say

/// Words of one push of a worker, over all shards.
std::uint64_t push_words(const AlgorithmOptions& algorithm) {
  if (algorithm.compression.name == "none") return algorithm.parameters;
  const std::size_t length = algorithm.parameters / algorithm.shards;
  return algorithm.shards * make_codec(algorithm.compression, length, {}, 0)->encoded_length(0);
}

/// Of one sample in memory, or in the part of a mapped file that was read.
std::uint64_t sample_bytes(const Job& job, const SampleShape& shape) {
  const std::string& kind = job.data.kind;
  if (kind == "text") return 1;  // samples share their characters
  if (kind == "tokens") return 2;
  const bool numbers = kind == "csv" || kind == "libsvm" || kind == "npy";
  return shape.features * (numbers ? sizeof(float) : 1);
}

}  // namespace

ModelFacts model_facts(const Job& job) {
  const DataShape shape = phantom_shape(job);
  const JobPlan plan = plan_job(job, shape);
  const Algorithm& traits = find_algorithm(plan.algorithm);
  const bool on_data = shape.sample.features > 0;
  ModelFacts facts;
  facts.parameters = plan.parameters;
  facts.features = shape.sample.features;
  facts.classes = shape.sample.classes;
  facts.batch = on_data ? job.training.batch : 1;
  facts.batches_per_exchange = std::max<std::uint64_t>(1, plan.leases.lease_samples / facts.batch);
  facts.state_tensors = optimizer_state_count(plan.algorithm.optimizer.kind);
  facts.state_on_workers = !traits.plain_gradients || traits.replicas;
  const ModelParts model = make_model(job, shape, facts.batch);
  facts.layers = model.objective->layers();
  facts.workspace_bytes = model.objective->workspace_bytes();
  for (const LayerSummary& layer : facts.layers) {
    facts.forward_operations += static_cast<double>(layer.forward_operations);
  }
  facts.sent_bytes = push_words(plan.algorithm) * sizeof(float);
  facts.received_bytes = facts.parameter_bytes();
  const std::uint64_t state = facts.state_tensors * facts.parameter_bytes();
  const std::uint64_t sample = on_data ? sample_bytes(job, shape.sample) : 0;
  const std::uint64_t tests = job.data.test == 0 ? kTestSamples : job.data.test;
  facts.worker_bytes = kProgram + shape.train * sample + facts.workspace_bytes +
                       times(worker_models(traits), facts.parameter_bytes()) +
                       (facts.state_on_workers ? state : 0);
  const double models = kCoordinator + kForEachWorker * static_cast<double>(job.cluster.workers);
  // Its evaluator has a workspace of its own.
  facts.coordinator_bytes = kProgram + facts.workspace_bytes + tests * sample +
                            times(models, facts.parameter_bytes()) +
                            (facts.state_on_workers ? 0 : state);
  return facts;
}

}  // namespace murm
