#include "runtime/job_keys.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <numeric>

namespace murm {
namespace {

#define MURM_MEMBER(path) \
  +[](Job & j) -> auto& { \
    return j.path;        \
  }

constexpr double largest_count = 1e15;  // exact as a double, beyond any run
constexpr double largest_toml_integer = 9223372036854774784.0;

bool is_adam(const Job& job) {
  return job.training.optimizer == "adam" || job.training.optimizer == "adamw";
}
bool has_momentum(const Job& job) {
  return job.training.optimizer == "momentum" || job.training.optimizer == "nesterov";
}
bool has_clock(const Job& job) {
  return job.training.schedule != "constant" || job.training.warmup > 0;
}

constexpr JobLimits count_from(double min, double max, const char* hint = "") {
  return {.min = min, .max = max, .hint = hint};
}

using Names = std::string_view[];
constexpr Names models{"logistic", "mlp"};
constexpr Names data_sets{"digits", "mnist"};
constexpr Names optimizers{"sgd", "momentum", "nesterov", "adam", "adamw"};
constexpr Names schedules{"constant", "step", "cosine"};
constexpr Names schedule_clocks{"samples", "updates"};
constexpr Names algorithms{"bsp", "asp", "ssp"};
constexpr Names transports{"tcp", "ipc"};

constexpr const char* fraction_hint = "accuracies are fractions: 97 % is 0.97";
constexpr JobLimits decay{.min = 0, .max = 1, .below = true};

constexpr JobKey keys[] = {
    {"job.name", MURM_MEMBER(job.name), "", {}, {}},
    {"job.seed", MURM_MEMBER(job.seed), "", count_from(0, largest_toml_integer)},
    {"job.epochs", MURM_MEMBER(job.epochs), "epochs", {.min = 0, .max = 1e8}},
    {"job.samples", MURM_MEMBER(job.samples), "samples", count_from(0, largest_count)},
    {"job.target_accuracy",
     MURM_MEMBER(job.target_accuracy),
     "fraction",
     {.min = 0, .max = 1, .hint = fraction_hint}},
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
    {"data.kind", MURM_MEMBER(data.kind), "", {}, data_sets},
    {"data.path",
     MURM_MEMBER(data.path),
     "folder",
     {},
     {},
     +[](const Job& j) { return j.data.kind == "mnist"; },
     "data.kind"},
    {"data.train", MURM_MEMBER(data.train), "samples", count_from(1, 1e7)},
    {"data.test", MURM_MEMBER(data.test), "samples", count_from(1, 1e7)},
    {"training.batch", MURM_MEMBER(training.batch), "samples", count_from(1, 1e6)},
    {"training.accumulate", MURM_MEMBER(training.accumulate), "batches", count_from(1, 4096)},
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
    {"cluster.workers", MURM_MEMBER(cluster.workers), "workers", count_from(1, 4096)},
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

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Levenshtein distance without regard to case; a swap of neighbours counts as two.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t k = 0; k < b.size(); ++k) {
      const std::size_t replaced = diagonal + (lower(a[i]) == lower(b[k]) ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({row[k] + 1, row[k + 1] + 1, replaced});
    }
  }
  return row.back();
}

std::string written(std::uint64_t value) { return std::to_string(value); }

std::string written(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string written(const std::string& value) { return toml_string(value); }

template <class T>
std::string written(const std::vector<T>& values) {
  std::string text = "[";
  for (const T& value : values) text += (text.size() > 1 ? ", " : "") + written(value);
  return text + "]";
}

}  // namespace

std::span<const JobKey> job_keys() { return keys; }

const JobKey* find_job_key(std::string_view name) {
  const JobKey* found = std::ranges::find(keys, name, &JobKey::name);
  return found == std::end(keys) ? nullptr : found;
}

std::string toml_value(const JobKey& key, const Job& job) {
  Job copy = job;  // the members are bound for writing
  return std::visit([&](auto member) { return written(member(copy)); }, key.member);
}

std::string toml_string(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += "\\u00";
      quoted += digits[byte >> 4U];
      quoted += digits[byte & 15U];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string_view nearest_job_key(std::string_view name) {
  // Names that other programs taught people, too far away for an edit distance.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> habits{
      {{"learning_rate", "training.lr"},
       {"batch_size", "training.batch"},
       {"num_workers", "cluster.workers"},
       {"algorithm", "algorithm.name"},
       {"model", "model.kind"},
       {"dataset", "data.kind"}}};
  const auto dot = name.find('.');
  const std::string_view key = dot == std::string_view::npos ? name : name.substr(dot + 1);
  for (const auto& [habit, meant] : habits) {
    if (key == habit) return meant;
  }
  for (const JobKey& known : job_keys()) {
    if (known.key() == key) return known.name;  // the right key in the wrong section
  }
  std::vector<std::string_view> full;
  std::vector<std::string_view> same_section;
  std::vector<std::string_view> short_names;
  const std::string_view section = name.substr(0, name.size() - key.size());
  for (const JobKey& known : job_keys()) {
    full.push_back(known.name);
    short_names.push_back(known.key());
    if (!section.empty() && known.name.starts_with(section)) same_section.push_back(known.key());
  }
  if (const auto near = nearest_name(key, same_section); !near.empty()) {
    return find_job_key(std::string(section) + std::string(near))->name;
  }
  if (const auto near = nearest_name(key, short_names); !near.empty()) {
    return std::ranges::find(job_keys(), near, &JobKey::key)->name;
  }
  return nearest_name(name, full);
}

}  // namespace murm
