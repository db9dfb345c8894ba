// Reads a record with a table of keys from TOML and from --set, and remembers where each key was given.
// Room: runtime. Judges names, types and limits; its caller judges the record as a whole.
// Caller: runtime/job_file, runtime/world/scenario_file. Only these include it: it brings the TOML library in.
#pragma once
#include <toml++/toml.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "runtime/toml_keys.hpp"

namespace murm {

/// Throws InputError: "where: what. HINT: hint."
[[noreturn]] void refuse(const std::string& where, const std::string& what,
                         std::string_view hint = {});

/// A number as one would write it in a sentence.
std::string short_number(double value);

/// The content of a file of settings, `what` in sentences. Errors: InputError.
std::string settings_text(const std::filesystem::path& file, std::string_view what);

/// How a kind of file talks about its keys.
struct KeyWords {
  std::string_view page;        // where its keys are listed
  std::string_view example;     // of an override
  std::string_view set_prefix;  // what --set wants before the key
  Habits habits;
};

/// A text that gives values: a file, whose values have lines, or one --set.
struct ValueSource {
  std::string name;
  bool has_lines = true;
  bool every_key = false;  // a resolved file: what is given there tells nothing about who wrote it

  std::string at(const toml::source_region& region) const;
};

/// What a value has to be, and how a sentence about it begins.
struct Expected {
  std::string name;
  std::string where;
  KeyLimits limits;
  std::span<const std::string_view> choices;
};

[[noreturn]] void refuse_type(const Expected& expected, std::string_view type,
                              const toml::node& node, std::string_view hint = {});
void read_value(std::uint64_t& member, const toml::node& node, const Expected& expected);
void read_value(double& member, const toml::node& node, const Expected& expected);
void read_value(bool& member, const toml::node& node, const Expected& expected);
void read_value(std::string& member, const toml::node& node, const Expected& expected);
/// The list in `node`, not longer than its limit.
const toml::array& list_in(const toml::node& node, const Expected& expected, std::string_view type,
                           std::string_view hint);

template <class T>
void read_value(std::vector<T>& member, const toml::node& node, const Expected& expected) {
  constexpr bool numbers = std::is_arithmetic_v<T>;
  constexpr bool strings = std::is_same_v<T, std::string>;
  if constexpr (strings) {
    if (expected.choices.empty() && node.is_string()) {  // free text: a list of one
      member.assign(1, {});
      return read_value(member.front(), node, expected);
    }
  }
  const toml::array& list = list_in(
      node, expected,
      strings ? "a list of strings"
              : (numbers ? "a list of numbers" : "a list of lists of numbers"),
      strings ? "write [\"a\", \"b\"]" : (numbers ? "write [a, b]" : "write [[a, b], [c, d]]"));
  std::vector<T> values(list.size());
  Expected inner = expected;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if constexpr (!numbers) inner.name = expected.name + "[" + std::to_string(i) + "]";
    read_value(values[i], list[i], inner);
  }
  member = std::move(values);
}

/// One "section.key=value" taken apart; the value as TOML, or else as a string.
struct ParsedOverride {
  ParsedOverride(const std::string& text, const KeyWords& words);
  std::string name;
  std::string where;
  toml::table table;
  const toml::node& value() const { return *table.get("value"); }
};

toml::table parsed_toml(std::string_view text, const std::string& source_name);
[[noreturn]] void refuse_unknown_key(const std::string& where, const std::string& name,
                                     std::span<const std::string_view> names,
                                     const KeyWords& words);
[[noreturn]] void refuse_unknown_section(const std::string& where, const std::string& name,
                                         std::span<const std::string_view> names);
/// For a key of an element of a list, which has no section.
[[noreturn]] void refuse_unknown_field(const std::string& where, const std::string& prefix,
                                       std::string_view name,
                                       std::span<const std::string_view> names);
bool is_section(std::string_view name, std::span<const std::string_view> names);

/// Keys that were given. A key of element 3 of the list "churn" is called "churn[3].at_s", the element "churn[3]".
class GivenKeys {
 public:
  explicit GivenKeys(std::string source) : source_(std::move(source)) {}
  void put(const std::string& name, std::string where, bool noteworthy);
  /// The list will be given anew.
  void forget_elements(const std::string& list);
  bool has(const std::string& name) const { return places_.contains(name); }
  /// Whether somebody chose to give it.
  bool noteworthy(const std::string& name) const { return noteworthy_.contains(name); }
  /// Where it was given; else where what surrounds it was.
  std::string where(const std::string& name) const;

 private:
  std::string source_;
  std::map<std::string, std::string> places_;
  std::set<std::string> noteworthy_;
};

