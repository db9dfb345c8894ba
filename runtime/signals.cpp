#include "runtime/signals.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <string_view>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

int poll_timeout(std::optional<std::chrono::steady_clock::time_point> deadline) {
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline -
                                                                 std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, INT_MAX));
}

/// Nothing can go on: the thread was in the midst of reading memory that is gone.
void end_at_bus_error(int /*signal*/) {
  constexpr std::string_view text =
      "murm: a file became shorter while it was read, or its disk failed. HINT: put a new file "
      "in the place of an old one by renaming it\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(1);
}

}  // namespace

SignalGate::SignalGate() {
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGINT);
  sigaddset(&stop_signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGBUS, end_at_bus_error);

  signal_descriptor_ = ::signalfd(-1, &stop_signals, SFD_NONBLOCK | SFD_CLOEXEC);
  event_descriptor_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (signal_descriptor_ < 0 || event_descriptor_ < 0) {
    ::close(signal_descriptor_);
    ::close(event_descriptor_);
    throw RunError(
        "[runtime] no file descriptor for signals. HINT: raise the limit, see ulimit -n.");
  }
}

SignalGate::~SignalGate() {
  ::close(signal_descriptor_);
  ::close(event_descriptor_);
}

SignalGate::Woken SignalGate::wait(std::optional<std::chrono::steady_clock::time_point> deadline) {
  std::array<pollfd, 2> items{pollfd{signal_descriptor_, POLLIN, 0},
                              pollfd{event_descriptor_, POLLIN, 0}};
  for (;;) {
    const int timeout = poll_timeout(deadline);
    const int ready = ::poll(items.data(), items.size(), timeout);
    if (ready < 0) {
      MURM_ASSERT(errno == EINTR, "poll failed with errno " + std::to_string(errno));
      continue;
    }
    Woken woken;
    signalfd_siginfo information{};
    if (::read(signal_descriptor_, &information, sizeof information) == sizeof information) {
      woken.signal = static_cast<int>(information.ssi_signo);
    }
    std::uint64_t count = 0;
    woken.notified = ::read(event_descriptor_, &count, sizeof count) == sizeof count;
    const bool expired = deadline && std::chrono::steady_clock::now() >= *deadline;
    if (woken.signal != 0 || woken.notified || expired) return woken;
  }
}

void SignalGate::notify() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the waiter wakes anyway.
  [[maybe_unused]] const ssize_t written = ::write(event_descriptor_, &one, sizeof one);
}

}  // namespace murm
