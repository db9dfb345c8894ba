#include "runtime/job_keys.hpp"

#include <array>
#include <cmath>

#include "runtime/algorithm_keys.hpp"
#include "runtime/data_keys.hpp"
#include "runtime/job_key_limits.hpp"
#include "runtime/model_keys.hpp"
#include "runtime/training_keys.hpp"

namespace murm {
namespace {

using job_key_limits::count_from;
using job_key_limits::decay;
using job_key_limits::largest_count;

constexpr double largest_toml_integer = 9223372036854774784.0;

bool counts_bad(const Job& job) {
  const std::string& rule = job.robust.name;
  return rule == "krum" || rule == "multi-krum" || rule == "trimmed-mean";
}

using Names = std::string_view[];
constexpr Names codes{"none",    "top-k",    "random-k", "dgc",  "qsgd", "int8", "1-bit",
                      "ef-sign", "terngrad", "powersgd", "fp16", "bf16", "fp4"};
constexpr Names feedbacks{"default", "on", "off"};
constexpr Names robust_rules{"mean",
                             "krum",
                             "multi-krum",
                             "median",
                             "trimmed-mean",
                             "geometric-median",
                             "centered-clipping"};
constexpr Names attacks{"sign-flip", "noise", "little-is-enough", "zero"};
constexpr Names transports{"tcp", "ipc"};

constexpr const char* fraction_hint = "accuracies are fractions: 97 % is 0.97";

constexpr JobKey keys_before[] = {
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
};

constexpr JobKey keys_after[] = {
    {"compression.name", MURM_MEMBER(compression.name), "", {}, codes},
    {"compression.ratio",
     MURM_MEMBER(compression.ratio),
     "share of the numbers",
     {.min = 0, .max = 1, .hint = "0 is the code's own default"},
     {},
     +[](const Job& j) {
       const std::string& code = j.compression.name;
       return code == "top-k" || code == "random-k" || code == "dgc";
     },
     "compression.name"},
    {"compression.bits",
     MURM_MEMBER(compression.bits),
     "bits",
     count_from(2, 8, "qsgd has 2, 4 and 8"),
     {},
     +[](const Job& j) { return j.compression.name == "qsgd"; },
     "compression.name"},
    {"compression.rank",
     MURM_MEMBER(compression.rank),
     "",
     count_from(1, 1024),
     {},
     +[](const Job& j) { return j.compression.name == "powersgd"; },
     "compression.name"},
    {"compression.momentum",
     MURM_MEMBER(compression.momentum),
     "",
     decay,
     {},
     +[](const Job& j) { return j.compression.name == "dgc"; },
     "compression.name"},
    {"compression.warm_up",
     MURM_MEMBER(compression.warm_up),
     "pushes",
     count_from(0, 1e6),
     {},
     +[](const Job& j) { return j.compression.name == "dgc"; },
     "compression.name"},
    {"compression.error_feedback",
     MURM_MEMBER(compression.error_feedback),
     "",
     {},
     feedbacks,
     +[](const Job& j) { return j.compression.name != "none"; },
     "compression.name"},
    {"robust.name", MURM_MEMBER(robust.name), "", {}, robust_rules},
    {"robust.tolerated",
     MURM_MEMBER(robust.tolerated),
     "contributions",
     count_from(0, 1e6),
     {},
     counts_bad,
     "robust.name"},
    {"robust.selected",
     MURM_MEMBER(robust.selected),
     "contributions",
     count_from(0, 1e6),
     {},
     +[](const Job& j) { return j.robust.name == "multi-krum"; },
     "robust.name"},
    {"robust.radius",
     MURM_MEMBER(robust.radius),
     "norm of a mean gradient",
     {.min = 0, .max = 1e30, .endless = true},
     {},
     +[](const Job& j) { return j.robust.name == "centered-clipping"; },
     "robust.name"},
    {"robust.iterations",
     MURM_MEMBER(robust.iterations),
     "iterations",
     count_from(0, 1000),
     {},
     +[](const Job& j) {
       return j.robust.name == "geometric-median" || j.robust.name == "centered-clipping";
     },
     "robust.name"},
    {"robust.smoothing",
     MURM_MEMBER(robust.smoothing),
     "norm of a mean gradient",
     {.min = 0, .max = 1e30, .above = true, .endless = true},
     {},
     +[](const Job& j) { return j.robust.name == "geometric-median"; },
     "robust.name"},
    {"robust.bucket",
     MURM_MEMBER(robust.bucket),
     "contributions",
     count_from(1, 1e6),
     {},
     +[](const Job& j) { return j.robust.name != "mean"; },
     "robust.name"},
    {"cluster.workers", MURM_MEMBER(cluster.workers), "workers", count_from(1, 1e6)},
    {"cluster.aggregators", MURM_MEMBER(cluster.aggregators), "shards", count_from(1, 256)},
    {"cluster.processes", MURM_MEMBER(cluster.processes), "processes", count_from(0, 1024)},
    {"cluster.device", MURM_MEMBER(cluster.device), ""},
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
    {"emulate.byzantine", MURM_MEMBER(emulate.byzantine), ""},
};

constexpr Key<ByzantineWorker> byzantine_keys[] = {
    {"worker",
     +[](ByzantineWorker& liar) -> std::uint64_t& { return liar.worker; },
     "slot",
     {.min = 0, .max = 999'999, .hint = "workers are counted from 0"}},
    {"attack", +[](ByzantineWorker& liar) -> std::string& { return liar.attack; }, "", {}, attacks},
};

constexpr std::array switch_keys{
    Key<AlgorithmSwitch>{"epoch",
                         +[](AlgorithmSwitch& change) -> double& { return change.epoch; },
                         "epochs",
                         {.min = 0, .max = 1e12, .above = true}},
    Key<AlgorithmSwitch>{
        "to", +[](AlgorithmSwitch& change) -> std::string& { return change.to; }, "", {}},
};

#undef MURM_MEMBER

std::vector<std::string_view>& names_of_algorithms() {
  static std::vector<std::string_view> names(std::begin(algorithm_keys::names),
                                             std::end(algorithm_keys::names));
  return names;
}

std::vector<std::string_view>& names_of_models() {
  static std::vector<std::string_view> names(std::begin(model_keys::names),
                                             std::end(model_keys::names));
  return names;
}

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

struct OwnModel {
  std::string_view name;
  bool trains_on_data;
};
std::vector<OwnModel>& own_models() {
  static std::vector<OwnModel> models;
  return models;
}
/// The entry of a model that was added, or null.
const OwnModel* own_model(const Job& job) {
  const auto found = std::ranges::find(own_models(), job.model.kind, &OwnModel::name);
  return found == own_models().end() ? nullptr : &*found;
}

std::vector<JobKey> joined() {
  std::vector<JobKey> all;
  const auto add = [&](std::span<const JobKey> keys) {
    for (const JobKey& key : keys) all.push_back(key);
  };
  add(keys_before);
  add(model_keys::keys);
  add(data_keys::keys);
  add(training_keys::keys);
  add(algorithm_keys::keys);
  add(keys_after);
  for (JobKey& key : all) {
    if (key.name == "algorithm.name") key.choices = names_of_algorithms();
    if (key.name == "model.kind") key.choices = names_of_models();
  }
  return all;
}

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

std::span<const JobKey> job_keys() {
  static const std::vector<JobKey> keys = joined();
  return keys;
}

std::span<const Key<ByzantineWorker>> keys_of(const ByzantineWorker&) { return byzantine_keys; }

std::span<const Key<AlgorithmSwitch>> keys_of(const AlgorithmSwitch&) {
  static const auto keys = [] {
    auto with_names = switch_keys;
    with_names.back().choices = names_of_algorithms();
    return with_names;
  }();
  return keys;
}

void add_algorithm_name(std::string_view name) { names_of_algorithms().push_back(name); }

void add_model_name(std::string_view name, bool trains_on_data) {
  names_of_models().push_back(name);
  own_models().push_back({name, trains_on_data});
}

Habits job_habits() { return habits; }

const JobKey* find_job_key(std::string_view name) { return find_key(job_keys(), name); }

std::string_view nearest_job_key(std::string_view name) {
  return nearest_key(name, names_of(job_keys()), habits);
}

double scaled_learning_rate(const Job& job) {
  const auto workers = static_cast<double>(job.cluster.workers);
  if (job.training.scaling == "linear") return job.training.lr * workers;
  return job.training.scaling == "sqrt" ? job.training.lr * std::sqrt(workers) : job.training.lr;
}

bool has_model(const Job& job, std::initializer_list<std::string_view> kinds) {
  return is_one_of(job.model.kind, {kinds.begin(), kinds.size()}) || own_model(job) != nullptr;
}

bool models_text(const Job& job) {
  if (own_model(job) != nullptr) return job.data.kind == "text" || job.data.kind == "tokens";
  return is_one_of(job.model.kind, model_keys::of_text);
}

bool trains_on_data(const Job& job) {
  if (const OwnModel* own = own_model(job)) return own->trains_on_data;
  return !is_one_of(job.model.kind, model_keys::without_data);
}

std::uint64_t model_context(const Job& job) {
  if (job.model.context > 0) return job.model.context;
  return job.model.kind == "gpt" ? 64 : 16;
}

std::uint64_t model_dim(const Job& job) {
  if (job.model.dim > 0) return job.model.dim;
  return job.model.kind == "gpt" ? 128 : 1000;
}

}  // namespace murm
