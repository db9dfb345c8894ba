// A stack of its own for a CUDA thread that waits: control goes back and forth between it and the scheduler.
// Room: tests/fake_cuda. Knows stacks and what sanitizers must be told of them; no block, no kernel.
// Caller: tests/fake_cuda/block.cpp.
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

namespace murm::fake_cuda {

/// Executes `body` again and again, each time from `enter` until the body ends or calls `leave`; in the latter case
/// the next `enter` goes on behind it. Stays on the OS thread that made it.
class Fiber {
 public:
  explicit Fiber(void (*body)());
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  void enter();
  /// Back to who called `enter`. Only from within the body.
  void leave();
  /// The body has ended, and `enter` would start it again.
  bool idle() const { return idle_; }

 private:
  struct Context;
  static void main_loop(Fiber* fiber);
  friend void start_fiber(Fiber* fiber);

  void (*body_)();
  bool idle_ = true;
  std::unique_ptr<Context> context_;
};

}  // namespace murm::fake_cuda
