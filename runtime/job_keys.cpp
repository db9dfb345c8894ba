#include "runtime/job_keys.hpp"

#include <array>

namespace murm {
namespace {

#define MURM_MEMBER(path) \
  +[](Job & j) -> auto& { \
    return j.path;        \
  }

constexpr double largest_count = 1e15;  // exact as a double, beyond any run
constexpr double largest_toml_integer = 9223372036854774784.0;

bool is_quadratic(const Job& job) { return job.model.kind == "quadratic"; }
bool is_adam(const Job& job) {
  return job.training.optimizer == "adam" || job.training.optimizer == "adamw";
}
bool has_momentum(const Job& job) {
  return job.training.optimizer == "momentum" || job.training.optimizer == "nesterov";
}
bool has_clock(const Job& job) {
  return job.training.schedule != "constant" || job.training.warmup > 0;
}

constexpr KeyLimits count_from(double min, double max, const char* hint = "") {
  return {.min = min, .max = max, .hint = hint};
}

using Names = std::string_view[];
constexpr Names models{"logistic", "mlp", "quadratic", "consensus"};
constexpr Names data_sets{"digits", "mnist"};
constexpr Names optimizers{"sgd", "momentum", "nesterov", "adam", "adamw"};
constexpr Names schedules{"constant", "step", "cosine"};
constexpr Names schedule_clocks{"samples", "updates"};
constexpr Names algorithms{"bsp", "asp", "ssp"};
constexpr Names transports{"tcp", "ipc"};

constexpr const char* fraction_hint = "accuracies are fractions: 97 % is 0.97";
constexpr KeyLimits decay{.min = 0, .max = 1, .below = true};

constexpr JobKey keys[] = {
    {"job.name", MURM_MEMBER(job.name), "", {}, {}},
    {"job.seed", MURM_MEMBER(job.seed), "", count_from(0, largest_toml_integer)},
    {"job.epochs", MURM_MEMBER(job.epochs), "epochs", {.min = 0, .max = 1e8}},
    {"job.samples", MURM_MEMBER(job.samples), "samples", count_from(0, largest_count)},
    {"job.target_accuracy",
     MURM_MEMBER(job.target_accuracy),
     "fraction",
     {.min = 0, .max = 1, .hint = fraction_hint}},
    {"job.target_loss", MURM_MEMBER(job.target_loss), "", {.min = 0}},
    {"evaluation.every", MURM_MEMBER(evaluation.every), "samples", count_from(0, largest_count)},
    {"checkpoint.every", MURM_MEMBER(checkpoint.every), "samples", count_from(0, largest_count)},
    {"checkpoint.keep",
     MURM_MEMBER(checkpoint.keep),
     "checkpoints",
     count_from(1, 1e6),
     {},
     +[](const Job& j) { return j.checkpoint.every > 0; },
     "checkpoint.every"},
    {"model.kind", MURM_MEMBER(model.kind), "", {}, models},
    {"model.hidden",
     MURM_MEMBER(model.hidden),
     "neurons per layer",
     count_from(1, 65536),
     {},
     +[](const Job& j) { return j.model.kind == "mlp"; },
     "model.kind"},
    {"model.dim",
     MURM_MEMBER(model.dim),
     "parameters",
     count_from(1, 1e9),
     {},
     +[](const Job& j) { return !trains_on_data(j); },
     "model.kind"},
    {"model.condition",
     MURM_MEMBER(model.condition),
     "",
     {.min = 1, .max = 1e12},
     {},
     is_quadratic,
     "model.kind"},
    {"model.noise",
     MURM_MEMBER(model.noise),
     "",
     {.min = 0, .max = 1e6},
     {},
     is_quadratic,
     "model.kind"},
    {"data.kind", MURM_MEMBER(data.kind), "", {}, data_sets, trains_on_data, "model.kind"},
    {"data.path",
     MURM_MEMBER(data.path),
     "folder",
     {},
     {},
     +[](const Job& j) { return trains_on_data(j) && j.data.kind == "mnist"; },
     "data.kind"},
    {"data.train",
     MURM_MEMBER(data.train),
     "samples",
     count_from(1, 1e7),
     {},
     trains_on_data,
     "model.kind"},
    {"data.test",
     MURM_MEMBER(data.test),
     "samples",
     count_from(1, 1e7),
     {},
     trains_on_data,
     "model.kind"},
    {"training.batch",
     MURM_MEMBER(training.batch),
     "samples",
     count_from(1, 1e6),
     {},
     trains_on_data,
     "model.kind"},
    {"training.accumulate",
     MURM_MEMBER(training.accumulate),
     "batches",
     count_from(1, 4096),
     {},
     trains_on_data,
     "model.kind"},
    {"training.optimizer", MURM_MEMBER(training.optimizer), "", {}, optimizers},
    {"training.lr", MURM_MEMBER(training.lr), "", {.min = 0, .max = 1e6, .above = true}},
    {"training.momentum",
     MURM_MEMBER(training.momentum),
     "",
     decay,
     {},
     has_momentum,
     "training.optimizer"},
    {"training.weight_decay", MURM_MEMBER(training.weight_decay), "", {.min = 0, .max = 1e6}},
    {"training.schedule", MURM_MEMBER(training.schedule), "", {}, schedules},
    {"training.schedule_clock",
     MURM_MEMBER(training.schedule_clock),
     "",
     {},
     schedule_clocks,
     has_clock,
     "training.schedule"},
    {"training.warmup", MURM_MEMBER(training.warmup), "updates", count_from(0, largest_count)},
    {"training.lr_min",
     MURM_MEMBER(training.lr_min),
     "",
     {.min = -1e6, .max = 1e6},
     {},
     +[](const Job& j) { return j.training.schedule == "cosine"; },
     "training.schedule"},
    {"training.lr_factor",
     MURM_MEMBER(training.lr_factor),
     "",
     {.min = 0, .max = 1, .above = true},
     {},
     +[](const Job& j) { return j.training.schedule == "step"; },
     "training.schedule"},
    {"training.milestones",
     MURM_MEMBER(training.milestones),
     "fractions of the run",
     {.min = 0, .max = 1, .above = true, .below = true},
     {},
     +[](const Job& j) { return j.training.schedule == "step"; },
     "training.schedule"},
    {"training.clip", MURM_MEMBER(training.clip), "global norm", {.min = 0, .max = 1e12}},
    {"training.beta1", MURM_MEMBER(training.beta1), "", decay, {}, is_adam, "training.optimizer"},
    {"training.beta2", MURM_MEMBER(training.beta2), "", decay, {}, is_adam, "training.optimizer"},
    {"algorithm.name", MURM_MEMBER(algorithm.name), "", {}, algorithms},
    {"algorithm.staleness",
     MURM_MEMBER(algorithm.staleness),
     "clocks",
     count_from(0, 1e6),
     {},
     +[](const Job& j) { return j.algorithm.name == "ssp"; },
     "algorithm.name"},
    {"cluster.workers", MURM_MEMBER(cluster.workers), "workers", count_from(1, 1e6)},
    {"cluster.aggregators", MURM_MEMBER(cluster.aggregators), "shards", count_from(1, 256)},
    {"cluster.processes", MURM_MEMBER(cluster.processes), "processes", count_from(0, 1024)},
    {"cluster.transport",
     MURM_MEMBER(cluster.transport),
     "",
     {},
     transports,
     +[](const Job& j) { return j.cluster.processes > 0; },
     "cluster.processes"},
    {"cluster.heartbeat_ms", MURM_MEMBER(cluster.heartbeat_ms), "milliseconds",
     count_from(10, 60000)},
    {"emulate.step_ms", MURM_MEMBER(emulate.step_ms), "milliseconds", {.min = 0, .max = 3.6e6}},
};

#undef MURM_MEMBER

// Too far away for an edit distance.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> habits{
    {{"learning_rate", "training.lr"},
     {"batch_size", "training.batch"},
     {"num_workers", "cluster.workers"},
     {"algorithm", "algorithm.name"},
     {"model", "model.kind"},
     {"dimension", "model.dim"},
     {"dataset", "data.kind"}}};

}  // namespace

std::span<const JobKey> job_keys() { return keys; }

Habits job_habits() { return habits; }

const JobKey* find_job_key(std::string_view name) { return find_key(job_keys(), name); }

std::string_view nearest_job_key(std::string_view name) {
  return nearest_key(name, names_of(job_keys()), habits);
}

bool trains_on_data(const Job& job) {
  return job.model.kind != "quadratic" && job.model.kind != "consensus";
}

}  // namespace murm
