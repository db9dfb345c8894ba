#include "runtime/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>

namespace murm {
namespace {

constexpr mode_t file_mode = 0666;                  // less the umask
constexpr std::size_t write_bytes_max = 1U << 30U;  // one write() takes no 2 GiB

/// Closes on every path out; `close` is for the path where its answer matters.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int close() { return ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

int open_file(const std::filesystem::path& file, int flags) {
  int fd = -1;
  do {
    fd = ::open(file.c_str(), flags | O_CLOEXEC, file_mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

/// 0 or an errno value.
int write_all(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), std::min(bytes.size(), write_bytes_max));
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

/// Asks for the space first: a full disk is met before anything is written. 0 or an errno value.
int reserve(int fd, std::span<const ByteView> parts) {
  std::size_t size = 0;
  for (const ByteView part : parts) size += part.size();
  if (size == 0) return 0;
  const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(size));
  const bool cannot_reserve = error == EOPNOTSUPP || error == EINVAL || error == EINTR;
  return cannot_reserve ? 0 : error;
}

/// A device or pipe has no old content to protect, and must not be replaced by a file.
bool is_special(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return false;
  const bool replaceable = S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
  return !replaceable || file.string().starts_with("/dev/");
}

std::optional<Error> write_special(const std::filesystem::path& file,
                                   std::span<const ByteView> parts) {
  Descriptor target(open_file(file, O_WRONLY));
  if (target.get() < 0) return file_error("open", file, errno);
  for (const ByteView part : parts) {
    if (const int error = write_all(target.get(), part); error != 0) {
      return file_error("write", file, error);
    }
  }
  if (target.close() != 0) return file_error("close", file, errno);
  return std::nullopt;
}

std::optional<Error> fill(const std::filesystem::path& file, std::span<const ByteView> parts,
                          const std::filesystem::path& shown) {
  Descriptor target(open_file(file, O_WRONLY | O_CREAT | O_EXCL));
  if (target.get() < 0) return file_error("create", shown, errno);
  int error = reserve(target.get(), parts);
  for (std::size_t i = 0; i < parts.size() && error == 0; ++i) {
    error = write_all(target.get(), parts[i]);
  }
  // After a failed fsync the kernel may have dropped the pages: the file is given up, never retried.
  if (error == 0 && ::fsync(target.get()) != 0) error = errno;
  if (target.close() != 0 && error == 0) error = errno;
  if (error == 0) return std::nullopt;
  ::unlink(file.c_str());
  return file_error("write", shown, error);
}

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

}  // namespace

std::optional<Error> write_file_atomically(const std::filesystem::path& file,
                                           std::span<const ByteView> parts) {
  static std::atomic<std::uint64_t> count{0};
  if (is_special(file)) return write_special(file, parts);
  std::error_code no_link;
  const auto linked = std::filesystem::is_symlink(file, no_link)
                          ? std::filesystem::weakly_canonical(file, no_link)
                          : file;
  const auto& target = linked.empty() ? file : linked;
  const auto temporary = folder_of(target) /
                         (std::string(temporary_prefix) + std::to_string(::getpid()) + "-" +
                          std::to_string(count++) + "-" + target.filename().string());
  if (auto error = fill(temporary, parts, file)) return error;
  if (::rename(temporary.c_str(), target.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return file_error("replace", file, error);
  }
  return sync_folder(folder_of(target));
}

std::optional<Error> write_file_atomically(const std::filesystem::path& file,
                                           std::string_view text) {
  const ByteView part = std::as_bytes(std::span(text.data(), text.size()));
  return write_file_atomically(file, std::span(&part, 1));
}

std::optional<Error> write_new_file(const std::filesystem::path& file,
                                    std::span<const ByteView> parts) {
  return fill(file, parts, file);
}

std::optional<Error> sync_folder(const std::filesystem::path& folder) {
  Descriptor opened(open_file(folder, O_RDONLY | O_DIRECTORY));
  if (opened.get() < 0) return file_error("open", folder, errno);
  // Some network file systems cannot sync a folder and say EINVAL.
  if (::fsync(opened.get()) != 0 && errno != EINVAL) return file_error("sync", folder, errno);
  return std::nullopt;
}

Error file_error(std::string_view action, const std::filesystem::path& file, int error_number) {
  std::string hint;
  ErrorKind kind = ErrorKind::fatal;
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      kind = ErrorKind::retry_later;
      hint = "the disk or quota is full, free some space";
      break;
    case EFBIG:
      hint = "the limit on the size of a file was met, see ulimit -f";
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      hint = "check the permissions of " + folder_of(file).string();
      break;
    case ENOENT:
    case ENOTDIR:
      hint = "check that the folder " + folder_of(file).string() + " exists";
      break;
    case EISDIR:
      hint = "a folder stands in the place of the file";
      break;
    default:
      hint = "check the disk";
      break;
  }
  return {kind, "[runtime] cannot " + std::string(action) + " " + file.string() + ": " +
                    std::generic_category().message(error_number) + ". HINT: " + hint + "."};
}

}  // namespace murm
