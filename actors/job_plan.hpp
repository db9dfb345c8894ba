// What a job means: the options of every part, derived once.
// Room: actors. Pure arithmetic on a Job; the one place where units of a job file become units of code. No CAF.
// Caller: actors/training_node, actors/worker_node, actors/virtual, tools/murm.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/job_data.hpp"
#include "algorithms/lease_plan.hpp"
#include "algorithms/registry.hpp"
#include "algorithms/robust/byzantine.hpp"
#include "models/evaluation.hpp"
#include "models/gradient_lane.hpp"
#include "runtime/clock.hpp"
#include "runtime/job.hpp"

namespace murm {

struct JobPlan {
  Job job;
  AlgorithmOptions algorithm;
  LeasePlanOptions leases;
  SampleCount evaluation_every = 0;
  std::uint64_t parameters = 0;
  DataShape shape;
};

/// Throws InputError when the parts do not fit together (more aggregators than parameters). Costs no memory
/// for any number of parameters.
JobPlan plan_job(const Job& job, const DataShape& shape);

/// The changes of algorithm that the job asks for: where each takes place in the run's stream of samples, ascending.
struct PlannedSwitch {
  SampleCount position = 0;
  std::string to;
};
std::vector<PlannedSwitch> planned_switches(const Job& job, SampleCount epoch);
/// The job as it is after the first `done` of its switches: algorithm.name is that of the latest.
Job job_after(const Job& job, std::size_t done);
/// Whether an algorithm of the job, now or later, has workers that share memory.
bool needs_one_process(const Job& job);

/// What the machines of both sides are made from. `total`: samples of the run, 0 without a known end.
AlgorithmOptions plan_algorithm(const Job& job, std::uint64_t parameters, SampleCount total);

/// Throws InputError where a device of cluster.device cannot be used on this machine.
void require_devices(const Job& job);

/// Makes the lanes of this process's workers, each on the device of its slot. They are made on the workers' device
/// threads; the first to ask loads the training set, which all share.
std::function<LaneFactory(std::uint32_t slot)> make_lane_factories(const Job& job);
/// That of slot 0.
LaneFactory make_lane_factory(const Job& job);
/// Makes the evaluator's parts around a test set at hand, on the processor: a coordinator, or who looks at a run
/// later, need not have the workers' devices.
std::function<EvaluatorParts()> make_evaluator_factory(const Job& job,
                                                       std::shared_ptr<const Dataset> test);
/// A model with the device it works on, in the order of their lives.
struct ModelParts {
  std::unique_ptr<Device> device;
  std::unique_ptr<Objective> objective;
};
/// The job's model on a device that it names, with its workspace for `batch` samples at a time.
ModelParts make_model(const Job& job, const DataShape& shape, std::size_t batch,
                      const std::string& device = "cpu");
/// Initial parameters of the job's model, from its seed.
std::vector<float> initial_parameters(const Job& job, const DataShape& shape);
/// Names and shapes of the parameters, for files; the parameters themselves are not made.
std::vector<ParameterTensor> parameter_layout(const Job& job, const DataShape& shape);

/// True when an evaluation ends the run: job.target_accuracy or job.target_loss is reached.
bool target_reached(const Job& job, const Evaluation& evaluation);

/// emulate.byzantine: the attack of a worker, if it makes one.
std::optional<Attack> emulated_attack(const Job& job, std::uint64_t slot);

/// emulate.step_ms of a worker; 0 when it is not emulated.
Nanoseconds emulated_step_time(const Job& job, std::uint32_t slot);

}  // namespace murm
