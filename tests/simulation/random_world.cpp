#include "tests/simulation/random_world.hpp"

#include <algorithm>

#include "algorithms/random.hpp"
#include "algorithms/registry.hpp"

namespace murm::test {

namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed, 0x5EED) {}
  bool chance(float probability) { return random_.uniform() < probability; }
  std::uint64_t from(std::uint64_t low, std::uint64_t high) {
    return low + random_.below(static_cast<std::uint32_t>(high - low + 1));
  }
  double between(double low, double high) {
    return low + (high - low) * static_cast<double>(random_.uniform());
  }
  template <class T>
  T one_of(std::initializer_list<T> choices) {
    return choices.begin()[random_.below(static_cast<std::uint32_t>(choices.size()))];
  }

 private:
  Random random_;
};

/// Any name. The three whose laws are the strictest (what is applied are the gradients themselves) come more often.
std::string roll_name(Dice& dice) {
  if (dice.chance(0.3F)) return dice.one_of<const char*>({"bsp", "asp", "ssp"});
  const std::vector<std::string_view> all = algorithm_names();
  return std::string(all[dice.from(0, all.size() - 1)]);
}

void roll_algorithm(Dice& dice, Job& job) {
  job.algorithm.name = roll_name(dice);
  job.algorithm.staleness = job.algorithm.name == "dssp" ? dice.from(1, 6) : dice.from(0, 6);
  job.algorithm.local_steps = dice.from(0, 5);  // windows short enough for many rounds
  if (dice.chance(0.5F)) {
    job.algorithm.topology = dice.one_of<const char*>(
        {"ring", "directed-ring", "torus", "hypercube", "exponential", "complete", "random-regular",
         "one-peer-exponential", "random-matching"});
  }
  if (dice.chance(0.3F)) job.algorithm.order = "combine-first";
  const Algorithm& traits = find_algorithm({.name = job.algorithm.name, .staleness = 1});
  if (job.algorithm.name == "choco") job.algorithm.topology = "default";
  if (traits.bears_compression && dice.chance(0.3F)) {
    job.compression.name = dice.one_of<const char*>({"top-k", "random-k", "dgc", "qsgd", "int8",
                                                     "1-bit", "ef-sign", "terngrad", "powersgd",
                                                     "fp16", "bf16", "fp4"});
    job.compression.ratio = 0.2;
  }
  if (((traits.combines && traits.bears_compression) || traits.name == "fedbuff") &&
      dice.chance(0.2F)) {
    job.robust.name = dice.one_of<const char*>(
        {"krum", "multi-krum", "median", "trimmed-mean", "geometric-median", "centered-clipping"});
  }
}

void roll_job(Dice& dice, Job& job, bool phantom) {
  roll_algorithm(dice, job);
  job.cluster.workers = dice.chance(0.1F) ? dice.from(25, 80) : dice.from(1, 12);
  job.cluster.aggregators = dice.from(1, 4);
  job.training.optimizer = dice.one_of<const char*>({"sgd", "momentum", "adam"});
  if (job.algorithm.name == "hogwild") job.training.optimizer = "sgd";
  job.training.lr = 0.01;
  if (dice.chance(0.3F)) job.training.clip = 1;
  if (phantom) {
    job.model.kind = "logistic";
    job.training.batch = dice.from(1, 8);
    job.training.accumulate = dice.from(1, 3);
    job.data.train = 1000;
  } else {
    job.model.kind = "quadratic";
    job.model.dim = dice.from(4, 40);
    job.model.noise = dice.chance(0.5F) ? 0.1 : 0;
  }
  const std::uint64_t leases = dice.from(1, 60) * std::min<std::uint64_t>(job.cluster.workers, 16);
  const std::uint64_t lease = phantom ? job.training.batch * job.training.accumulate : 1;
  job.job.samples = leases * lease - (phantom ? dice.from(0, lease - 1) : 0);
}

void roll_machines(Dice& dice, Scenario& scenario, std::uint64_t workers) {
  scenario.compute.distribution = dice.one_of<const char*>(
      {"constant", "exponential", "lognormal", "pareto"});
  scenario.compute.mean_ms = dice.one_of<double>({1, 20, 100, 400});
  if (dice.chance(0.4F)) scenario.compute.apply_ms = dice.between(0, 10);
  for (std::uint64_t i = dice.from(0, 2); i > 0; --i) {
    const double from = dice.between(0, 5);
    scenario.compute.slow.push_back(
        {dice.from(0, workers - 1), dice.between(0.5, 20), from, from + dice.between(0.1, 20)});
  }
}

