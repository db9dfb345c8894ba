// Times of steps from a text file, one a line: the distribution "trace" of a scenario.
// Room: runtime/world. Judges lines; not what the times are used for.
// Caller: runtime/world/scenario_file. Format: docs/scenarios.md.
#pragma once
#include <filesystem>

#include "runtime/world/scenario.hpp"

namespace murm {

/// Lines are "MILLISECONDS", for all workers, or "WORKER MILLISECONDS"; a # begins a comment.
/// Errors: InputError with file and line.
RecordedTiming::Series read_step_times(const std::filesystem::path& file);

}  // namespace murm
