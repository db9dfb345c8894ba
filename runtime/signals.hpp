// Turns SIGINT and SIGTERM into values that the main thread waits for, together with "job finished".
// Room: runtime. Decides nothing: what a signal leads to is the caller's policy.
// Caller: tools/murm main (first statement). Source: reliability design, section 10; signalfd(2).
#pragma once
#include <chrono>
#include <optional>

namespace murm {

/// Construct before any other thread exists: threads inherit the blocked signals from here. SIGPIPE is
/// ignored, SIGBUS (a mapped file became shorter) ends the process with a sentence and exit code 1. All this stays for the life of the process; only one gate may live at a time.
class SignalGate {
 public:
  SignalGate();  // throws RunError when the system has no descriptor left
  ~SignalGate();
  SignalGate(const SignalGate&) = delete;
  SignalGate& operator=(const SignalGate&) = delete;

  struct Woken {
    int signal = 0;         // SIGINT or SIGTERM; 0: none came
    bool notified = false;  // notify() was called since the last wait
  };
  /// Sleeps until a signal, a notify(), or the deadline (none: for ever); both fields empty: deadline.
  /// Of several signals each wait returns one. Thread: main.
  Woken wait(std::optional<std::chrono::steady_clock::time_point> deadline = std::nullopt);

  /// Wakes the waiter, now or at its next wait. Thread: any.
  void notify();

 private:
  int signal_descriptor_ = -1;
  int event_descriptor_ = -1;
};

}  // namespace murm
