#include "runtime/process_info.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <fstream>

#include "algorithms/vocabulary.hpp"

namespace murm {

std::uint64_t process_id() { return static_cast<std::uint64_t>(::getpid()); }

std::string proc_value(const char* file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (!line.starts_with(key) || colon == std::string::npos) continue;
    const std::size_t value = line.find_first_not_of(" \t", colon + 1);
    return value == std::string::npos ? "" : line.substr(value);
  }
  return {};
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "unknown";
  return name.data();
}

std::uint64_t peak_rss_bytes() {
  // VmHWM first: ru_maxrss survives exec, so a child would report the size of its launcher.
  const std::string peak = proc_value("/proc/self/status", "VmHWM");  // "61234 kB"
  if (!peak.empty()) return std::strtoull(peak.c_str(), nullptr, 10) * 1024;
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::string own_executable() {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0 || static_cast<std::size_t>(length) == path.size()) {
    throw RunError(
        "[runtime] /proc/self/exe cannot be read; it names the program to start. HINT: mount "
        "/proc.");
  }
  return {path.data(), static_cast<std::size_t>(length)};
}

}  // namespace murm
