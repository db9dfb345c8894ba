#include "tools/murm/compare_entry.hpp"

#include <algorithm>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

constexpr std::size_t kEntriesMax = 24;  // more cannot be told apart in one figure
constexpr std::string_view kNameLetters = "abcdefghijklmnopqrstuvwxyz0123456789_-.";

[[noreturn]] void refuse(std::string_view entry, const std::string& why) {
  throw InputError("--algorithms: \"" + std::string(entry) + "\" " + why +
                   ". HINT: write names separated by commas, as in bsp,asp,ssp:staleness=8");
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The parts between separators outside of brackets.
template <class IsSeparator>
std::vector<std::string_view> split(std::string_view text, IsSeparator is_separator) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') ++depth;
    if (text[i] == ']') --depth;
    if (depth > 0 || !is_separator(i)) continue;
    parts.push_back(text.substr(begin, i - begin));
    begin = i + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

/// A plus begins a further key only where a name and an equals sign follow: that of 1e+3 does not.
bool begins_key(std::string_view rest) {
  const auto equals = rest.find('=');
  if (equals == 0 || equals == std::string_view::npos) return false;
  const std::string_view name = rest.substr(0, equals);
  return name.find_first_not_of(kNameLetters) == std::string_view::npos;
}

CompareEntry parse_entry(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view name = trimmed(text.substr(0, colon));
  if (name.empty()) refuse(text, "has no name of an algorithm");
  if (name.find('=') != std::string_view::npos)
    refuse(text, "is a key without an algorithm; the first key follows a colon");
  CompareEntry entry{std::string(text), {"algorithm.name=" + std::string(name)}};
  if (colon == std::string_view::npos) return entry;
  const std::string_view keys = text.substr(colon + 1);
  const auto parts = split(
      keys, [&](std::size_t i) { return keys[i] == '+' && begins_key(keys.substr(i + 1)); });
  for (const std::string_view part : parts) {
    const auto equals = part.find('=');
    const std::string_view key = trimmed(part.substr(0, equals));
    if (equals == std::string_view::npos || key.empty())
      refuse(text, "has \"" + std::string(part) + "\" where key=value was expected");
    if (key == "name" || key == "algorithm.name") refuse(text, "names the algorithm a second time");
    if (key == "job.seed" || key.starts_with("scenario."))
      refuse(text, "sets " + std::string(key) + ", which all entries share");
    const bool whole = key.find('.') != std::string_view::npos;
    entry.overrides.push_back((whole ? "" : "algorithm.") + std::string(key) + "=" +
                              std::string(trimmed(part.substr(equals + 1))));
  }
  return entry;
}

}  // namespace

std::vector<CompareEntry> parse_entries(std::string_view text) {
  std::vector<CompareEntry> entries;
  for (const std::string_view part : split(text, [&](std::size_t i) { return text[i] == ','; })) {
    CompareEntry entry = parse_entry(trimmed(part));
    if (std::ranges::find(entries, entry.label, &CompareEntry::label) != entries.end())
      refuse(entry.label, "is there twice");
    entries.push_back(std::move(entry));
  }
  if (entries.size() > kEntriesMax) {
    throw InputError("--algorithms: " + std::to_string(entries.size()) + " entries, at most " +
                     std::to_string(kEntriesMax) + " fit into one figure. HINT: compare in parts");
  }
  return entries;
}

}  // namespace murm
