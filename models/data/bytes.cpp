#include "models/data/bytes.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "algorithms/vocabulary.hpp"

namespace murm {
namespace {

constexpr const char* path_hint = "check data.path";

class Descriptor {
 public:
  // A pipe without a writer would be waited for.
  explicit Descriptor(const char* path)
      : number(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  const int number;
};

class MappedFile {
 public:
  MappedFile(int descriptor, std::size_t size)
      : size_(size), start_(::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0)) {}
  ~MappedFile() {
    if (is_mapped()) ::munmap(start_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  bool is_mapped() const { return start_ != MAP_FAILED; }
  std::span<const std::uint8_t> view() const {
    return {static_cast<const std::uint8_t*>(start_), size_};
  }

 private:
  std::size_t size_;
  void* start_;
};

std::string reason() { return std::generic_category().message(errno); }

std::string in_gibibytes(std::uint64_t bytes) { return std::to_string(bytes >> 30U) + " GiB"; }

}  // namespace

void refuse_file(const std::filesystem::path& path, const std::string& found,
                 const std::string& hint) {
  throw InputError("[models] " + path.string() + ": " + found + ". HINT: " + hint + ".");
}

Bytes bytes_of(std::vector<std::uint8_t> values) {
  const auto kept = std::make_shared<const std::vector<std::uint8_t>>(std::move(values));
  return {kept, *kept};
}

Bytes map_file(const std::filesystem::path& path, const FileWords& words) {
  const std::string expected = ", expected " + words.what;
  const Descriptor file(path.c_str());
  if (file.number < 0) {
    if (errno == ENOENT) refuse_file(path, "no such file" + expected, words.missing_hint);
    refuse_file(path, "cannot be opened" + expected + " (" + reason() + ")",
                "check its permissions");
  }
  struct stat status {};
  const bool known = ::fstat(file.number, &status) == 0;
  if (!known || !S_ISREG(status.st_mode)) {
    refuse_file(path, "is no regular file" + expected, path_hint);
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size == 0) refuse_file(path, "is empty" + expected, path_hint);
  if (size > words.bytes_max) {
    refuse_file(path,
                "is larger than " + in_gibibytes(words.bytes_max) + expected + " of at most that",
                "cut it");
  }
  const auto mapped = std::make_shared<const MappedFile>(file.number, size);
  if (!mapped->is_mapped()) {
    refuse_file(path, "cannot be mapped" + expected + " (" + reason() + ")",
                "is it on a file system that allows it?");
  }
  return {mapped, mapped->view()};
}

}  // namespace murm
