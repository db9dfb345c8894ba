// Numbers in a text that somebody else wrote: whole fields, finite, read the same in every locale.
// Room: models/data. Judges one field; not where it stands.
// Caller: models/data/csv, models/data/libsvm.
#pragma once
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace murm {

/// Without blanks at both ends, nor the carriage return of other systems.
inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// The number that is the whole of `text`, a plus sign allowed; nothing where there is none, where it is not
/// finite, or where fp32 cannot hold it.
inline std::optional<double> number_in(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.starts_with('+') || error != std::errc() || end != text.data() + text.size()) return {};
  if (!std::isfinite(static_cast<float>(value))) return {};
  return value;
}

/// A field as an error shows it: quoted, cut after 40 bytes, what cannot be printed replaced.
inline std::string shown(std::string_view field) {
  constexpr std::size_t shown_max = 40;
  std::string text = "\"";
  for (const char c : field.substr(0, shown_max)) text += c >= 0x20 && c < 0x7F ? c : '?';
  return text + (field.size() > shown_max ? "...\"" : "\"");
}

}  // namespace murm