void roll_network(Dice& dice, Scenario& scenario) {
  if (dice.chance(0.25F)) return;
  scenario.network.latency_ms = dice.one_of<double>({0, 0.1, 5, 60});
  if (dice.chance(0.4F)) scenario.network.bandwidth_gbit = dice.between(0.01, 1);
  if (dice.chance(0.4F)) scenario.network.loss = dice.between(0, 0.2);
  if (dice.chance(0.4F)) scenario.network.duplication = dice.between(0, 0.3);
  if (dice.chance(0.4F)) scenario.network.reordering = dice.between(0, 0.5);
  if (dice.chance(0.2F)) {
    scenario.regions.shares = {0.5, 0.5};
    const double far = dice.between(1, 100);
    scenario.regions.latency_ms = {{0.1, far}, {far, 0.1}};
  }
}

/// Times of disasters are drawn where a run of this length still goes on.
void roll_disasters(Dice& dice, Scenario& scenario, std::uint64_t workers, double seconds) {
  scenario.detection.heartbeat_ms = dice.one_of<double>({20, 100, 500});
  for (std::uint64_t i = dice.from(0, 5); i > 0; --i) {
    ChurnEvent churn;
    churn.event = dice.one_of<const char*>({"join", "leave", "kill", "crash", "freeze"});
    churn.worker = dice.from(0, workers - 1);
    churn.for_s = dice.between(0.001, 8);
    if (dice.chance(0.25F) && churn.event != "join") {
      churn.rate_per_hour = dice.between(0.5, 4) * 3600 / seconds;
      churn.to_s = dice.between(0, 2 * seconds);
    } else {
      churn.at_s = dice.between(0, seconds);
    }
    scenario.churn.push_back(churn);
  }
  for (std::uint64_t i = dice.from(0, 2); i > 0; --i) {
    Partition partition;
    partition.from_s = dice.between(0, seconds);
    partition.to_s = partition.from_s + dice.between(0.01, 8);
    for (std::uint64_t slot = 0; slot < workers; ++slot) {
      if (dice.chance(0.4F)) partition.workers.push_back(slot);
    }
    if (!partition.workers.empty()) scenario.partition.push_back(partition);
  }
}

}  // namespace

SimulationOptions random_world(std::uint64_t seed) {
  Dice dice(seed);
  SimulationOptions world;
  world.phantom = dice.chance(0.8F);
  world.job.job.seed = seed;
  world.repeat = "make sim SEED=" + std::to_string(seed);
  roll_job(dice, world.job, world.phantom);
  const std::uint64_t workers = world.job.cluster.workers;
  roll_machines(dice, world.scenario, workers);
  roll_network(dice, world.scenario);
  const std::uint64_t lease = world.phantom
                                  ? world.job.training.batch * world.job.training.accumulate
                                  : 1;
  const double steps = static_cast<double>(world.job.job.samples) /
                       static_cast<double>(lease * workers);
  const double seconds = (steps + 1) *
                         (world.scenario.compute.mean_ms + 3 * world.scenario.network.latency_ms) /
                         1000;
  if (dice.chance(0.8F)) roll_disasters(dice, world.scenario, workers, seconds);
  return world;
}

std::string describe(const SimulationOptions& world) {
  const Job& job = world.job;
  std::string text = job.algorithm.name;
  if (job.algorithm.name == "ssp") text += " s=" + std::to_string(job.algorithm.staleness);
  for (const std::string& name : {job.compression.name, job.robust.name}) {
    if (name != "none" && name != "mean") text += " with " + name;
  }
  text += ", " + std::to_string(job.cluster.workers) + " workers, " +
          std::to_string(job.cluster.aggregators) + " shards, " + std::to_string(job.job.samples) +
          " samples, " + world.scenario.compute.distribution + " steps, " +
          std::to_string(world.scenario.churn.size()) + " kinds of churn, " +
          std::to_string(world.scenario.partition.size()) + " partitions" +
          (world.phantom ? ", phantom" : ", numeric");
  return text;
}

WorldOutcome live_through(const SimulationOptions& world) {
  WorldOutcome outcome;
  try {
    outcome.report = simulate(world).report;
    const Report& first = outcome.report;
    const Report second = simulate(world).report;
    if (first.status != "finished") {
      outcome.fault = "it ended with: " + first.status;
    } else if (first.ledger.applied + first.ledger.dropped != first.ledger.issued) {
      outcome.fault = "leases are neither applied nor dropped";
    } else if (first.ledger.samples_skipped != 0 || first.ledger.samples_repeated != 0) {
      outcome.fault = "samples are missing or applied twice";
    } else if (first.ledger.dropped == 0 && first.samples != world.job.job.samples) {
      outcome.fault = "samples are missing";
    } else if (first.ledger.lost != 0) {
      outcome.fault = std::to_string(first.ledger.lost) + " leases are lost";
    } else if (first.simulation->trace_hash != second.simulation->trace_hash) {
      outcome.fault = "the same seed went another way";
    } else if (first.parameters_hash != second.parameters_hash) {
      outcome.fault = "the same seed gave other parameters";
    }
  } catch (const RunError& error) {
    outcome.fault = error.what();
  }
  return outcome;
}

}  // namespace murm::test
