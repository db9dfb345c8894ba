// metrics.csv: one line per sample of the run's state, readable while the run goes on.
// Room: runtime. Writes numbers, interprets none.
// Caller: actors/training_node.
#pragma once
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>

#include "algorithms/vocabulary.hpp"

namespace murm {

/// A value that is not a number is left empty in the file.
struct MetricsRow {
  double seconds = 0;
  SampleCount samples = 0;
  std::uint64_t updates = 0;
  double train_loss = std::numeric_limits<double>::quiet_NaN();
  double eval_loss = std::numeric_limits<double>::quiet_NaN();
  double eval_accuracy = std::numeric_limits<double>::quiet_NaN();  // fraction
  double staleness_mean = std::numeric_limits<double>::quiet_NaN();
  double samples_per_second = std::numeric_limits<double>::quiet_NaN();
};

class MetricsCsv {
 public:
  /// Opens (and empties) the file at the first `append`. Throws nothing.
  explicit MetricsCsv(std::filesystem::path file) : file_(std::move(file)) {}
  MetricsCsv(const MetricsCsv&) = delete;
  MetricsCsv& operator=(const MetricsCsv&) = delete;
  ~MetricsCsv();

  /// Writes one whole line, or none: the error is told once, later lines are still tried.
  /// Thread: one at a time. Blocks on the disk.
  [[nodiscard]] std::optional<Error> append(const MetricsRow& row);

 private:
  /// 0 or an errno value.
  int write_line(const std::string& line);

  std::filesystem::path file_;
  int fd_ = -1;
  std::int64_t size_ = 0;
  bool told_ = false;
};

}  // namespace murm
