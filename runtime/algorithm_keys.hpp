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
constexpr Names names{"asp",
                      "bsp",
                      "ring",
                      "ssp",
                      "sa-asgd",
                      "dc-asgd",
                      "dssp",
                      "backup",
                      "fedbuff",
                      "rennala",
                      "ringmaster",
                      "easgd",
                      "aeasgd",
                      "eamsgd",
                      "hogwild",
                      "local-sgd",
                      "post-local",
                      "slowmo",
                      "diloco",
                      "delayed-diloco",
                      "eager-diloco",
                      "streaming-diloco",
                      "async-local",
                      "halos",
                      "decoupled-diloco",
                      "demo",
                      "noloco",
                      "d-psgd",
                      "ad-psgd",
                      "sgp",
                      "osgp",
                      "swarm",
                      "gosgd",
                      "moshpit",
                      "gossip-pga",
                      "choco"};
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

/// Whether the job's algorithm, or one that it changes to, is among them. One that was added may read any key.
inline bool is_one_of(const Job& job, std::initializer_list<std::string_view> names_using) {
  const auto uses = [&](std::string_view name) {
    const auto is_in = [name](const auto& list) {
      return std::ranges::find(list, name) != std::end(list);
    };
    return is_in(names_using) || !is_in(names);
  };
  return uses(job.algorithm.name) ||
         std::ranges::any_of(job.algorithm.switches, uses, &AlgorithmSwitch::to);
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

inline std::string& name_of(Job& job) { return job.algorithm.name; }
inline std::vector<AlgorithmSwitch>& switches_of(Job& job) { return job.algorithm.switches; }

inline constexpr std::array keys{
    JobKey{"algorithm.name", name_of, "", {}, names},
    MURM_ALGORITHM_KEY(staleness, "clocks", (KeyLimits{.min = 0, .max = 1e6}), free_text, "ssp",
                       "dssp"),
    MURM_ALGORITHM_KEY(staleness_max, "clocks", (KeyLimits{.min = 0, .max = 1e6}), free_text,
                       "dssp"),
    MURM_ALGORITHM_KEY(staleness_weight, "", KeyLimits{}, staleness_weights, "sa-asgd", "fedbuff"),
    MURM_ALGORITHM_KEY(threshold, "updates", count, free_text, "ringmaster"),
    MURM_ALGORITHM_KEY(buffer, "contributions", count, free_text, "fedbuff", "rennala",
                       "async-local", "halos"),
    MURM_ALGORITHM_KEY(backups, "workers", count, free_text, "backup"),
    MURM_ALGORITHM_KEY(correction, "", KeyLimits{}, corrections, "dc-asgd"),
    MURM_ALGORITHM_KEY(lambda, "", (KeyLimits{.min = -1, .max = 1e6}), free_text, "dc-asgd"),
    MURM_ALGORITHM_KEY(elasticity, "", fraction, free_text, "easgd", "aeasgd", "eamsgd"),
    MURM_ALGORITHM_KEY(local_steps, "steps", count, free_text, "fedbuff", "easgd", "aeasgd",
                       "eamsgd", "local-sgd", "post-local", "slowmo", "diloco", "delayed-diloco",
                       "eager-diloco", "streaming-diloco", "async-local", "halos",
                       "decoupled-diloco", "noloco", "swarm", "moshpit"),
    MURM_ALGORITHM_KEY(switch_at, "fraction of the run", (KeyLimits{.min = 0, .max = 1}), free_text,
                       "post-local"),
    MURM_ALGORITHM_KEY(outer, "", KeyLimits{}, outer_optimizers, "fedbuff", "local-sgd",
                       "post-local", "diloco", "delayed-diloco", "eager-diloco", "streaming-diloco",
                       "decoupled-diloco"),
    MURM_ALGORITHM_KEY(outer_lr, "", (KeyLimits{.min = 0, .max = 1e6, .hint = zero_hint}),
                       free_text, "fedbuff", "local-sgd", "post-local", "slowmo", "diloco",
                       "delayed-diloco", "eager-diloco", "streaming-diloco", "async-local", "halos",
                       "decoupled-diloco", "demo", "noloco"),
    MURM_ALGORITHM_KEY(outer_momentum, "", (KeyLimits{.min = -1, .max = 1, .below = true}),
                       free_text, "fedbuff", "local-sgd", "post-local", "slowmo", "diloco",
                       "delayed-diloco", "eager-diloco", "streaming-diloco", "async-local", "halos",
                       "decoupled-diloco", "noloco"),
    MURM_ALGORITHM_KEY(overlap, "rounds; steps", count, free_text, "osgp", "streaming-diloco"),
    MURM_ALGORITHM_KEY(fragments, "fragments", count, free_text, "streaming-diloco",
                       "decoupled-diloco"),
    MURM_ALGORITHM_KEY(mixing, "", (KeyLimits{.min = -1, .max = 1}), free_text, "streaming-diloco",
                       "halos"),
    MURM_ALGORITHM_KEY(quorum, "workers", count, free_text, "decoupled-diloco"),
    MURM_ALGORITHM_KEY(grace_ms, "ms", (KeyLimits{.min = -1, .max = 1e9}), free_text,
                       "decoupled-diloco"),
    MURM_ALGORITHM_KEY(regions, "servers", count, free_text, "halos"),
    MURM_ALGORITHM_KEY(chunk, "numbers", count, free_text, "demo"),
    MURM_ALGORITHM_KEY(keep, "coefficients", count, free_text, "demo"),
    MURM_ALGORITHM_KEY(decay, "", (KeyLimits{.min = -1, .max = 1, .below = true}), free_text,
                       "demo"),
    MURM_ALGORITHM_KEY(topology, "", KeyLimits{}, topologies, "noloco", "d-psgd", "ad-psgd", "sgp",
                       "osgp", "swarm", "gosgd", "gossip-pga", "choco"),
    MURM_ALGORITHM_KEY(degree, "neighbours", (KeyLimits{.min = 1, .max = 1e6}), free_text, "d-psgd",
                       "ad-psgd", "swarm", "gosgd", "gossip-pga", "choco"),
    MURM_ALGORITHM_KEY(edges, "file", KeyLimits{}, free_text, "d-psgd", "ad-psgd", "swarm", "gosgd",
                       "gossip-pga", "choco"),
    MURM_ALGORITHM_KEY(order, "", KeyLimits{}, orders, "d-psgd", "gossip-pga"),
    MURM_ALGORITHM_KEY(period, "rounds", count, free_text, "gossip-pga", "halos"),
    MURM_ALGORITHM_KEY(probability, "", fraction, free_text, "gosgd"),
    MURM_ALGORITHM_KEY(group, "workers", count, free_text, "moshpit"),
    MURM_ALGORITHM_KEY(consensus_step, "", fraction, free_text, "choco"),
    JobKey{"algorithm.switches", switches_of, ""},
};
#undef MURM_ALGORITHM_KEY

}  // namespace murm::algorithm_keys
