// The algorithms by name.
// Room: algorithms. Knows the families' tables.
// Caller: actors/job_plan, drivers. runtime/job_keys repeats the names; a test compares both.
#pragma once
#include <string>
#include <vector>

#include "algorithms/algorithm.hpp"

namespace murm {

/// Beside those of the families, for the rest of the process. Call it before anything looks one up; the names in
/// `algorithm` must last. Throws InputError when the name is taken.
void add_algorithm(const Algorithm& algorithm);

/// Every name, in the order of the families.
std::vector<std::string_view> algorithm_names();
/// The algorithm that `options` name; ssp with staleness 0 is bsp. Throws InputError for an unknown name.
const Algorithm& find_algorithm(const AlgorithmOptions& options);

/// The machines of `algorithm`, with the job's code between them.
std::unique_ptr<Machine> make_worker(const Algorithm& algorithm, const AlgorithmOptions& options);
std::unique_ptr<Machine> make_aggregator(const Algorithm& algorithm,
                                         const AlgorithmOptions& options, std::uint32_t shard);
/// Throws InputError when options do not go together.
void check_options(const AlgorithmOptions& options);

}  // namespace murm
