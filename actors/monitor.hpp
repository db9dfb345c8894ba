// The monitor: what the run is doing, for people and files.
// Room: actors. Watches; nothing depends on it but the report.
// Caller: actors/training_node spawns one, detached: it writes to terminal and disk.
#pragma once
#include <filesystem>
#include <memory>

#include "actors/cast.hpp"
#include "runtime/clock.hpp"
#include "runtime/progress.hpp"

namespace murm {

struct MonitorOptions {
  std::filesystem::path metrics_file;
  std::filesystem::path job_file;  // rewritten when the algorithm changes; empty: nowhere
  SampleCount samples_total = 0;   // 0: unknown
  SampleCount samples_start = 0;   // of a resumed run
  ProgressStyle style = ProgressStyle::lines;
};

/// In: Applied, Evaluated, Notice, Switched, MonitorSummaryRequest. Out: the summary.
/// State: running means, staleness histogram, the open metrics file, the progress line.
MonitorActor::behavior_type monitor(MonitorActor::pointer self, MonitorOptions options,
                                    std::shared_ptr<const Clock> clock);

}  // namespace murm
