#include "runtime/child_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

#include "algorithms/vocabulary.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace murm {
namespace {

ExitStatus from_wait_status(int status) {
  if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

/// The parent blocks its stop signals and ignores SIGPIPE; a child would inherit both.
void set_clean_start(posix_spawnattr_t& attributes) {
  sigset_t none;
  sigemptyset(&none);
  sigset_t defaults;
  sigemptyset(&defaults);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE}) sigaddset(&defaults, signal);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  const int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP;
  ::posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
}

}  // namespace

std::string to_string(ExitStatus status) {
  if (status.signal == 0) return "exit code " + std::to_string(status.code);
  std::string text = "signal " + std::to_string(status.signal) + " (" + ::strsignal(status.signal) +
                     ")";
  if (status.signal == SIGKILL) text += ", possibly out of memory";
  return text;
}

ChildProcess::ChildProcess(const std::vector<std::string>& argv) {
  MURM_ASSERT(!argv.empty(), "a child needs a program");
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);

  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  set_clean_start(attributes);
  const int error = ::posix_spawn(&pid_, arguments[0], nullptr, &attributes, arguments.data(),
                                  environ);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    pid_ = -1;
    throw RunError(
        "[runtime] " + argv[0] + " cannot be started: " + std::strerror(error) +
        ". HINT: check that the program exists and that processes are left (ulimit -u).");
  }
  // Not pidfd_open(): glibc 2.36 declares it without extern "C".
  descriptor_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (descriptor_ < 0) {
    const std::string reason = std::strerror(errno);
    kill(SIGKILL);
    wait();
    throw RunError("[runtime] a started child cannot be watched: " + reason +
                   ". HINT: Linux 5.3 or later is needed, and free descriptors (ulimit -n).");
  }
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  if (!poll()) {
    kill(SIGKILL);
    wait();
  }
  ::close(descriptor_);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      status_(std::exchange(other.status_, std::nullopt)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(status_, other.status_);
  return *this;
}

std::optional<ExitStatus> ChildProcess::poll() {
  if (status_ || pid_ < 0) return status_;
  int status = 0;
  const pid_t reaped = ::waitpid(pid_, &status, WNOHANG);
  MURM_ASSERT(reaped >= 0, "child " + std::to_string(pid_) + " was reaped by somebody else");
  if (reaped == pid_) status_ = from_wait_status(status);
  return status_;
}

ExitStatus ChildProcess::wait() {
  int status = 0;
  while (!status_) {
    const pid_t reaped = ::waitpid(pid_, &status, 0);
    MURM_ASSERT(reaped == pid_ || errno == EINTR, "waitpid of child " + std::to_string(pid_));
    if (reaped == pid_) status_ = from_wait_status(status);
  }
  return *status_;
}

void ChildProcess::kill(int signal) {
  // Until it is reaped the process id cannot belong to anybody else.
  if (pid_ > 0 && !status_) ::kill(pid_, signal);
}

ChildWatcher::ChildWatcher(Callback on_exit)
    : on_exit_(std::move(on_exit)), wake_descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (wake_descriptor_ < 0) {
    throw RunError("[runtime] no file descriptor to watch children. HINT: see ulimit -n.");
  }
  thread_ = std::thread([this] { run(); });
}

ChildWatcher::~ChildWatcher() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake();
  thread_.join();
  ::close(wake_descriptor_);
}

void ChildWatcher::add(ChildProcess child) {
  {
    const std::lock_guard lock(mutex_);
    children_.push_back(std::move(child));
  }
  wake();
}

void ChildWatcher::kill(pid_t pid, int signal) {
  const std::lock_guard lock(mutex_);
  for (ChildProcess& child : children_) {
    if (child.pid() == pid) child.kill(signal);
  }
}

void ChildWatcher::kill_all(int signal) {
  const std::lock_guard lock(mutex_);
  for (ChildProcess& child : children_) child.kill(signal);
}

std::size_t ChildWatcher::running() const {
  const std::lock_guard lock(mutex_);
  return children_.size();
}

void ChildWatcher::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_descriptor_, &one, sizeof one);
}

void ChildWatcher::run() {
  for (;;) {
    std::vector<pollfd> items{pollfd{wake_descriptor_, POLLIN, 0}};
    std::vector<std::pair<pid_t, ExitStatus>> ended;
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
      for (ChildProcess& child : children_) {
        if (const auto status = child.poll()) ended.emplace_back(child.pid(), *status);
        items.push_back(pollfd{child.descriptor_, POLLIN, 0});
      }
      std::erase_if(children_, [](ChildProcess& child) { return child.poll().has_value(); });
    }
    for (const auto& [pid, status] : ended) on_exit_(pid, status);
    if (!ended.empty()) continue;  // `items` names descriptors that are closed now
    ::poll(items.data(), items.size(), -1);
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t drained = ::read(wake_descriptor_, &count, sizeof count);
  }
}

void die_with_parent(pid_t expected_parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have gone before the line above: then no signal will ever come.
  if (::getppid() != expected_parent) ::_exit(1);
}

}  // namespace murm
