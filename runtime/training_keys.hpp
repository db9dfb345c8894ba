// The keys of [training]: how gradients are computed and applied, and who reads which.
// Room: runtime. Names and limits; what an optimizer does with its numbers stands in algorithms.
// Caller: runtime/job_keys. Reference for users: docs/jobs.md.
#pragma once
#include "runtime/job_key_limits.hpp"
#include "runtime/job_keys.hpp"

namespace murm::training_keys {

using job_key_limits::count_from;
using job_key_limits::decay;
using job_key_limits::largest_count;

constexpr std::string_view precisions[]{"fp32", "bf16"};
constexpr std::string_view optimizers[]{"sgd",   "momentum", "nesterov", "adam",
                                        "adamw", "adagrad",  "lars",     "lamb"};
constexpr std::string_view scalings[]{"none", "linear", "sqrt"};
constexpr std::string_view schedules[]{"constant", "step", "cosine"};
constexpr std::string_view schedule_clocks[]{"samples", "updates"};

inline bool can_recompute(const Job& job) { return has_model(job, {"gpt", "resnet"}); }
inline bool is_adam(const Job& job) {
  const std::string& name = job.training.optimizer;
  return name == "adam" || name == "adamw" || name == "lamb";
}
inline bool has_momentum(const Job& job) {
  const std::string& name = job.training.optimizer;
  return name == "momentum" || name == "nesterov" || name == "lars";
}
inline bool has_clock(const Job& job) {
  return job.training.schedule != "constant" || job.training.warmup > 0;
}

constexpr JobKey keys[] = {
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
    {"training.precision",
     MURM_MEMBER(training.precision),
     "",
     {},
     precisions,
     trains_on_data,
     "model.kind"},
    {"training.threads",
     MURM_MEMBER(training.threads),
     "threads",
     count_from(1, 256),
     {},
     trains_on_data,
     "model.kind"},
    {"training.checkpointing",
     MURM_MEMBER(training.checkpointing),
     "",
     {},
     {},
     can_recompute,
     "model.kind"},
    {"training.optimizer", MURM_MEMBER(training.optimizer), "", {}, optimizers},
    {"training.lr", MURM_MEMBER(training.lr), "", {.min = 0, .max = 1e6, .above = true}},
    {"training.scaling", MURM_MEMBER(training.scaling), "", {}, scalings},
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
    {"training.epsilon",
     MURM_MEMBER(training.epsilon),
     "",
     {.min = 0, .max = 1},
     {},
     +[](const Job& j) { return is_adam(j) || j.training.optimizer == "adagrad"; },
     "training.optimizer"},
    {"training.trust",
     MURM_MEMBER(training.trust),
     "",
     {.min = 0, .max = 1e6, .above = true},
     {},
     +[](const Job& j) { return j.training.optimizer == "lars"; },
     "training.optimizer"},
};

}  // namespace murm::training_keys
