// Scenario files: TOML and --set scenario.* -> a checked Scenario, and back.
// Room: runtime/world. Judges names, types, limits and what goes together; never what a value means for a run.
// Caller: tools/murm. Reference for users: docs/scenarios.md.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/world/scenario.hpp"

namespace murm {

struct LoadedScenario {
  Scenario scenario;
  /// One sentence for each given key that this scenario does not use; as in LoadedJob.
  std::vector<std::string> notes;
};

/// `file` may be empty: the defaults. Overrides are "section.key=value" (without "scenario."): a TOML value, or else a
/// string; the last one of a key holds. A compute.file is read as well, into `recorded`.
/// Errors: InputError, one sentence with file, line and column (or the --set) and the nearest known name.
LoadedScenario load_scenario(const std::filesystem::path& file,
                             std::span<const std::string> overrides = {});
LoadedScenario parse_scenario(std::string_view text, const std::string& source_name,
                              std::span<const std::string> overrides = {});

/// The resolved scenario: every key with its value; parses back to an equal scenario. What was recorded stays behind
/// in compute.file.
std::string to_toml(const Scenario& scenario);

/// The values of --set, dealt to the two files they belong to.
struct SplitOverrides {
  std::vector<std::string> job;
  std::vector<std::string> scenario;  // without "scenario."
};
SplitOverrides split_overrides(std::span<const std::string> overrides);

}  // namespace murm
