#include "runtime/human_units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "algorithms/vocabulary.hpp"

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

std::string human_loss(double value) {
  const double size = std::abs(value);
  if (value == 0 || (size >= 1e-3 && size < 1e6) || !std::isfinite(value)) {
    return human_number(value, 4);
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2e", value);
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

std::chrono::nanoseconds parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 7> units{
      {{"", 1e9}, {"h", 3.6e12}, {"m", 6e10}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}}};
  constexpr double longest = 6.3e18;  // 200 years, below the largest value of the type
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [name, nanoseconds] : units) {
    if (error != std::errc() || unit != name) continue;
    const double product = std::round(value * nanoseconds);
    if (product >= 1 && product <= longest) return std::chrono::nanoseconds(std::llround(product));
  }
  throw InputError("\"" + std::string(text) +
                   "\" is not a duration above 0 and below 200 years. "
                   "HINT: write a number and a unit, as in 1h, 2m, 90s or 500ms.");
}

}  // namespace murm
