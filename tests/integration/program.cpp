#include "tests/integration/program.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>

#include "tests/unit/runtime/temporary_folder.hpp"

namespace murm::test {
namespace {

constexpr Duration look_again = 4ms;

struct ProcessStat {
  char state = 'X';
  pid_t parent = 0;
};

/// The name in /proc/PID/stat stands in brackets and may hold anything, also brackets.
std::optional<ProcessStat> stat_of(pid_t pid) {
  const std::string text = content_of("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t end = text.rfind(") ");
  if (end == std::string::npos) return std::nullopt;
  return ProcessStat{text.at(end + 2), static_cast<pid_t>(std::stol(text.substr(end + 4)))};
}

[[noreturn]] void become(std::vector<char*> argv, const char* folder, const char* out,
                         const char* err) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const bool ready = ::chdir(folder) == 0 &&
                     ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO) >= 0 &&
                     ::dup2(::open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO) >= 0 &&
                     ::dup2(::open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO) >= 0;
  if (ready) ::execv(argv[0], argv.data());
  ::_exit(127);
}

}  // namespace

bool eventually(const std::function<bool()>& holds, Duration deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(look_again);
  }
  return true;
}

bool is_running(pid_t pid) {
  const auto stat = stat_of(pid);
  return stat && stat->state != 'Z' && stat->state != 'X';
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto candidate = static_cast<pid_t>(std::stol(name));
    const auto stat = stat_of(candidate);
    if (stat && stat->parent == pid) children.push_back(candidate);
  }
  return children;
}

Program::Program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                 const std::filesystem::path& folder) {
  static std::atomic<int> count{0};
  const std::string number = std::to_string(++count);
  const auto logs = std::filesystem::path(folder.string() + ".logs");  // beside it: no foreign file
  std::filesystem::create_directories(logs);
  out_ = logs / (number + ".out");
  err_ = logs / (number + ".err");
  std::vector<std::string> words{program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int handshake[2];  // closed by a successful exec
  if (::pipe2(handshake, O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
  pid_ = ::fork();
  if (pid_ == 0) become(argv, folder.c_str(), out_.c_str(), err_.c_str());
  ::close(handshake[1]);
  char ignored = 0;
  while (pid_ > 0 && ::read(handshake[0], &ignored, 1) < 0 && errno == EINTR) {
  }
  ::close(handshake[0]);
  if (pid_ < 0) throw std::runtime_error("fork failed");
}

Program::~Program() {
  if (pid_ < 0 || code_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Program::Program(Program&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      code_(other.code_),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)) {}

void Program::signal(int number) const {
  if (!code_) ::kill(pid_, number);
}

int Program::wait(Duration deadline) {
  eventually(
      [&] {
        int status = 0;
        if (!code_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
          code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        }
        return code_.has_value();
      },
      deadline);
  return code_.value_or(still_running);
}

std::string Program::output() const { return content_of(out_); }
std::string Program::errors() const { return content_of(err_); }

}  // namespace murm::test