/// Fills a record from a file, then from overrides.
template <Keyed Record>
class RecordReader {
 public:
  RecordReader(KeyWords words, std::string source)
      : words_(words), given_(source), source_{std::move(source)} {}

  void read_file(std::string_view text) {
    source_.every_key = text.starts_with(resolved_mark);
    const toml::table root = parsed_toml(text, source_.name);
    const auto keys = keys_of(record_);
    const auto names = names_of(keys);
    for (const auto& [toml_name, node] : root) {
      const std::string name(toml_name.str());
      const std::string where = source_.at(toml_name.source());
      if (find_key(keys, name) != nullptr) {  // it has no section
        assign(name, node, where);
        continue;
      }
      const toml::table* section = node.as_table();
      if (section == nullptr) refuse_unknown_key(where, name, names, words_);
      if (!is_section(name, names)) refuse_unknown_section(where, name, names);
      for (const auto& [key, value] : *section) {
        assign(name + "." + std::string(key.str()), value, source_.at(key.source()));
      }
    }
  }

  void read_override(const std::string& text) {
    const ParsedOverride override(text, words_);
    source_ = {override.where, false, false};
    assign(override.name, override.value(), override.where);
  }

  const Record& record() const { return record_; }
  const GivenKeys& given() const { return given_; }

  /// One sentence for each given key that the record does not use.
  std::vector<std::string> notes() const {
    std::vector<std::string> notes;
    add_notes(notes, record_, "");
    return notes;
  }

 private:
  void assign(const std::string& name, const toml::node& node, const std::string& where) {
    const auto keys = keys_of(record_);
    const auto* key = find_key(keys, name);
    if (key == nullptr) refuse_unknown_key(where, name, names_of(keys), words_);
    assign(record_, *key, "", node, where);
  }

  template <class R, class K>
  void assign(R& record, const K& key, const std::string& prefix, const toml::node& node,
              const std::string& where) {
    const Expected expected{prefix + std::string(key.name), where, key.limits, key.choices};
    std::visit([&](auto member) { read(member(record), node, expected); }, key.member);
    given_.put(expected.name, where, !source_.every_key);
  }

  template <class T>
  void read(T& member, const toml::node& node, const Expected& expected) {
    read_value(member, node, expected);
  }

  template <Keyed T>
  void read(std::vector<T>& member, const toml::node& node, const Expected& expected) {
    const std::string hint =
        "write [[" + expected.name +
        "]] sections or a list of {key = value, ...}, strings in double quotes";
    const toml::array& list = list_in(node, expected, "a list of tables", hint);
    given_.forget_elements(expected.name);
    std::vector<T> values(list.size());
    const auto keys = keys_of(T{});
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string element = expected.name + "[" + std::to_string(i) + "]";
      const toml::table* table = list[i].as_table();
      if (table == nullptr) {
        refuse_type({element, expected.where, {}, {}}, "a table", list[i], hint);
      }
      given_.put(element, source_.at(table->source()), false);
      for (const auto& [name, value] : *table) {
        const auto* key = find_key(keys, name.str());
        const std::string where = source_.at(name.source());
        if (key == nullptr) {
          refuse_unknown_field(where, element + ".", name.str(), names_of(keys));
        }
        assign(values[i], *key, element + ".", value, where);
      }
    }
    member = std::move(values);
  }

  template <class R>
  void add_notes(std::vector<std::string>& notes, const R& record,
                 const std::string& prefix) const {
    const auto keys = keys_of(record);
    R copy = record;  // the members are bound for writing
    for (const auto& key : keys) {
      const std::string name = prefix + std::string(key.name);
      if (key.used != nullptr && !key.used(record) && given_.noteworthy(name)) {
        const auto* selector = find_key(keys, key.selector);
        while (selector->used != nullptr && !selector->used(record)) {
          selector = find_key(keys, selector->selector);  // what decides about the selector itself
        }
        notes.push_back(given_.where(name) + ": " + name + " is not used with " + prefix +
                        std::string(selector->name) + " = " + toml_value(*selector, record));
      }
      std::visit([&](auto member) { add_notes_of_elements(notes, member(copy), name); },
                 key.member);
    }
  }

  template <class T>
  void add_notes_of_elements(std::vector<std::string>&, const T&, const std::string&) const {}
  template <Keyed T>
  void add_notes_of_elements(std::vector<std::string>& notes, const std::vector<T>& elements,
                             const std::string& list) const {
    for (std::size_t i = 0; i < elements.size(); ++i) {
      add_notes(notes, elements[i], list + "[" + std::to_string(i) + "].");
    }
  }

  KeyWords words_;
  Record record_;
  GivenKeys given_;
  ValueSource source_;  // of what is being read
};

}  // namespace murm
