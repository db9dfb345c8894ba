// Keys of a TOML file as data: a table binds each name to its member, unit, limits and choices.
// Room: runtime. Knows names, types and limits; not what a value does. No TOML library (toml_reader).
// Caller: runtime/job_keys, runtime/world/scenario_keys, whose tables these are; runtime/toml_reader.
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace murm {

struct KeyLimits {
  double min = 0;
  double max = std::numeric_limits<double>::max();
  bool above = false;    // `min` itself is refused
  bool below = false;    // `max` itself is refused
  bool endless = false;  // infinity is accepted as well
  const char* hint = "";
  std::size_t entries_max = 4096;  // of a list
};

/// A key of `Rec`. Its value is a number, true or false, a string, a list of numbers or of strings, or a list of `Elements`: numbers in lists of
/// their own, or records with keys of their own.
/// A table of keys is found by `keys_of(record)`, a function beside each record type that has one.
template <class Rec, class... Elements>
struct Key {
  using Record = Rec;
  /// Where the value lives; the alternative is the type of the key.
  using Member = std::variant<std::uint64_t& (*)(Rec&), double& (*)(Rec&), bool& (*)(Rec&),
                              std::string& (*)(Rec&), std::vector<std::uint64_t>& (*)(Rec&),
                              std::vector<double>& (*)(Rec&), std::vector<std::string>& (*)(Rec&),
                              std::vector<Elements>& (*)(Rec&)...>;

  std::string_view name;  // "section.key", or "key" where there is no section
  Member member;
  std::string_view unit;
  KeyLimits limits{};                           // of a number, or of each number of a list
  std::span<const std::string_view> choices{};  // of each string; empty: free text
  bool (*used)(const Rec&) = nullptr;           // null: always used
  std::string_view selector{};                  // the key that decides about `used`

  std::string_view section() const {
    const auto dot = name.find('.');
    return dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
  }
  std::string_view key() const { return name.substr(name.find('.') + 1); }
};

/// A type with a table of keys.
template <class T>
concept Keyed = requires(const T& record) {
  keys_of(record);
};

template <class K>
const K* find_key(std::span<const K> keys, std::string_view name) {
  const auto found = std::ranges::find(keys, name, &K::name);
  return found == keys.end() ? nullptr : &*found;
}

template <class K>
std::vector<std::string_view> names_of(std::span<const K> keys) {
  std::vector<std::string_view> names;
  for (const K& key : keys) names.push_back(key.name);
  return names;
}

/// `text` as a TOML basic string, quotes included.
std::string toml_string(std::string_view text);

/// The candidate with the smallest edit distance to `name`, or "" when none is near.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> candidates);

/// Names that other programs taught people, too far away for an edit distance, and what is meant.
using Habits = std::span<const std::pair<std::string_view, std::string_view>>;

/// The name ("section.key") that an unknown "section.key" or "key" was probably meant to be, or "".
std::string_view nearest_key(std::string_view name, std::span<const std::string_view> names,
                             Habits habits);

std::string written(std::uint64_t value);
std::string written(double value);
std::string written(bool value);
std::string written(const std::string& value);
template <Keyed T>
std::string written(const T& record);

template <class T>
std::string written(const std::vector<T>& values) {
  constexpr bool records = Keyed<T>;  // each on a line of its own
  std::string text;
  for (const T& value : values) {
    if (!text.empty()) text += records ? "," : ", ";
    if (records) text += "\n  ";
    text += written(value);
  }
  return "[" + text + (records && !text.empty() ? ",\n]" : "]");
}

/// The value of `key` in `record`, written as TOML; parses back to the same value.
template <class K>
std::string toml_value(const K& key, const typename K::Record& record) {
  auto copy = record;  // the members are bound for writing
  return std::visit([&](auto member) { return written(member(copy)); }, key.member);
}

/// As an inline table. What the record does not use is left out, and so is what lasts for ever.
template <Keyed T>
std::string written(const T& record) {
  std::string text;
  for (const auto& key : keys_of(record)) {
    const std::string value = toml_value(key, record);
    if ((key.used != nullptr && !key.used(record)) || value == "inf") continue;
    text += (text.empty() ? "" : ", ") + std::string(key.name) + " = " + value;
  }
  return "{" + text + "}";
}

/// First line of a file that gives every key.
inline constexpr std::string_view resolved_mark =
    "# Resolved by murm: every key with the value in use.";

/// A whole file: every key with its value.
template <Keyed T>
std::string toml_text(const T& record) {
  std::string text(resolved_mark);
  text += '\n';
  const auto line = [&](const auto& key) {
    text += std::string(key.key()) + " = " + toml_value(key, record) + "\n";
  };
  for (const auto& key : keys_of(record)) {
    if (key.section().empty()) line(key);  // TOML wants these before the first section
  }
  std::string_view section;
  for (const auto& key : keys_of(record)) {
    if (key.section().empty()) continue;
    if (key.section() != section) {
      section = key.section();
      text += "\n[" + std::string(section) + "]\n";
    }
    line(key);
  }
  return text;
}

}  // namespace murm
