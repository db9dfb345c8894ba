#include "runtime/human_units.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace murm {
namespace {

/// Three significant digits, no exponent.
std::string three_digits(double value) {
  const int decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return human_number(value, decimals);
}

}  // namespace

std::string human_number(double value, int digits) {
  if (std::isnan(value)) return "-";
  std::array<char, 400> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string human_percent(double fraction, int digits) {
  return std::isnan(fraction) ? "-" : human_number(100 * fraction, digits) + " %";
}

std::string with_separators(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string human_count(double value) {
  if (std::isnan(value)) return "-";
  if (value < 999.5)
    return human_number(value, value < 9.995 && value != std::floor(value) ? 1 : 0);
  if (value < 999.5e3) return three_digits(value / 1e3) + "k";
  if (value < 999.5e6) return three_digits(value / 1e6) + "M";
  return three_digits(value / 1e9) + "G";
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  constexpr std::array<const char*, 4> units{" KiB", " MiB", " GiB", " TiB"};
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return three_digits(value) + units[unit];
}

std::string human_duration(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "-";
  if (seconds < 59.95)
    return seconds < 9.995 ? human_number(seconds, 2) + " s" : human_number(seconds, 1) + " s";
  const auto whole = static_cast<unsigned long>(std::llround(seconds));
  std::array<char, 40> text{};
  if (whole < 3600) {
    std::snprintf(text.data(), text.size(), "%lu:%02lu min", whole / 60, whole % 60);
  } else {
    std::snprintf(text.data(), text.size(), "%lu:%02lu:%02lu h", whole / 3600, whole / 60 % 60,
                  whole % 60);
  }
  return text.data();
}

}  // namespace murm
