// Numbers as people read them.
// Room: runtime. Pure text.
// Caller: runtime/report, runtime/progress, runtime/loss_plot, runtime/figure, tools/murm.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace murm {

std::string with_separators(std::uint64_t value);        // 480,000
std::string human_count(double value);                   // 950, 12.3k, 1.25M
std::string human_bytes(std::uint64_t bytes);            // 812 B, 1.5 MiB
std::string human_duration(double seconds);              // 0.42 s, 38.1 s, 2:05 min, 1:02:05 h
std::string human_number(double value, int digits);      // fixed; "-" when it is not a number
std::string human_loss(double value);                    // 0.0123, 1.23e-07; "-" likewise
std::string human_percent(double fraction, int digits);  // 97.31 %; "-" when it is not a number

/// "1h", "2m", "90s", "500ms", "20us", "7ns"; a plain number is seconds; fractions are fine ("1.5h").
/// Above 0 and below 200 years, else InputError: "<text> is not a duration ...".
std::chrono::nanoseconds parse_duration(std::string_view text);

}  // namespace murm
