// A machine that keeps a record of every event it is given.
// Room: actors. Stands between a driver and a machine; neither of them knows.
// Caller: actors/aggregator, actors/worker, when the run is recorded. Source: docs/decisions/0007.
#pragma once
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "algorithms/machine.hpp"
#include "runtime/clock.hpp"

namespace murm {

/// What the machines of one process share when they are recorded.
struct Recording {
  std::filesystem::path folder;  // exists
  std::uint64_t run = 0;         // the same in every process of the run
  std::uint64_t parameters = 0;  // length of the flat vector
  std::uint32_t shards = 0;
  std::string algorithm;
  std::shared_ptr<const Clock> clock;
  std::function<void(const std::string&)>
      notice;  // told once why recording ended early; any thread
  std::atomic<bool> noticed{false};
};

/// `machine` itself when there is no `recording`. Else each event stands in FOLDER/<machine>.trace before
/// the machine acts on it, so whatever it says to others has its cause on record, also when the process
/// is killed. A trace that cannot be written ends there; the machine goes on.
std::unique_ptr<Machine> recorded(std::unique_ptr<Machine> machine,
                                  std::shared_ptr<Recording> recording);

}  // namespace murm
