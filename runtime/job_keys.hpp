// The keys of a job file: one table that binds "section.key" to its member, unit and limits.
// Room: runtime. Knows names, types and limits; not TOML, not what a value does.
// Caller: runtime/job_file. Reference for users: docs/jobs.md, which a test compares with this table.
#pragma once
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "runtime/job.hpp"
#include "runtime/toml_keys.hpp"

namespace murm {

using JobKey = Key<Job, ByzantineWorker, AlgorithmSwitch>;

/// Accepts this name, which must last, in algorithm.name and algorithm.switches. Call it before anything reads a job.
void add_algorithm_name(std::string_view name);

/// Accepts this name, which must last, in model.kind. Such a model may read every key of [model], and any data.
/// Call it before anything reads a job.
void add_model_name(std::string_view name, bool trains_on_data);

/// Every key, grouped by section, in the order of docs/jobs.md.
std::span<const JobKey> job_keys();
inline std::span<const JobKey> keys_of(const Job&) { return job_keys(); }
/// Of one entry of emulate.byzantine; "key" without a section.
std::span<const Key<ByzantineWorker>> keys_of(const ByzantineWorker&);

/// Likewise of algorithm.switches.
std::span<const Key<AlgorithmSwitch>> keys_of(const AlgorithmSwitch&);

/// Names of other programs for our keys.
Habits job_habits();

/// The key called "section.key", or null.
const JobKey* find_job_key(std::string_view name);

/// The known key that an unknown "section.key" or "key" was probably meant to be, or "".
std::string_view nearest_job_key(std::string_view name);

/// training.lr with training.scaling applied.
double scaled_learning_rate(const Job& job);

/// Whether the model is one of `kinds`, or one that was added.
bool has_model(const Job& job, std::initializer_list<std::string_view> kinds);

/// Whether the model predicts the next token of a text, so that its loss has a perplexity.
bool models_text(const Job& job);

/// Whether the model is trained on the samples of `data`. The other objectives draw what they need from the seed.
bool trains_on_data(const Job& job);

/// model.context, or what a model of this kind has by default: 16 (char-mlp), 64 (gpt).
std::uint64_t model_context(const Job& job);
/// model.dim, likewise: 128 (gpt), 1000 (quadratic, consensus).
std::uint64_t model_dim(const Job& job);

}  // namespace murm
