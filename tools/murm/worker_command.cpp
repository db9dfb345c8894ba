#include "tools/murm/worker_command.hpp"

#include <cstdio>
#include <mutex>
#include <optional>

#include "actors/worker_node.hpp"
#include "runtime/child_process.hpp"
#include "runtime/endpoint.hpp"

namespace murm {

namespace {

constexpr std::chrono::seconds kReminder{10};

struct End {
  std::mutex mutex;
  bool joined = false;
  std::optional<std::string> reason;
};

}  // namespace

int run_worker(const WorkerCommand& command, SignalGate& signals) {
  if (command.parent != 0) die_with_parent(static_cast<pid_t>(command.parent));
  (void)parse_endpoint("--join", command.join, EndpointUse::connect);
  const auto say = [&](const std::string& text) {
    if (!command.quiet) std::fprintf(stderr, "murm: %s\n", text.c_str());
  };
  End end;
  WorkerNodeOptions options;
  options.join = command.join;
  options.slots = command.slots;
  options.build = MURM_VERSION;
  options.traces = command.record;
  options.notice = [](const std::string& text) {
    std::fprintf(stderr, "murm: %s\n", text.c_str());
  };
  options.joined = [&](std::size_t workers) {
    const std::lock_guard<std::mutex> guard(end.mutex);
    end.joined = true;
    say("joined " + command.join + " with " + std::to_string(workers) + " worker(s)");
  };
  options.finished = [&](std::string reason) {
    {
      const std::lock_guard<std::mutex> guard(end.mutex);
      end.reason = std::move(reason);
    }
    signals.notify();
  };
  WorkerNode node(std::move(options));
  say("waiting for a coordinator at " + command.join);
  int signal = 0;
  for (;;) {
    const auto woken = signals.wait(std::chrono::steady_clock::now() + kReminder);
    const std::lock_guard<std::mutex> guard(end.mutex);
    if (end.reason) {
      if (signal != 0) return 128 + signal;
      if (!end.reason->empty()) throw RunError(*end.reason);
      say("the run is over");
      return 0;
    }
    if (woken.signal != 0) {
      if (signal != 0) return 128 + woken.signal;  // asked twice
      signal = woken.signal;
      say("leaving; others take over");
      node.leave();
    }
    if (!end.joined) say("still waiting for a coordinator at " + command.join);
  }
}

}  // namespace murm
