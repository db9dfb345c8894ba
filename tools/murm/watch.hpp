// Watches work on the main thread: draws its progress, and stops it at a signal.
// Room: tools.
// Caller: tools/murm/simulate_command, tools/murm/replay_command.
#pragma once
#include "actors/virtual/simulation.hpp"
#include "runtime/progress.hpp"
#include "runtime/signals.hpp"

namespace murm {

/// Thread: main.
class Watch {
 public:
  Watch(SignalGate& signals, bool quiet);
  /// False once a signal has come: the work shall stop.
  bool look(const ProgressState& state);
  /// The same for a simulation of `total` samples; 0: unknown.
  bool look(const CurvePoint& point, SampleCount total);
  void finish() { progress_.finish(); }
  int signal() const { return signal_; }  // 0: none came

 private:
  SignalGate& signals_;
  SystemClock clock_;
  Progress progress_;
  int signal_ = 0;
};

}  // namespace murm
