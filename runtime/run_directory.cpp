#include "runtime/run_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "algorithms/vocabulary.hpp"
#include "runtime/atomic_file.hpp"

namespace murm {
namespace {

constexpr int folders_beside_max = 1000;
constexpr const char* marker_name = ".murmuration";
constexpr std::string_view marker_text =
    "murmuration.run/1\nThis folder belongs to murm: a new run may replace its files.\n";

[[noreturn]] void refuse(const std::filesystem::path& folder, const std::string& why) {
  throw InputError("the output folder " + folder.string() + " " + why);
}

void prepare(const std::filesystem::path& folder) {
  std::error_code error;
  const auto status = std::filesystem::status(folder, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_directory(status)) {
    refuse(folder, "is a file. HINT: choose another one with --out.");
  }
  error.clear();
  std::filesystem::create_directories(folder, error);
  if (error)
    refuse(folder,
           "cannot be created: " + error.message() + ". HINT: choose another one with --out.");
  if (RunDirectory::is_run(folder)) return;
  const bool empty = std::filesystem::is_empty(folder, error);
  if (error)
    refuse(folder, "cannot be read: " + error.message() + ". HINT: check its permissions.");
  if (!empty) {
    refuse(folder,
           "is not empty and not from an earlier run. "
           "HINT: choose another one with --out; nothing in it was touched.");
  }
}

/// -1: in use by another run.
int lock(const std::filesystem::path& folder) {
  const int marker = ::open((folder / marker_name).c_str(),
                            O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (marker < 0) {
    refuse(folder, "cannot be written to: " + std::generic_category().message(errno) +
                       ". HINT: check its permissions.");
  }
  // A file system without locks answers with another error: then we go without.
  if (::flock(marker, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(marker);
    return -1;
  }
  return marker;
}

}  // namespace

RunDirectory RunDirectory::create(const std::filesystem::path& folder, bool resume) {
  auto run = create_unless_in_use(folder, resume);
  if (!run) refuse(folder, "is in use by another run. HINT: choose another one with --out.");
  return std::move(*run);
}

RunDirectory RunDirectory::create_beside(const std::filesystem::path& folder) {
  for (int number = 1; number < folders_beside_max; ++number) {
    auto candidate = folder;
    if (number > 1) candidate += "-" + std::to_string(number);
    if (auto run = create_unless_in_use(candidate, false)) return std::move(*run);
  }
  refuse(folder, "and those beside it are in use. HINT: choose another one with --out.");
}

std::optional<RunDirectory> RunDirectory::create_unless_in_use(const std::filesystem::path& folder,
                                                               bool resume) {
  prepare(folder);
  const int marker = lock(folder);
  if (marker < 0) return std::nullopt;
  RunDirectory run(folder, marker);
  const ssize_t written = ::pwrite(run.marker_, marker_text.data(), marker_text.size(), 0);
  if (written != static_cast<ssize_t>(marker_text.size())) {
    refuse(folder, "cannot be written to: " + std::generic_category().message(errno) +
                       ". HINT: check the disk.");
  }
  std::error_code error;
  const auto remove = [&](const std::filesystem::path& path) {
    if (!error) std::filesystem::remove_all(path, error);
  };
  remove(run.job());
  remove(run.report());
  remove(run.metrics());
  remove(run.endpoint());
  remove(run.plot());
  remove(run.parameters());
  remove(run.alphabet());
  remove(run.scenario());
  remove(run.page());
  remove(run.traces());
  remove(run.replay());
  if (!resume) remove(run.checkpoints());
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    // Left behind by a killed run.
    if (entry->path().filename().string().starts_with(temporary_prefix)) remove(entry->path());
  }
  if (error) {
    refuse(folder, "has files of an earlier run that cannot be removed: " + error.message() +
                       ". HINT: check its permissions.");
  }
  return run;
}

bool RunDirectory::is_run(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::is_regular_file(folder / marker_name, error);
}

bool RunDirectory::is_in_use(const std::filesystem::path& folder) {
  const int marker = ::open((folder / marker_name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (marker < 0) return false;
  const bool locked = ::flock(marker, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(marker);
  return locked;
}

RunDirectory::RunDirectory(RunDirectory&& other) noexcept
    : folder_(std::move(other.folder_)), marker_(std::exchange(other.marker_, -1)) {}

RunDirectory::~RunDirectory() {
  if (marker_ >= 0) ::close(marker_);
}

}  // namespace murm
