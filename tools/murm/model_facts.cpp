#include "tools/murm/model_facts.hpp"

#include <algorithm>

#include "actors/job_plan.hpp"
#include "algorithms/compression/codec.hpp"

namespace murm {
namespace {

constexpr std::uint64_t kProgram = std::uint64_t{24} << 20;  // measured: program, libraries, stacks
// Measured, in models: what a worker receives and sends lies in frames while the next one is computed.
constexpr std::uint64_t kWorkerModels = 4;  // parameters and gradient, each with its frames
constexpr std::uint64_t kCoordinatorModels =
    5;  // parameters, what is sent, what came, a snapshot, a replica

/// Words of one push of a worker, over all shards.
std::uint64_t push_words(const AlgorithmOptions& algorithm) {
  if (algorithm.compression.name == "none") return algorithm.parameters;
  const std::size_t length = algorithm.parameters / algorithm.shards;
  return algorithm.shards * make_codec(algorithm.compression, length, {}, 0)->encoded_length(0);
}

}  // namespace

ModelFacts model_facts(const Job& job) {
  const DataShape shape = phantom_shape(job);
  const JobPlan plan = plan_job(job, shape);
  const Algorithm& traits = find_algorithm(plan.algorithm);
  const bool on_data = shape.features > 0;
  ModelFacts facts;
  facts.parameters = plan.parameters;
  facts.features = shape.features;
  facts.classes = shape.classes;
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
  const std::uint64_t samples = on_data ? shape.train * shape.features : 0;  // a byte for a number
  const bool text = job.data.kind == "text";
  const std::uint64_t data = text && on_data ? shape.train : samples;
  facts.worker_bytes = kProgram + data + facts.workspace_bytes +
                       kWorkerModels * facts.parameter_bytes() +
                       (facts.state_on_workers ? state : 0);
  facts.coordinator_bytes = kProgram + kCoordinatorModels * facts.parameter_bytes() +
                            (facts.state_on_workers ? 0 : state) +
                            (text || !on_data ? 0 : job.data.test * shape.features);
  return facts;
}

}  // namespace murm
