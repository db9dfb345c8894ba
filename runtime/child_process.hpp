// Starts copies of programs as children, ends them with their parent, and reports their exits.
// Room: runtime. Knows process ids and exit codes, not what a child computes.
// Caller: tools/murm train (workers as processes). Source: posix_spawn(3), pidfd_open(2), prctl(2).
#pragma once
#include <sys/types.h>

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace murm {

struct ExitStatus {
  int code = 0;    // of exit(); meaningless when signal != 0
  int signal = 0;  // that ended the process; 0: it left by itself

  bool success() const { return signal == 0 && code == 0; }
  int shell_code() const { return signal == 0 ? code : 128 + signal; }
};

/// "exit code 3" or "signal 9 (Killed), possibly out of memory".
std::string to_string(ExitStatus status);

/// One child; killed with SIGKILL and reaped when the handle dies. The child starts with no blocked
/// signals, default signal actions, this process's environment and standard streams, in a process group
/// of its own (Ctrl-C reaches only the parent, which tells its children). Thread: one at a time.
/// A child that calls die_with_parent dies when the THREAD that constructed this ends: start children
/// only on a thread that lives as long as the process, in practice the main thread.
class ChildProcess {
 public:
  /// argv[0] is a path, no search. Throws RunError when the program cannot be started.
  explicit ChildProcess(const std::vector<std::string>& argv);
  ~ChildProcess();
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  pid_t pid() const { return pid_; }
  std::optional<ExitStatus> poll();  // reaps; the same answer ever after
  void kill(int signal);             // nothing once reaped

 private:
  friend class ChildWatcher;
  ExitStatus wait();

  pid_t pid_ = -1;  // -1: moved from
  int descriptor_ = -1;
  std::optional<ExitStatus> status_;
};

/// Owns children and calls back once for each that has ended; its one thread sleeps until one does.
/// Destruction kills and reaps those still running, without callbacks.
class ChildWatcher {
 public:
  using Callback =
      std::function<void(pid_t, ExitStatus)>;  // on the watcher's thread; must not throw

  explicit ChildWatcher(Callback on_exit);
  ~ChildWatcher();
  ChildWatcher(const ChildWatcher&) = delete;
  ChildWatcher& operator=(const ChildWatcher&) = delete;

  void add(ChildProcess child);
  void kill(pid_t pid, int signal);  // nothing when that child has already ended
  void kill_all(int signal);
  std::size_t running() const;

 private:
  void run();
  void wake() const;

  Callback on_exit_;
  int wake_descriptor_ = -1;
  mutable std::mutex mutex_;
  std::vector<ChildProcess> children_;
  bool stop_ = false;
  std::thread thread_;
};

/// In the child, early in main: SIGKILL when the parent's spawning thread ends; leaves at once when the
/// parent is gone already (another process has adopted us).
void die_with_parent(pid_t expected_parent);

}  // namespace murm
