// What the tables of a job's keys share: limits, and a way to name a member.
// Room: runtime. Included by the tables alone; runtime/job_keys.cpp undefines the macro at its end.
// Caller: runtime/job_keys, runtime/training_keys.
#pragma once
#include "runtime/toml_keys.hpp"

namespace murm::job_key_limits {

constexpr double largest_count = 1e15;  // exact as a double, beyond any run
constexpr KeyLimits decay{.min = 0, .max = 1, .below = true};

constexpr KeyLimits count_from(double min, double max, const char* hint = "") {
  return {.min = min, .max = max, .hint = hint};
}

}  // namespace murm::job_key_limits

/// Binds a key to `path` in a Job.
#define MURM_MEMBER(path) \
  +[](Job & j) -> auto& { \
    return j.path;        \
  }
