// The keys of a job file: one table that binds "section.key" to its member, unit and limits.
// Room: runtime. Knows names, types and limits; not TOML, not what a value does.
// Caller: runtime/job_file. Reference for users: docs/jobs.md, which a test compares with this table.
#pragma once
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/job.hpp"

namespace murm {

/// Where a key's value lives; the alternative is the type of the key.
using JobMember =
    std::variant<std::uint64_t& (*)(Job&), double& (*)(Job&), std::string& (*)(Job&),
                 std::vector<std::uint64_t>& (*)(Job&), std::vector<double>& (*)(Job&)>;

struct JobLimits {
  double min = 0;
  double max = std::numeric_limits<double>::max();
  bool above = false;  // `min` itself is refused
  bool below = false;  // `max` itself is refused
  const char* hint = "";
};

struct JobKey {
  std::string_view name;  // "section.key"
  JobMember member;
  std::string_view unit;
  JobLimits limits{};                           // of a number, or of each number of a list
  std::span<const std::string_view> choices{};  // of a string; empty: free text
  bool (*used)(const Job&) = nullptr;           // null: always used
  std::string_view selector{};                  // the key that decides about `used`

  std::string_view section() const { return name.substr(0, name.find('.')); }
  std::string_view key() const { return name.substr(name.find('.') + 1); }
};

/// Every key, grouped by section, in the order of docs/jobs.md.
std::span<const JobKey> job_keys();

/// The key called "section.key", or null.
const JobKey* find_job_key(std::string_view name);

/// The value of `key` in `job`, written as TOML; parses back to the same value.
std::string toml_value(const JobKey& key, const Job& job);

/// `text` as a TOML basic string, quotes included.
std::string toml_string(std::string_view text);

/// The candidate with the smallest edit distance to `name`, or "" when none is near.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> candidates);

/// The known key that an unknown "section.key" or "key" was probably meant to be, or "".
std::string_view nearest_job_key(std::string_view name);

}  // namespace murm
