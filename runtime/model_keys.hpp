// The keys of [model]: numbers by name, and which kinds of models read them.
// Room: runtime. Repeats the names of models/objective_factory, which this room may not see; a test compares both.
// Caller: runtime/job_keys. Reference for users: docs/jobs.md and docs/models.md.
#pragma once
#include <array>

#include "runtime/job_keys.hpp"

namespace murm::model_keys {

// In the order of models/objective_factory.
constexpr std::string_view names[] = {"logistic", "mlp", "char-mlp",  "lenet",
                                      "resnet",   "gpt", "quadratic", "consensus"};

/// The kinds of `names` that train on no data, and those that predict the next token of a text.
constexpr std::string_view without_data[] = {"quadratic", "consensus"};
constexpr std::string_view of_text[] = {"char-mlp", "gpt"};
constexpr std::string_view normalizations[] = {"group", "batch"};

constexpr KeyLimits own_default(double max) {
  return {.min = 0, .max = max, .hint = "0 is the default of the kind of model"};
}

#define MURM_MODEL_KEY(key, unit, limits, ...)                                                  \
  JobKey {                                                                                      \
    "model." #key, +[](Job & j) -> auto& { return j.model.key; }                                \
    , unit, limits, {}, +[](const Job& j) { return has_model(j, {__VA_ARGS__}); }, "model.kind" \
  }

inline std::string& kind_of(Job& job) { return job.model.kind; }
inline std::string& normalization_of(Job& job) { return job.model.normalization; }

inline constexpr std::array keys{
    JobKey{"model.kind", kind_of, "", {}, names},
    MURM_MODEL_KEY(hidden, "neurons per layer", (KeyLimits{.min = 1, .max = 65536}), "mlp",
                   "char-mlp"),
    MURM_MODEL_KEY(context, "tokens", own_default(65536), "char-mlp", "gpt"),
    MURM_MODEL_KEY(embedding, "numbers", (KeyLimits{.min = 1, .max = 4096}), "char-mlp"),
    MURM_MODEL_KEY(layers, "blocks", (KeyLimits{.min = 1, .max = 1024}), "gpt"),
    MURM_MODEL_KEY(heads, "", (KeyLimits{.min = 1, .max = 1024}), "gpt"),
    MURM_MODEL_KEY(dim, "numbers", own_default(1e9), "gpt", "quadratic", "consensus"),
    MURM_MODEL_KEY(dropout, "fraction", (KeyLimits{.min = 0, .max = 1, .below = true}), "gpt"),
    MURM_MODEL_KEY(tied, "", KeyLimits{}, "gpt"),
    MURM_MODEL_KEY(blocks, "blocks per stage", (KeyLimits{.min = 1, .max = 256}), "resnet"),
    MURM_MODEL_KEY(width, "channels", (KeyLimits{.min = 1, .max = 4096}), "resnet"),
    JobKey{"model.normalization",
           normalization_of,
           "",
           {},
           normalizations,
           +[](const Job& j) { return has_model(j, {"resnet"}); },
           "model.kind"},
    MURM_MODEL_KEY(condition, "", (KeyLimits{.min = 1, .max = 1e12}), "quadratic"),
    MURM_MODEL_KEY(noise, "", (KeyLimits{.min = 0, .max = 1e6}), "quadratic"),
    // Only for kinds that a program adds, which may read all the others as well.
    MURM_MODEL_KEY(path, "path", KeyLimits{}),
    MURM_MODEL_KEY(input_shape, "numbers per dimension", (KeyLimits{.min = 1, .max = 1e9})),
};
#undef MURM_MODEL_KEY

}  // namespace murm::model_keys
