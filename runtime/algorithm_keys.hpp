// The keys of [algorithm]: options by name, and which algorithms read them.
// Room: runtime. Repeats the names of algorithms/registry, which this room may not see; a test compares both.
// Caller: runtime/job_keys. Reference for users: docs/jobs.md and docs/algorithms.md.
#pragma once
#include <algorithm>
#include <array>
#include <initializer_list>

#include "runtime/job_keys.hpp"

namespace murm::algorithm_keys {

using Names = std::string_view[];

// In the order of the families, as in algorithms/registry.
constexpr Names names{"asp",    "bsp",       "ssp",        "sa-asgd",    "dc-asgd", "dssp",
                      "backup", "fedbuff",   "rennala",    "ringmaster", "easgd",   "aeasgd",
                      "eamsgd", "local-sgd", "post-local", "slowmo",     "diloco",  "async-local",
                      "noloco", "d-psgd",    "ad-psgd",    "sgp",        "osgp",    "swarm",
                      "gosgd",  "moshpit",   "gossip-pga", "choco"};
constexpr Names staleness_weights{"default", "inverse", "sqrt", "none"};
constexpr Names corrections{"constant", "adaptive"};
constexpr Names outer_optimizers{"default", "sgd", "nesterov"};
constexpr Names topologies{"default",
                           "ring",
                           "directed-ring",
                           "torus",
                           "hypercube",
                           "exponential",
                           "complete",
                           "random-regular",
                           "one-peer-exponential",
                           "random-matching",
                           "file"};
constexpr Names orders{"adapt-first", "combine-first"};

inline bool is_one_of(const Job& job, std::initializer_list<std::string_view> names_using) {
  return std::ranges::find(names_using, job.algorithm.name) != names_using.end();
}

constexpr const char* zero_hint = "0 is the algorithm's own default";
constexpr KeyLimits count{.min = 0, .max = 1e6, .hint = zero_hint};
constexpr KeyLimits fraction{.min = 0, .max = 1, .hint = zero_hint};

#define MURM_ALGORITHM_KEY(key, unit, limits, choices, ...)                             \
  JobKey {                                                                              \
    "algorithm." #key, +[](Job & j) -> auto& { return j.algorithm.key; }                \
    , unit, limits, choices, +[](const Job& j) { return is_one_of(j, {__VA_ARGS__}); }, \
        "algorithm.name"                                                                \
  }
constexpr std::span<const std::string_view> free_text{};

constexpr std::array keys{JobKey{"algorithm.name", +[](Job& j) -> auto& {return j.algorithm.name;
}  // namespace murm::algorithm_keys
, "", {}, names
}
,
    MURM_ALGORITHM_KEY(staleness, "clocks", (KeyLimits{.min = 0, .max = 1e6}), free_text, "ssp",
                       "dssp"),
    MURM_ALGORITHM_KEY(staleness_max, "clocks", (KeyLimits{.min = 0, .max = 1e6}), free_text,
                       "dssp"),
    MURM_ALGORITHM_KEY(staleness_weight, "", KeyLimits{}, staleness_weights, "sa-asgd", "fedbuff"),
    MURM_ALGORITHM_KEY(threshold, "updates", count, free_text, "ringmaster"),
    MURM_ALGORITHM_KEY(buffer, "contributions", count, free_text, "fedbuff", "rennala",
                       "async-local"),
    MURM_ALGORITHM_KEY(backups, "workers", count, free_text, "backup"),
    MURM_ALGORITHM_KEY(correction, "", KeyLimits{}, corrections, "dc-asgd"),
    MURM_ALGORITHM_KEY(lambda, "", (KeyLimits{.min = -1, .max = 1e6}), free_text, "dc-asgd"),
    MURM_ALGORITHM_KEY(elasticity, "", fraction, free_text, "easgd", "aeasgd", "eamsgd"),
    MURM_ALGORITHM_KEY(local_steps, "steps", count, free_text, "fedbuff", "easgd", "aeasgd",
                       "eamsgd", "local-sgd", "post-local", "slowmo", "diloco", "async-local",
                       "noloco", "swarm", "moshpit"),
    MURM_ALGORITHM_KEY(switch_at, "fraction of the run", (KeyLimits{.min = 0, .max = 1}), free_text,
                       "post-local"),
    MURM_ALGORITHM_KEY(outer, "", KeyLimits{}, outer_optimizers, "fedbuff", "local-sgd",
                       "post-local", "diloco"),
    MURM_ALGORITHM_KEY(outer_lr, "", (KeyLimits{.min = 0, .max = 1e6, .hint = zero_hint}),
                       free_text, "fedbuff", "local-sgd", "post-local", "slowmo", "diloco",
                       "async-local", "noloco"),
    MURM_ALGORITHM_KEY(outer_momentum, "", (KeyLimits{.min = -1, .max = 1, .below = true}),
                       free_text, "fedbuff", "local-sgd", "post-local", "slowmo", "diloco",
                       "async-local", "noloco"),
    MURM_ALGORITHM_KEY(overlap, "steps", count, free_text, "osgp"),
    MURM_ALGORITHM_KEY(topology, "", KeyLimits{}, topologies, "noloco", "d-psgd", "ad-psgd", "sgp",
                       "osgp", "swarm", "gosgd", "gossip-pga", "choco"),
    MURM_ALGORITHM_KEY(degree, "neighbours", (KeyLimits{.min = 1, .max = 1e6}), free_text, "d-psgd",
                       "ad-psgd", "swarm", "gosgd", "gossip-pga", "choco"),
    MURM_ALGORITHM_KEY(edges, "file", KeyLimits{}, free_text, "d-psgd", "ad-psgd", "swarm", "gosgd",
                       "gossip-pga", "choco"),
    MURM_ALGORITHM_KEY(order, "", KeyLimits{}, orders, "d-psgd", "gossip-pga"),
    MURM_ALGORITHM_KEY(period, "rounds", count, free_text, "gossip-pga"),
    MURM_ALGORITHM_KEY(probability, "", fraction, free_text, "gosgd"),
    MURM_ALGORITHM_KEY(group, "workers", count, free_text, "moshpit"),
    MURM_ALGORITHM_KEY(consensus_step, "", fraction, free_text, "choco"),
}
;
#undef MURM_ALGORITHM_KEY

}  // namespace murm::algorithm_keys
