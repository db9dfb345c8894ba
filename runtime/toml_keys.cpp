#include "runtime/toml_keys.hpp"

#include <array>
#include <charconv>
#include <numeric>

namespace murm {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Levenshtein distance without regard to case; a swap of neighbours counts as two.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t k = 0; k < b.size(); ++k) {
      const std::size_t replaced = diagonal + (lower(a[i]) == lower(b[k]) ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({row[k] + 1, row[k + 1] + 1, replaced});
    }
  }
  return row.back();
}

/// What follows the section.
std::string_view key_of(std::string_view name) { return name.substr(name.find('.') + 1); }

}  // namespace

std::string toml_string(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += "\\u00";
      quoted += digits[byte >> 4U];
      quoted += digits[byte & 15U];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string_view nearest_key(std::string_view name, std::span<const std::string_view> names,
                             Habits habits) {
  const std::string_view key = key_of(name);
  for (const auto& [habit, meant] : habits) {
    if (key == habit) return meant;
  }
  const auto with_key = [&](std::string_view wanted) {
    const auto found = std::ranges::find(names, wanted, key_of);
    return found == names.end() ? std::string_view() : *found;
  };
  // The right key in the wrong section.
  if (const auto same = with_key(key); !same.empty()) return same;

  std::vector<std::string_view> same_section;
  std::vector<std::string_view> short_names;
  const std::string_view section = name.substr(0, name.size() - key.size());
  for (const std::string_view known : names) {
    short_names.push_back(key_of(known));
    if (!section.empty() && known.starts_with(section)) same_section.push_back(key_of(known));
  }
  if (const auto near = nearest_name(key, same_section); !near.empty()) {
    return *std::ranges::find_if(names, [&](std::string_view known) {
      return known.starts_with(section) && key_of(known) == near;
    });
  }
  if (const auto near = nearest_name(key, short_names); !near.empty()) return with_key(near);
  return nearest_name(name, names);
}

std::string written(std::uint64_t value) { return std::to_string(value); }

std::string written(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

std::string written(bool value) { return value ? "true" : "false"; }

std::string written(const std::string& value) { return toml_string(value); }

}  // namespace murm
