// A system of actors whose scheduler and clock are the test's: deterministic, nothing waits.
// Room: tests.
// Caller: tests/unit/actors. Source: CAF 0.17's testing scheduler.
#pragma once
#include <vector>

#include "actors/caf.hpp"
#include "runtime/clock.hpp"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#include <caf/scheduler/test_coordinator.hpp>
#pragma GCC diagnostic pop

namespace murm {

class ManualClock final : public Clock {
 public:
  std::chrono::nanoseconds now() const override { return now_; }
  void pass(std::chrono::nanoseconds time) { now_ += time; }

 private:
  std::chrono::nanoseconds now_ = std::chrono::seconds(1);
};

/// Actors run only inside `run` and `pass`, on the test's thread. Those spawned here end with the stage.
class Stage {
 public:
  ~Stage() {
    for (const caf::actor& each : cast_) {
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    }
    run();
  }

  template <class... Arguments>
  auto spawn(Arguments&&... arguments) {
    auto handle = system_.spawn(std::forward<Arguments>(arguments)...);
    cast_.push_back(caf::actor_cast<caf::actor>(handle));
    return handle;
  }
  template <class Handle, class Message>
  void send(const Handle& to, Message message) {
    caf::anon_send(caf::actor_cast<caf::actor>(to), std::move(message));
    run();
  }
  /// Sends and returns the answer. Requires: the receiver answers at once.
  template <class Answer, class Handle, class Message>
  Answer ask(const Handle& to, Message message) {
    caf::scoped_actor self(system_);
    auto pending = self->request(caf::actor_cast<caf::actor>(to), caf::infinite,
                                 std::move(message));
    run();
    Answer result;
    pending.receive([&](Answer& answer) { result = std::move(answer); },
                    [&](caf::error& error) {
                      throw std::runtime_error("no answer: " + system_.render(error));
                    });
    return result;
  }
  /// Until no actor has anything to do.
  void run() { scheduler().run(); }
  /// Lets virtual time go by in steps; the actors react after each.
  void pass(std::chrono::milliseconds time, std::chrono::milliseconds step) {
    for (auto passed = step; passed <= time; passed += step) {
      clock_->pass(step);
      scheduler().advance_time(step);
      run();
    }
  }
  const std::shared_ptr<ManualClock>& clock() const { return clock_; }
  caf::actor_system& system() { return system_; }

 private:
  struct Config : caf::actor_system_config {
    Config() {
      set("scheduler.policy", caf::atom("testing"));
      set("logger.console", caf::atom("none"));
    }
  };
  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  }

  Config config_;
  caf::actor_system system_{config_};
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::vector<caf::actor> cast_;
};

/// A handler that only writes down what came.
template <class Message>
auto noted(std::vector<Message>& into) {
  return [&into](const Message& message) { into.push_back(message); };
}

}  // namespace murm
