#include "runtime/world/scenario_keys.hpp"

#include <array>

namespace murm {
namespace {

#define MURM_MEMBER(Record, path) \
  +[](Record & r) -> auto& {      \
    return r.path;                \
  }

constexpr std::size_t slow_max = 100'000;
constexpr std::size_t churn_max = 10'000;
constexpr std::size_t partitions_max = 1'000;
constexpr std::size_t partition_workers_max = 1'000'000;
constexpr std::size_t regions_max = 64;

constexpr KeyLimits slot{.min = 0, .max = 9'999'999, .hint = "workers are counted from 0"};
constexpr KeyLimits milliseconds{.min = 0, .max = 1e9};
constexpr KeyLimits gigabits{.min = 0, .max = 1e6};
constexpr KeyLimits moment{.min = 0, .max = 1e9};
constexpr KeyLimits moment_or_never{.min = 0, .max = 1e9, .endless = true};
constexpr KeyLimits probability{
    .min = 0, .max = 1, .below = true, .hint = "probabilities are fractions: 1 % is 0.01"};

constexpr KeyLimits entries(KeyLimits each, std::size_t most) {
  each.entries_max = most;
  return each;
}

using Names = std::string_view[];
constexpr Names distributions{"constant", "exponential", "lognormal", "pareto", "trace"};
constexpr Names events{"join", "leave", "kill", "crash", "freeze"};

bool has_regions(const Scenario& s) { return !s.regions.shares.empty(); }

constexpr ScenarioKey keys[] = {
    {"compute.distribution", MURM_MEMBER(Scenario, compute.distribution), "", {}, distributions},
    {"compute.mean_ms",
     MURM_MEMBER(Scenario, compute.mean_ms),
     "milliseconds",
     {.min = 1e-6, .max = 1e9, .hint = "1e-06 ms is a nanosecond"},
     {},
     +[](const Scenario& s) { return s.compute.distribution != "trace"; },
     "compute.distribution"},
    {"compute.sigma",
     MURM_MEMBER(Scenario, compute.sigma),
     "",
     {.min = 0, .max = 5},
     {},
     +[](const Scenario& s) { return s.compute.distribution == "lognormal"; },
     "compute.distribution"},
    {"compute.alpha",
     MURM_MEMBER(Scenario, compute.alpha),
     "",
     {.min = 1, .max = 1e6, .above = true, .hint = "up to 1 a Pareto distribution has no mean"},
     {},
     +[](const Scenario& s) { return s.compute.distribution == "pareto"; },
     "compute.distribution"},
    {"compute.file",
     MURM_MEMBER(Scenario, compute.file),
     "file",
     {},
     {},
     +[](const Scenario& s) { return s.compute.distribution == "trace"; },
     "compute.distribution"},
    {"compute.apply_ms", MURM_MEMBER(Scenario, compute.apply_ms), "milliseconds", milliseconds},
    {"compute.slow", MURM_MEMBER(Scenario, compute.slow), "", entries({}, slow_max)},
    {"network.latency_ms",
     MURM_MEMBER(Scenario, network.latency_ms),
     "milliseconds",
     milliseconds,
     {},
     +[](const Scenario& s) { return s.regions.latency_ms.empty(); },
     "regions.latency_ms"},
    {"network.bandwidth_gbit", MURM_MEMBER(Scenario, network.bandwidth_gbit), "Gbit/s", gigabits},
    {"network.loss",
     MURM_MEMBER(Scenario, network.loss),
     "probability",
     {.min = 0, .max = 0.95, .hint = "probabilities are fractions: 1 % is 0.01"}},
    {"network.duplication", MURM_MEMBER(Scenario, network.duplication), "probability", probability},
    {"network.reordering", MURM_MEMBER(Scenario, network.reordering), "probability", probability},
    {"regions.shares", MURM_MEMBER(Scenario, regions.shares), "fractions of the workers",
     entries({.min = 0, .max = 1, .above = true}, regions_max)},
    {"regions.latency_ms",
     MURM_MEMBER(Scenario, regions.latency_ms),
     "milliseconds",
     entries(milliseconds, regions_max),
     {},
     has_regions,
     "regions.shares"},
    {"regions.bandwidth_gbit",
     MURM_MEMBER(Scenario, regions.bandwidth_gbit),
     "Gbit/s",
     entries(gigabits, regions_max),
     {},
     has_regions,
     "regions.shares"},
    {"detection.heartbeat_ms",
     MURM_MEMBER(Scenario, detection.heartbeat_ms),
     "milliseconds",
     {.min = 10, .max = 60000}},
    {"partition", MURM_MEMBER(Scenario, partition), "", entries({}, partitions_max)},
    {"churn", MURM_MEMBER(Scenario, churn), "", entries({}, churn_max)},
};

constexpr Key<SlowWorker> slow_keys[] = {
    {"worker", MURM_MEMBER(SlowWorker, worker), "slot", slot},
    {"factor",
     MURM_MEMBER(SlowWorker, factor),
     "",
     {.min = 0, .max = 1e6, .above = true, .hint = "10 is ten times as slow, 0.5 twice as fast"}},
    {"from_s", MURM_MEMBER(SlowWorker, from_s), "seconds", moment},
    {"to_s", MURM_MEMBER(SlowWorker, to_s), "seconds", moment_or_never},
};

constexpr Key<Partition> partition_keys[] = {
    {"from_s", MURM_MEMBER(Partition, from_s), "seconds", moment},
    {"to_s", MURM_MEMBER(Partition, to_s), "seconds", moment_or_never},
    {"workers", MURM_MEMBER(Partition, workers), "slots", entries(slot, partition_workers_max)},
};

bool by_rate(const ChurnEvent& e) { return e.rate_per_hour > 0; }
bool at_a_time(const ChurnEvent& e) { return !by_rate(e); }

constexpr Key<ChurnEvent> churn_keys[] = {
    {"event", MURM_MEMBER(ChurnEvent, event), "", {}, events},
    {"at_s", MURM_MEMBER(ChurnEvent, at_s), "seconds", moment, {}, at_a_time, "rate_per_hour"},
    {"worker", MURM_MEMBER(ChurnEvent, worker), "slot", slot, {}, at_a_time, "rate_per_hour"},
    {"for_s",
     MURM_MEMBER(ChurnEvent, for_s),
     "seconds",
     {.min = 0, .max = 1e9, .above = true, .endless = true},
     {},
     +[](const ChurnEvent& e) { return e.event != "join"; },
     "event"},
    {"rate_per_hour",
     MURM_MEMBER(ChurnEvent, rate_per_hour),
     "events per hour",
     {.min = 0, .max = 3.6e6},
     {},
     by_rate,
     "at_s"},
    {"from_s", MURM_MEMBER(ChurnEvent, from_s), "seconds", moment, {}, by_rate, "rate_per_hour"},
    {"to_s",
     MURM_MEMBER(ChurnEvent, to_s),
     "seconds",
     moment_or_never,
     {},
     by_rate,
     "rate_per_hour"},
};

#undef MURM_MEMBER

// Too far away for an edit distance.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> habits{
    {{"bandwidth", "network.bandwidth_gbit"},
     {"stragglers", "compute.slow"},
     {"drop", "network.loss"},
     {"partitions", "partition"}}};

}  // namespace

std::span<const ScenarioKey> keys_of(const Scenario&) { return keys; }
std::span<const Key<SlowWorker>> keys_of(const SlowWorker&) { return slow_keys; }
std::span<const Key<Partition>> keys_of(const Partition&) { return partition_keys; }
std::span<const Key<ChurnEvent>> keys_of(const ChurnEvent&) { return churn_keys; }

Habits scenario_habits() { return habits; }

}  // namespace murm
