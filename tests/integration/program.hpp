// The real program, started by a test: its output, exit, children; nothing outlives the test.
// Room: tests. Every wait has a deadline and looks again every few milliseconds.
// Caller: tests/integration. Source: fork(2), prctl(2), proc(5).
#pragma once
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace murm::test {

using namespace std::chrono_literals;
using Duration = std::chrono::milliseconds;

/// How a program ended: its exit code, 128 + signal when one killed it, as a shell counts.
constexpr int still_running = -1;

/// Looks until `holds` does or the deadline has passed; says whether it does.
bool eventually(const std::function<bool()>& holds, Duration deadline = 10s);

/// True while `pid` runs; one that has ended and waits to be reaped does not run.
bool is_running(pid_t pid);

/// Processes whose parent is `pid`, whether they have ended or not.
std::vector<pid_t> children_of(pid_t pid);

/// One run of a program; killed and reaped when the handle dies, or when the test itself is killed.
class Program {
 public:
  /// Standard output and error go to files in `folder`, which is also the working directory.
  Program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
          const std::filesystem::path& folder);
  ~Program();
  Program(Program&& other) noexcept;
  Program& operator=(Program&&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// The exit code, or still_running when the deadline passed first.
  int wait(Duration deadline = 20s);
  std::vector<pid_t> children() const { return children_of(pid_); }

  std::string output() const;  // standard output so far
  std::string errors() const;  // standard error so far
  bool says(const std::string& text) const { return errors().find(text) != std::string::npos; }

 private:
  pid_t pid_ = -1;  // -1: moved from
  std::optional<int> code_;
  std::filesystem::path out_;
  std::filesystem::path err_;
};

}  // namespace murm::test
