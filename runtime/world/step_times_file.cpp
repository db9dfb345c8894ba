#include "runtime/world/step_times_file.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

constexpr std::size_t line_bytes_max = 1024;
constexpr std::uint64_t steps_max = 16'000'000;
constexpr std::uint64_t workers_max = 1'000'000;
constexpr double ms_min = 1e-6;  // a nanosecond
constexpr double ms_max = 1e9;

class StepTimesReader {
 public:
  explicit StepTimesReader(std::string name) : name_(std::move(name)) {}

  void read_line(std::string_view line);
  RecordedTiming::Series finish();
  [[noreturn]] void refuse_line(const std::string& what) const {
    throw InputError(name_ + ":" + std::to_string(number_) + ": " + what + ".");
  }

 private:
  static std::string_view next_word(std::string_view& line) {
    constexpr std::string_view blanks = " \t\r";
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const auto word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
  }

  template <class T>
  static std::optional<T> number(std::string_view word) {
    T value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    return value;
  }

  std::string name_;
  std::uint64_t number_ = 0;  // of the line
  std::uint64_t steps_ = 0;
  std::optional<bool> by_worker_;  // what the first line decides
  RecordedTiming::Series series_;
};

void StepTimesReader::read_line(std::string_view line) {
  ++number_;
  line = line.substr(0, line.find('#'));
  const std::string_view first = next_word(line);
  const std::string_view second = next_word(line);
  if (first.empty()) return;
  if (!next_word(line).empty()) refuse_line("expected MILLISECONDS or WORKER MILLISECONDS");
  const bool by_worker = !second.empty();
  if (by_worker_.value_or(by_worker) != by_worker) {
    refuse_line("expected " + std::string(*by_worker_ ? "WORKER MILLISECONDS" : "MILLISECONDS") +
                " as in the lines before");
  }
  by_worker_ = by_worker;
  const auto worker = by_worker ? number<std::uint64_t>(first) : std::optional<std::uint64_t>(0);
  if (!worker || *worker >= workers_max) {
    refuse_line("the worker is " + std::string(first) + ", expected a whole number below " +
                std::to_string(workers_max));
  }
  const std::string_view time = by_worker ? second : first;
  const auto ms = number<double>(time);
  if (!ms || !(*ms >= ms_min && *ms <= ms_max)) {
    refuse_line("the time is " + std::string(time) +
                ", expected milliseconds above 0 and at most 1e+09");
  }
  if (++steps_ > steps_max) {
    refuse_line("expected at most " + std::to_string(steps_max) + " steps");
  }
  if (*worker >= series_.size()) series_.resize(*worker + 1);
  series_[*worker].emplace_back(std::llround(*ms * 1e6));
}

RecordedTiming::Series StepTimesReader::finish() {
  if (series_.empty()) throw InputError(name_ + ": holds no step, expected one time a line.");
  for (std::size_t worker = 0; worker < series_.size(); ++worker) {
    if (!series_[worker].empty()) continue;
    throw InputError(name_ + ": holds no step of worker " + std::to_string(worker) +
                     ", expected some for each worker from 0 to " +
                     std::to_string(series_.size() - 1) + ".");
  }
  return std::move(series_);
}

}  // namespace

RecordedTiming::Series read_step_times(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::error_code ignored;
  if (!stream || std::filesystem::is_directory(file, ignored)) {
    throw InputError(file.string() +
                     ": cannot be read as a file of step times. HINT: the path is relative to the "
                     "folder in which murm is started.");
  }
  StepTimesReader reader(file.string());
  std::array<char, line_bytes_max> line{};
  while (stream.getline(line.data(), line.size())) reader.read_line(line.data());
  if (!stream.eof()) {
    reader.read_line("");  // the one that was not taken
    reader.refuse_line("longer than " + std::to_string(line_bytes_max - 1) + " characters");
  }
  return reader.finish();
}

}  // namespace murm
