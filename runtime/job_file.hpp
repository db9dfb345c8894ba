// Job files: TOML and --set -> a checked Job, and back.
// Room: runtime. Judges names, types and limits; never what a value means for the training.
// Caller: tools/murm, actors/training_node. Reference for users: docs/jobs.md.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/job.hpp"

namespace murm {

struct LoadedJob {
  Job job;
  /// One sentence for each given key that this job does not use. A file written by `to_toml` gives
  /// every key, so only overrides are noted for it.
  std::vector<std::string> notes;
};

struct LoadOptions {
  bool may_be_endless = false;  // the caller ends the run where the job does not say
};

/// Overrides are "section.key=value": a TOML value, or else a string; the last one of a key holds.
/// Errors: InputError, one sentence with file, line and column (or the --set) and the nearest known name.
LoadedJob load_job(const std::filesystem::path& file, std::span<const std::string> overrides = {},
                   LoadOptions options = {});
LoadedJob parse_job(std::string_view text, const std::string& source_name,
                    std::span<const std::string> overrides = {}, LoadOptions options = {});

/// The resolved job: every key with its value; parses back to an equal job.
std::string to_toml(const Job& job);

}  // namespace murm
