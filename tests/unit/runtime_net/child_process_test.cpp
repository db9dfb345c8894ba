#include "runtime/child_process.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <map>

#include "algorithms/vocabulary.hpp"
#include "tests/catch.hpp"
#include "tests/unit/runtime_net/recorder.hpp"

using namespace murm;

namespace {

std::vector<std::string> shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

bool exists(pid_t pid) { return ::kill(pid, 0) == 0; }

struct Exits {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<pid_t, ExitStatus> all;

  ChildWatcher::Callback callback() {
    return [this](pid_t pid, ExitStatus status) {
      const std::lock_guard lock(mutex);
      all[pid] = status;
      changed.notify_all();
    };
  }
  bool wait(std::size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, Recorder::patience, [&] { return all.size() >= count; });
  }
};

}  // namespace

TEST_CASE("each exit of a watched child is delivered once with its status") {
  Exits exits;
  ChildWatcher watcher(exits.callback());
  ChildProcess leaves(shell("exit 3"));
  ChildProcess stays(shell("exec sleep 1000"));
  const pid_t leaver = leaves.pid();
  const pid_t stayer = stays.pid();
  watcher.add(std::move(leaves));
  watcher.add(std::move(stays));
  REQUIRE(exits.wait(1));
  CHECK(exits.all.at(leaver).code == 3);
  CHECK(exits.all.at(leaver).signal == 0);
  CHECK(watcher.running() == 1);
  watcher.kill(stayer, SIGTERM);
  REQUIRE(exits.wait(2));
  CHECK(exits.all.at(stayer).signal == SIGTERM);
  CHECK(exits.all.at(stayer).shell_code() == 128 + SIGTERM);
  CHECK(watcher.running() == 0);
}

TEST_CASE("a child ends with its handle and with its watcher") {
  pid_t held = 0;
  pid_t watched = 0;
  {
    ChildProcess child(shell("exec sleep 1000"));
    held = child.pid();
    CHECK(exists(held));
    CHECK_FALSE(child.poll());
  }
  CHECK_FALSE(exists(held));
  {
    ChildWatcher watcher([](pid_t, ExitStatus) {});
    ChildProcess child(shell("exec sleep 1000"));
    watched = child.pid();
    watcher.add(std::move(child));
  }
  CHECK_FALSE(exists(watched));
}

TEST_CASE("poll gives the same status ever after") {
  ChildProcess child(shell("exit 0"));
  REQUIRE(eventually([&] { return child.poll().has_value(); }));
  CHECK(child.poll()->success());
  child.kill(SIGKILL);
  CHECK(child.poll()->success());
}

TEST_CASE("a child starts with default actions and no blocked signals") {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto pipe_before = std::signal(SIGPIPE, SIG_IGN);
  ChildProcess child(shell("kill -TERM $$; exit 0"));
  ChildProcess piper(shell("kill -PIPE $$; exit 0"));
  std::signal(SIGPIPE, pipe_before);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  REQUIRE(eventually([&] { return child.poll() && piper.poll(); }));
  CHECK(child.poll()->signal == SIGTERM);
  CHECK(piper.poll()->signal == SIGPIPE);
}

TEST_CASE("a program that does not exist is refused by name") {
  CHECK_THROWS_AS(ChildProcess({"/no/such/program"}), RunError);
}

TEST_CASE("exit statuses read well") {
  CHECK(to_string(ExitStatus{3, 0}) == "exit code 3");
  CHECK(to_string(ExitStatus{0, SIGKILL}) == "signal 9 (Killed), possibly out of memory");
}

TEST_CASE("die_with_parent ends the process when its parent is another one already") {
  const pid_t self = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) {
    die_with_parent(self);      // the right one: goes on
    die_with_parent(self + 1);  // leaves with code 1
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 1);
}

TEST_CASE("a child that called die_with_parent is killed when its parent dies") {
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    const pid_t expected = ::getpid();
    if (::fork() == 0) {
      die_with_parent(expected);
      ::close(ends[0]);
      [[maybe_unused]] const ssize_t written = ::write(ends[1], "r", 1);
      ::pause();  // holds the pipe open until it is killed
      ::_exit(0);
    }
    ::pause();
    ::_exit(0);
  }
  ::close(ends[1]);
  char byte = 0;
  REQUIRE(::read(ends[0], &byte, 1) == 1);
  REQUIRE(::kill(parent, SIGKILL) == 0);
  REQUIRE(::waitpid(parent, nullptr, 0) == parent);
  CHECK(::read(ends[0], &byte, 1) == 0);  // end of file: nobody holds the other end
  ::close(ends[0]);
}
