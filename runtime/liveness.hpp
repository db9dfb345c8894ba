// When a silent peer counts as lost: the constants of failure detection.
// Room: runtime. The heartbeat interval is the job's (cluster.heartbeat_ms); everything else derives from it.
// Caller: actors (links, coordinator), actors/virtual: a simulated cluster detects failures as a real one does.
#pragma once
#include <chrono>

namespace murm {

/// A peer is lost when nothing of it has been heard for so many heartbeat intervals, at the next tick.
inline constexpr int heartbeat_misses_max = 4;

/// How long a run that workers may join at any time waits for somebody once all are lost.
inline constexpr std::chrono::seconds rejoin_deadline{30};

}  // namespace murm
