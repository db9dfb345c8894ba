// The keys of [data]: what is learnt from, and which kinds of data read which.
// Room: runtime. Names and limits; what a format is stands in models.
// Caller: runtime/job_keys. Reference for users: docs/jobs.md and docs/data.md.
#pragma once
#include "runtime/job_key_limits.hpp"
#include "runtime/job_keys.hpp"

namespace murm::data_keys {

using job_key_limits::count_from;

constexpr std::string_view kinds[]{"digits", "mnist", "idx",    "cifar", "text",
                                   "tokens", "csv",   "libsvm", "npy"};
constexpr std::string_view augmentations[]{"crop", "flip"};
constexpr double samples_max = 1e12;

inline bool has_data(const Job& job, std::initializer_list<std::string_view> those) {
  return trains_on_data(job) && std::ranges::find(those, job.data.kind) != those.end();
}
inline bool has_files(const Job& job) { return trains_on_data(job) && job.data.kind != "digits"; }
inline bool has_tokens(const Job& job) { return has_data(job, {"tokens"}); }
inline bool has_columns(const Job& job) { return has_data(job, {"csv"}); }
inline bool may_be_one_file(const Job& job) { return has_data(job, {"csv", "libsvm", "npy"}); }
inline bool has_pictures(const Job& job) {
  return has_data(job, {"digits", "mnist", "idx", "cifar", "npy"});
}

constexpr JobKey keys[] = {
    {"data.kind", MURM_MEMBER(data.kind), "", {}, kinds, trains_on_data, "model.kind"},
    {"data.path", MURM_MEMBER(data.path), "path", {}, {}, has_files, "data.kind"},
    {"data.train",
     MURM_MEMBER(data.train),
     "samples",
     count_from(0, samples_max),
     {},
     trains_on_data,
     "model.kind"},
    {"data.test",
     MURM_MEMBER(data.test),
     "samples",
     count_from(0, samples_max),
     {},
     trains_on_data,
     "model.kind"},
    {"data.vocabulary",
     MURM_MEMBER(data.vocabulary),
     "tokens",
     count_from(0, 65536, "tokens have 16 bits"),
     {},
     has_tokens,
     "data.kind"},
    {"data.label", MURM_MEMBER(data.label), "", {}, {}, has_columns, "data.kind"},
    {"data.test_fraction",
     MURM_MEMBER(data.test_fraction),
     "fraction",
     {.min = 0, .max = 1, .above = true, .below = true},
     {},
     may_be_one_file,
     "data.kind"},
    {"data.augment", MURM_MEMBER(data.augment), "", {}, augmentations, has_pictures, "data.kind"},
};

}  // namespace murm::data_keys
