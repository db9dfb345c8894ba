// A training step of a benchmark model on made-up data, timed in windows beside the products this machine can do.
// Room: tools. A device, an objective and an optimizer in one thread; no actor, no job file.
// Caller: tools/murm/bench_command, benchmarks/step through the program.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gpu/device.hpp"
#include "models/objective.hpp"

namespace murm {

struct StepBenchOptions {
  std::string model = "mlp";   // mlp, lenet, gpt, gpt-124m
  std::uint64_t batch = 0;     // samples; 0: the model's own
  std::string device = "cpu";  // as in job files
  std::uint64_t threads = 1;   // cpu
  bool bf16 = false;
  std::uint64_t windows = 7;
  double seconds = 2;  // of a window, about
};

/// A model, its optimizer and eight batches, all made ahead: a step is one gradient and one pass of the optimizer.
/// Thread: one at a time.   Cost: a steady step allocates nothing here.
class BenchedStep {
 public:
  /// Throws InputError for a model that it does not know and a device that cannot be used.
  explicit BenchedStep(const StepBenchOptions& options);

  /// Takes the next batch; the mean loss of a sample, in nats. The optimizer may still be at work.
  double step();
  std::size_t batch() const { return batch_; }
  std::uint64_t steps() const { return steps_; }
  Objective& objective() { return *objective_; }
  Device& device() { return *device_; }
  /// Operations of one step: three times those of the way forward.
  double operations() const;

 private:
  /// On the device.
  struct MadeUpBatch {
    Tensor features;
    Tensor labels;
  };
  MadeUpBatch place(const std::vector<float>& features, const std::vector<std::int32_t>& labels);

  std::unique_ptr<Device> device_;
  std::unique_ptr<Objective> objective_;
  OptimizerOptions optimizer_;
  double learning_rate_ = 0;
  std::size_t batch_ = 0;
  std::size_t targets_ = 1;
  std::uint64_t steps_ = 0;
  std::vector<MadeUpBatch> batches_;
  Tensor parameters_;
  Tensor gradient_;
  std::vector<Tensor> state_;
};

/// Fastest product of a few large shapes on the processor, in operations per second.
double peak_product_rate(std::uint64_t threads, bool bf16);

struct StepBenchResult {
  std::uint64_t parameters = 0;
  std::uint64_t batch = 0;
  std::uint64_t steps_per_window = 0;
  std::vector<double> samples_per_second;  // of each window
  double operations_per_sample = 0;        // of a step
  double peak_rate = 0;                    // of products, operations per second
  std::uint64_t peak_bytes = 0;            // resident, of this process, at its largest
  std::vector<double> first_losses;        // of the first steps, at most 20
  double final_loss = 0;                   // of the last step
};

/// Warms up, then times `windows` windows, then the products. Throws InputError as BenchedStep.
StepBenchResult bench_step(const StepBenchOptions& options);

}  // namespace murm
