#include "runtime/toml_reader.hpp"

#include <array>
#include <cmath>
#include <fstream>
#include <sstream>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

constexpr std::size_t settings_bytes_max = 64U << 20U;

std::string quoted_list(std::span<const std::string_view> names) {
  std::string text;
  for (const auto name : names) text += (text.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  return text;
}

std::string described(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a section";
    default:
      return "a date or time";
  }
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void check(double value, const Expected& expected) {
  const KeyLimits& limits = expected.limits;
  if (limits.endless && value == std::numeric_limits<double>::infinity()) return;
  const bool low = value < limits.min || (limits.above && value == limits.min);
  const bool high = value > limits.max || (limits.below && value == limits.max);
  if (std::isfinite(value) && !low && !high) return;
  std::string range = (limits.above ? "above " : "at least ") + short_number(limits.min);
  // Bounds that only keep the arithmetic exact are of no interest to who wrote a negative number.
  if (high || limits.max <= 1) {
    range += (limits.below ? " and below " : " and at most ") + short_number(limits.max);
  }
  refuse(expected.where, expected.name + " is " + short_number(value) + ", expected " + range,
         limits.hint);
}

std::vector<std::string_view> sections_of(std::span<const std::string_view> names) {
  std::vector<std::string_view> sections;
  for (const auto name : names) {
    const auto section = name.substr(0, name.find('.'));
    if (sections.empty() || sections.back() != section) sections.push_back(section);
  }
  return sections;
}

}  // namespace

void refuse(const std::string& where, const std::string& what, std::string_view hint) {
  std::string text = where + ": " + what + ".";
  if (!hint.empty()) text += " HINT: " + std::string(hint) + (hint.ends_with('?') ? "" : ".");
  throw InputError(text);
}

std::string short_number(double value) {
  std::ostringstream text;
  text.precision(15);
  text << value;
  return text.str();
}

std::string settings_text(const std::filesystem::path& file, std::string_view what) {
  std::ifstream stream(file, std::ios::binary);
  std::error_code ignored;
  if (!stream || std::filesystem::is_directory(file, ignored)) {
    refuse(file.string(), "cannot be read as a " + std::string(what) + " file", "check the path");
  }
  std::string text;
  std::array<char, 65536> block{};
  do {
    stream.read(block.data(), block.size());
    text.append(block.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > settings_bytes_max) {
      refuse(file.string(), "is longer than 64 MiB, expected a " + std::string(what) + " file");
    }
  } while (stream);
  return text;
}

std::string ValueSource::at(const toml::source_region& region) const {
  if (!has_lines) return name;
  return name + ":" + std::to_string(region.begin.line) + ":" + std::to_string(region.begin.column);
}

void refuse_type(const Expected& expected, std::string_view type, const toml::node& node,
                 std::string_view hint) {
  refuse(expected.where,
         expected.name + " must be " + std::string(type) + ", not " + described(node), hint);
}

void read_value(std::uint64_t& member, const toml::node& node, const Expected& expected) {
  const auto value = node.value_exact<std::int64_t>();
  if (!value) {
    const auto fraction = node.value_exact<double>();
    const bool whole = fraction && std::floor(*fraction) == *fraction && std::abs(*fraction) < 1e15;
    refuse_type(expected, "a whole number", node,
                whole ? "write " + short_number(*fraction) : std::string());
  }
  check(static_cast<double>(*value), expected);
  member = static_cast<std::uint64_t>(*value);
}

void read_value(double& member, const toml::node& node, const Expected& expected) {
  if (!node.is_number()) refuse_type(expected, "a number", node);
  const double value = *node.value<double>();
  check(value, expected);
  member = value;
}

void read_value(bool& member, const toml::node& node, const Expected& expected) {
  const auto value = node.value_exact<bool>();
  if (!value) refuse_type(expected, "true or false", node, "write it without quotes");
  member = *value;
}

