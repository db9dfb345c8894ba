// What a job's model costs before it runs: parameters, operations, memory, bytes on the wire.
// Room: tools. Numbers only; the memory of processes is an estimate.
// Caller: tools/murm/model_command.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "models/objective.hpp"
#include "runtime/job.hpp"

namespace murm {

struct ModelFacts {
  std::vector<LayerSummary> layers;  // empty where a model has none
  std::uint64_t parameters = 0;
  std::uint64_t features = 0;              // of a sample
  std::uint64_t classes = 0;               // 0: none
  std::uint64_t batch = 0;                 // samples at a time
  std::uint64_t batches_per_exchange = 0;  // steps of a worker between two exchanges
  double forward_operations = 0;           // of a sample; 0 where there are no layers
  std::uint64_t state_tensors = 0;         // of the optimizer, each as long as the parameters
  bool state_on_workers = false;           // else on the aggregators
  std::uint64_t workspace_bytes = 0;       // of a worker
  std::uint64_t sent_bytes = 0;            // by a worker, each exchange
  std::uint64_t received_bytes = 0;
  std::uint64_t worker_bytes = 0;       // a process with one worker, at its largest
  std::uint64_t coordinator_bytes = 0;  // the process with all aggregators, likewise

  std::uint64_t parameter_bytes() const { return parameters * sizeof(float); }
  double step_operations() const { return 3 * forward_operations * static_cast<double>(batch); }
};

/// Makes the model, so its workspace has to fit into memory. Throws InputError.
ModelFacts model_facts(const Job& job);

}  // namespace murm
