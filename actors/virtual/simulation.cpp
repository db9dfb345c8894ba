#include "actors/virtual/simulation.hpp"

#include "actors/virtual/simulator.hpp"
#include "models/data_factory.hpp"

namespace murm {

namespace {

constexpr std::uint64_t kJoinersMax = 100'000;

/// A seat is kept for every slot up to the largest one.
void check_slots(const SimulationOptions& options) {
  const std::uint64_t end = options.job.cluster.workers + kJoinersMax;
  for (const ChurnEvent& churn : options.scenario.churn) {
    if (churn.worker < end) continue;
    throw InputError("the scenario's churn names worker " + std::to_string(churn.worker) +
                     ", expected a number below " + std::to_string(end) + ", which is " +
                     std::to_string(kJoinersMax) +
                     " beyond the job's workers. HINT: cluster.workers says how many there are");
  }
}

}  // namespace

SimulationResult simulate(const SimulationOptions& options) {
  check_slots(options);
  const SystemClock clock;
  const Nanoseconds began = clock.now();
  std::optional<Numbers> numbers;
  JobPlan plan;
  if (options.phantom) {
    plan = plan_job(options.job, phantom_shape(options.job));
  } else {
    const std::shared_ptr<const Dataset> test = load_split(options.job, Split::test);
    plan = plan_job(options.job, data_shape(options.job, *test));
    numbers.emplace(plan, test);
  }
  if (options.phantom && plan.leases.total == 0 && !options.until) {
    throw InputError(
        "a phantom run has no loss and no accuracy, so it would never reach its target. HINT: give "
        "job.samples, job.epochs or --until");
  }
  Simulator simulator(options, plan, numbers ? &*numbers : nullptr);
  simulator.run();
  SimulationResult result = simulator.result();
  if (numbers) result.layout = parameter_layout(plan.job, plan.shape);
  Report::Simulation& account = *result.report.simulation;
  account.wall_seconds = seconds_since(clock, began);
  if (account.wall_seconds > 0) {
    account.events_per_second = static_cast<double>(account.events) / account.wall_seconds;
  }
  return result;
}

}  // namespace murm