void read_value(std::string& member, const toml::node& node, const Expected& expected) {
  const auto value = node.value_exact<std::string>();
  if (!value) refuse_type(expected, "a string", node, "put it in double quotes");
  const auto choices = expected.choices;
  if (!choices.empty() && std::ranges::find(choices, *value) == choices.end()) {
    const auto near = nearest_name(*value, choices);
    refuse(
        expected.where,
        expected.name + " is " + toml_string(*value) + ", expected one of " + quoted_list(choices),
        near.empty() ? "" : "did you mean \"" + std::string(near) + "\"?");
  }
  member = *value;
}

const toml::array& list_in(const toml::node& node, const Expected& expected, std::string_view type,
                           std::string_view hint) {
  const toml::array* list = node.as_array();
  if (list == nullptr) refuse_type(expected, type, node, hint);
  const std::size_t most = expected.limits.entries_max;
  if (list->size() > most) {
    refuse(expected.where, expected.name + " has " + std::to_string(list->size()) +
                               " entries, expected at most " + std::to_string(most));
  }
  return *list;
}

ParsedOverride::ParsedOverride(const std::string& text, const KeyWords& words)
    : where("--set " + std::string(words.set_prefix) + text) {
  const auto equals = text.find('=');
  name = trimmed(text.substr(0, equals));
  if (equals == std::string::npos || name.empty()) {
    refuse(where, "expected " + std::string(words.set_prefix) + "section.key=value",
           "for example --set " + std::string(words.set_prefix) + std::string(words.example));
  }
  const std::string value = trimmed(text.substr(equals + 1));
  try {
    table = toml::parse("value = " + value);
  } catch (const toml::parse_error&) {
    table.clear();
  }
  // A line break in the value must not bring a second key in.
  if (table.size() != 1 || value.find('\n') != std::string::npos) {
    table.clear();
    table.insert("value", value);
  }
}

toml::table parsed_toml(std::string_view text, const std::string& source_name) {
  try {
    return toml::parse(text, source_name);
  } catch (const toml::parse_error& error) {
    refuse(ValueSource{source_name}.at(error.source()), std::string(error.description()));
  }
}

void refuse_unknown_key(const std::string& where, const std::string& name,
                        std::span<const std::string_view> names, const KeyWords& words) {
  const auto near = nearest_key(name, names, words.habits);
  refuse(where, "unknown key " + name,
         near.empty() ? std::string(words.page) + " lists the keys"
                      : "did you mean " + std::string(near) + "?");
}

void refuse_unknown_section(const std::string& where, const std::string& name,
                            std::span<const std::string_view> names) {
  const auto sections = sections_of(names);
  const auto near = nearest_name(name, sections);
  refuse(where, "unknown section [" + name + "]",
         near.empty() ? "the sections are " + quoted_list(sections)
                      : "did you mean [" + std::string(near) + "]?");
}

void refuse_unknown_field(const std::string& where, const std::string& prefix,
                          std::string_view name, std::span<const std::string_view> names) {
  const auto near = nearest_name(name, names);
  refuse(where, "unknown key " + prefix + std::string(name),
         near.empty() ? "the keys are " + quoted_list(names)
                      : "did you mean " + std::string(near) + "?");
}

bool is_section(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view known) {
    return known.size() > name.size() && known.starts_with(name) && known[name.size()] == '.';
  });
}

void GivenKeys::put(const std::string& name, std::string where, bool noteworthy) {
  places_[name] = std::move(where);
  if (noteworthy) {
    noteworthy_.insert(name);
  } else {
    noteworthy_.erase(name);
  }
}

void GivenKeys::forget_elements(const std::string& list) {
  const std::string first = list + "[";
  const std::string last = list + "\\";  // the character after '['
  places_.erase(places_.lower_bound(first), places_.lower_bound(last));
  noteworthy_.erase(noteworthy_.lower_bound(first), noteworthy_.lower_bound(last));
}

std::string GivenKeys::where(const std::string& name) const {
  if (const auto found = places_.find(name); found != places_.end()) return found->second;
  const auto bracket = name.rfind("].");
  if (bracket != std::string::npos) return where(name.substr(0, bracket + 1));
  return source_;
}

}  // namespace murm
